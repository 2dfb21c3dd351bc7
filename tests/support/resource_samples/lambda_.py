"""Samples of Lambda's resource types; layers, whose content must be in S3, are in tests/api/lambda_."""

from typing import Any

from tests.support.resource_samples import Sample

_CODE = "def handler(event, context):\n    return event\n"
_ROLE: tuple[str, dict[str, Any]] = (
    "AWS::IAM::Role",
    {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
)
_PLAIN = {
    "Runtime": "python3.12",
    "Handler": "index.handler",
    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    "Code": {"ZipFile": _CODE},
}
_READER = (_ROLE[0], {**_ROLE[1], "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]})
_FUNCTION: dict[str, tuple[str, dict[str, Any]]] = {"Role": _ROLE, "Function": ("AWS::Lambda::Function", _PLAIN)}

SAMPLES: dict[str, Sample] = {
    "AWS::Lambda::Function": Sample(
        properties={**_PLAIN, "Timeout": 5, "Tags": [{"Key": "team", "Value": "a"}]},
        updates={
            "Timeout": 9,
            "MemorySize": 256,
            "Description": "what it does",
            "Environment": {"Variables": {"STAGE": "beta"}},
            "Code": {"ZipFile": _CODE + "# changed\n"},
            "Handler": "index.other",
            "Runtime": "python3.13",
            "Tags": [{"Key": "team", "Value": "b"}],
            "ReservedConcurrentExecutions": 5,
            "EphemeralStorage": {"Size": 1024},
            "TracingConfig": {"Mode": "Active"},
            "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "WARN"},
            "RecursiveLoop": "Allow",
            "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
        },
        needs={"Role": _ROLE},
    ),
    "AWS::Lambda::Version": Sample(
        properties={"FunctionName": {"Ref": "Function"}, "Description": "one"},
        needs=_FUNCTION,
    ),
    "AWS::Lambda::Alias": Sample(
        properties={
            "FunctionName": {"Ref": "Function"},
            "FunctionVersion": {"Fn::GetAtt": ["First", "Version"]},
            "Name": "live",
        },
        updates={
            "Description": "what is live",
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2},
        },
        needs={**_FUNCTION, "First": ("AWS::Lambda::Version", {"FunctionName": {"Ref": "Function"}})},
    ),
    "AWS::Lambda::Permission": Sample(
        properties={
            "FunctionName": {"Ref": "Function"},
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": "arn:aws:events:us-east-1:000000000000:rule/one",
        },
        needs=_FUNCTION,
    ),
    "AWS::Lambda::EventInvokeConfig": Sample(
        properties={"FunctionName": {"Ref": "Function"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
        updates={
            "MaximumRetryAttempts": 0,
            "MaximumEventAgeInSeconds": 120,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Queue", "Arn"]}}},
        },
        needs={**_FUNCTION, "Queue": ("AWS::SQS::Queue", {})},
    ),
    "AWS::Lambda::EventSourceMapping": Sample(
        properties={
            "FunctionName": {"Ref": "Function"},
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "Enabled": False,
        },
        updates={
            "BatchSize": 5,
            "MaximumBatchingWindowInSeconds": 2,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]},
            "ScalingConfig": {"MaximumConcurrency": 3},
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        needs={"Role": _READER, "Function": ("AWS::Lambda::Function", _PLAIN), "Queue": ("AWS::SQS::Queue", {})},
    ),
    "AWS::Lambda::Url": Sample(
        properties={"TargetFunctionArn": {"Fn::GetAtt": ["Function", "Arn"]}, "AuthType": "NONE"},
        updates={"AuthType": "AWS_IAM", "Cors": {"AllowOrigins": ["*"]}, "InvokeMode": "RESPONSE_STREAM"},
        needs=_FUNCTION,
    ),
}
