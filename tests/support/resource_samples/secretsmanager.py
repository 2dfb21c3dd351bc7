"""Samples of Secrets Manager's types."""

from tests.support.resource_samples import Sample, callable_by

_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        }
    ],
}

SAMPLES = {
    "AWS::SecretsManager::Secret": Sample(
        {
            "Name": "samples/secret",
            "Description": "a sample",
            "KmsKeyId": {"Ref": "Key"},
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {"Description": "another", "KmsKeyId": {"Ref": "Other"}, "Tags": [{"Key": "team", "Value": "platform"}]},
        {"Key": ("AWS::KMS::Key", {}), "Other": ("AWS::KMS::Key", {})},
    ),
    "AWS::SecretsManager::ResourcePolicy": Sample(
        {"SecretId": {"Ref": "Secret"}, "ResourcePolicy": _POLICY},
        {"ResourcePolicy": {**_POLICY, "Statement": [{**_POLICY["Statement"][0], "Sid": "Changed"}]}},
        {"Secret": ("AWS::SecretsManager::Secret", {"SecretString": "x"})},
    ),
    "AWS::SecretsManager::RotationSchedule": Sample(
        {
            "SecretId": {"Ref": "Secret"},
            "RotationLambdaARN": {"Fn::GetAtt": ["One", "Arn"]},
            "RotationRules": {"AutomaticallyAfterDays": 30},
            "RotateImmediatelyOnUpdate": False,
        },
        {
            "RotationLambdaARN": {"Fn::GetAtt": ["Two", "Arn"]},
            "RotationRules": {"ScheduleExpression": "rate(10 days)", "Duration": "2h"},
        },
        {
            "Secret": ("AWS::SecretsManager::Secret", {"SecretString": "x"}),
            **callable_by("secretsmanager", "One", "Two"),
        },
    ),
}
