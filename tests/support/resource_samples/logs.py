"""Samples of CloudWatch Logs' types."""

import json

from tests.support.resource_samples import Sample, callable_by


def _policy(sid: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":[{"Sid":"' + sid + '","Effect":"Allow",'
        '"Principal":{"Service":"events.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}'
    )


def _protection(identifier: str) -> dict:
    named = [f"arn:aws:dataprotection::aws:data-identifier/{identifier}"]
    return {
        "Name": "samples",
        "Version": "2021-06-01",
        "Statement": [
            {"Sid": "audit", "DataIdentifier": named, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"Sid": "mask", "DataIdentifier": named, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }


def _metric(name: str) -> list[dict]:
    return [{"MetricName": name, "MetricNamespace": "Samples", "MetricValue": "1", "DefaultValue": 0, "Unit": "Count"}]


_GROUP = {"Group": ("AWS::Logs::LogGroup", {})}

_STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/sample"

SAMPLES = {
    "AWS::Logs::AccountPolicy": Sample(
        {
            "PolicyName": "samples",
            "PolicyType": "TRANSFORMER_POLICY",
            "PolicyDocument": '[{"parseJSON": {}}]',
            "Scope": "ALL",
            "SelectionCriteria": 'LogGroupNamePrefix = "/samples"',
        },
        {
            "PolicyDocument": '[{"parseKeyValue": {}}]',
            "SelectionCriteria": 'LogGroupNamePrefix = "/others"',
        },
    ),
    "AWS::Logs::Transformer": Sample(
        {"LogGroupIdentifier": {"Ref": "Group"}, "TransformerConfig": [{"ParseJSON": {}}]},
        {
            "TransformerConfig": [
                {"ParseKeyValue": {"FieldDelimiter": ";"}},
                {"AddKeys": {"Entries": [{"Key": "a", "Value": "b"}]}},
            ]
        },
        _GROUP,
    ),
    "AWS::Logs::Destination": Sample(
        {
            "DestinationName": "sample",
            "TargetArn": f"{_STREAM}-one",
            "RoleArn": "arn:aws:iam::000000000000:role/one",
            "DestinationPolicy": _policy("first"),
        },
        {
            "TargetArn": f"{_STREAM}-two",
            "RoleArn": "arn:aws:iam::000000000000:role/two",
            "DestinationPolicy": _policy("second"),
        },
    ),
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
            "DataProtectionPolicy": _protection("EmailAddress"),
            "FieldIndexPolicies": [{"Fields": ["requestId"]}],
            "ResourcePolicyDocument": json.loads(_policy("first")),
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
        {
            "FilterPattern": "WARN",
            "MetricTransformations": _metric("Warnings"),
            "ApplyOnTransformedLogs": True,
            "EmitSystemFieldDimensions": ["@aws.account"],
        },
        _GROUP,
    ),
    "AWS::Logs::SubscriptionFilter": Sample(
        {
            "LogGroupName": {"Ref": "Group"},
            "FilterName": "sample",
            "FilterPattern": "ERROR",
            "DestinationArn": {"Fn::GetAtt": ["One", "Arn"]},
        },
        {
            "FilterPattern": "WARN",
            "DestinationArn": {"Fn::GetAtt": ["Two", "Arn"]},
            "Distribution": "Random",
            "ApplyOnTransformedLogs": True,
        },
        {**_GROUP, **callable_by("logs", "One", "Two")},
    ),
    "AWS::Logs::ResourcePolicy": Sample(
        {"PolicyName": "sample", "PolicyDocument": _policy("first")}, {"PolicyDocument": _policy("second")}
    ),
    "AWS::Logs::QueryDefinition": Sample(
        {"Name": "samples/query", "QueryString": "fields @message", "LogGroupNames": [{"Ref": "Group"}]},
        {
            "Name": "samples/renamed",
            "QueryString": "filter level = '{{level}}'",
            "LogGroupNames": [],
            "Parameters": [{"Name": "level", "DefaultValue": "ERROR", "Description": "how bad"}],
        },
        _GROUP,
    ),
    "AWS::Logs::ScheduledQuery": Sample(
        {
            "Name": "sample",
            "QueryLanguage": "CWLI",
            "QueryString": "stats count(*)",
            "LogGroupIdentifiers": [{"Ref": "Group"}],
            "ScheduleExpression": "cron(0 6 * * ? *)",
            "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
        {
            "Description": "every morning",
            "QueryString": "stats count(*) by bin(1h)",
            "ScheduleExpression": "cron(0 7 * * ? *)",
            "StartTimeOffset": 86400,
            "ScheduleStartTime": 1795392000,
            "ScheduleEndTime": 4102444800,
            "State": "DISABLED",
            "Timezone": "Europe/Berlin",
            "DestinationConfiguration": {
                "S3Configuration": {
                    "DestinationIdentifier": "s3://samples/logs",
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                }
            },
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {**_GROUP, **callable_by("logs")},
    ),
}
