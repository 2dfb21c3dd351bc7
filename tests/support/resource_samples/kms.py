"""Samples of KMS's types."""

from tests.support.resource_samples import Sample


def _policy(sid: str) -> dict:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


SAMPLES = {
    "AWS::KMS::Key": Sample(
        {
            "Description": "a sample",
            "KeyPolicy": _policy("first"),
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "EnableKeyRotation": False,
            "Enabled": True,
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "Description": "another",
            "KeyPolicy": _policy("second"),
            "EnableKeyRotation": True,
            "RotationPeriodInDays": 180,
            "Enabled": False,
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::KMS::Key (in several regions)": Sample({"MultiRegion": True, "Description": "a"}, {"Description": "b"}),
    "AWS::KMS::Alias": Sample(
        {"AliasName": "alias/sample", "TargetKeyId": {"Ref": "Key"}},
        {"TargetKeyId": {"Ref": "Other"}},
        {"Key": ("AWS::KMS::Key", {}), "Other": ("AWS::KMS::Key", {})},
    ),
}
