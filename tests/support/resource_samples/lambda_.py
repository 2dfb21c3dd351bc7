"""Samples of Lambda's resource types."""

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
    "AWS::Lambda::Permission": Sample(
        properties={
            "FunctionName": {"Ref": "Function"},
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": "arn:aws:events:us-east-1:000000000000:rule/one",
        },
        needs=_FUNCTION,
    ),
}
