"""Samples of X-Ray's types."""

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
}
