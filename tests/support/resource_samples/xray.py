"""Samples of X-Ray's types."""

import json

from tests.support.resource_samples import Sample

_RULE = {
    "RuleName": "sample-rule",
    "ResourceARN": "*",
    "Priority": 10,
    "FixedRate": 0.1,
    "ReservoirSize": 1,
    "ServiceName": "web",
    "ServiceType": "*",
    "Host": "*",
    "HTTPMethod": "GET",
    "URLPath": "/api/*",
    "Version": 1,
}


def _policy(action: str, service: str = "sns.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


SAMPLES = {
    "AWS::XRay::Group": Sample(
        {
            "GroupName": "sample-group",
            "FilterExpression": "responsetime > 5",
            "InsightsConfiguration": {"InsightsEnabled": True, "NotificationsEnabled": True},
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "FilterExpression": "fault = true",
            "InsightsConfiguration": {"InsightsEnabled": True, "NotificationsEnabled": False},
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::XRay::SamplingRule": Sample(
        {"SamplingRule": _RULE, "Tags": [{"Key": "team", "Value": "delivery"}]},
        {
            "SamplingRule": {**_RULE, "Priority": 20, "FixedRate": 0.2, "Attributes": {"tier": "gold"}},
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::XRay::ResourcePolicy": Sample(
        {"PolicyName": "sample-policy", "PolicyDocument": _policy("xray:PutTraceSegments")},
        {"PolicyDocument": _policy("xray:GetSamplingRules"), "BypassPolicyLockoutCheck": True},
    ),
    "AWS::XRay::TransactionSearchConfig": Sample(
        {"IndexingPercentage": 50.0},
        {"IndexingPercentage": 5.0},
        needs={
            "Access": (
                "AWS::Logs::ResourcePolicy",
                {
                    "PolicyName": "sample-spans",
                    "PolicyDocument": _policy("logs:PutLogEvents", service="xray.amazonaws.com"),
                },
            )
        },
    ),
}
