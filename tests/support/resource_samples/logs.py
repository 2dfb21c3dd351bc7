"""Samples of CloudWatch Logs' types."""

from tests.support.resource_samples import Sample


def _policy(sid: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":[{"Sid":"' + sid + '","Effect":"Allow",'
        '"Principal":{"Service":"events.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}'
    )


def _metric(name: str) -> list[dict]:
    return [{"MetricName": name, "MetricNamespace": "Samples", "MetricValue": "1", "DefaultValue": 0, "Unit": "Count"}]


_GROUP = {"Group": ("AWS::Logs::LogGroup", {})}

SAMPLES = {
    "AWS::Logs::LogGroup": Sample(
        {
            "LogGroupName": "/samples/group",
            "RetentionInDays": 7,
            "LogGroupClass": "STANDARD",
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "RetentionInDays": 14,
            "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"Key": ("AWS::KMS::Key", {})},
    ),
    "AWS::Logs::LogStream": Sample({"LogGroupName": {"Ref": "Group"}, "LogStreamName": "sample"}, {}, _GROUP),
    "AWS::Logs::MetricFilter": Sample(
        {
            "LogGroupName": {"Ref": "Group"},
            "FilterName": "sample",
            "FilterPattern": "ERROR",
            "MetricTransformations": _metric("Errors"),
        },
        {"FilterPattern": "WARN", "MetricTransformations": _metric("Warnings")},
        _GROUP,
    ),
    "AWS::Logs::SubscriptionFilter": Sample(
        {
            "LogGroupName": {"Ref": "Group"},
            "FilterName": "sample",
            "FilterPattern": "ERROR",
            "DestinationArn": "arn:aws:lambda:us-east-1:000000000000:function:one",
        },
        {
            "FilterPattern": "WARN",
            "DestinationArn": "arn:aws:lambda:us-east-1:000000000000:function:two",
            "Distribution": "Random",
        },
        _GROUP,
    ),
    "AWS::Logs::ResourcePolicy": Sample(
        {"PolicyName": "sample", "PolicyDocument": _policy("first")}, {"PolicyDocument": _policy("second")}
    ),
    "AWS::Logs::QueryDefinition": Sample(
        {"Name": "samples/query", "QueryString": "fields @message", "LogGroupNames": [{"Ref": "Group"}]},
        {"Name": "samples/renamed", "QueryString": "fields @timestamp", "LogGroupNames": []},
        _GROUP,
    ),
}
