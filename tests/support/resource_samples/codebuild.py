"""Samples of CodeBuild's resource types."""

from tests.support.resource_samples import Sample


def role(service: str) -> tuple[str, dict]:
    """A role that a service may assume, and that may do everything."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return "AWS::IAM::Role", {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
    }


def _spec(command: str) -> str:
    return f'{{"version": "0.2", "phases": {{"build": {{"commands": ["{command}"]}}}}}}'


SAMPLES: dict[str, Sample] = {
    "AWS::CodeBuild::Project": Sample(
        {
            "Description": "Builds",
            "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
            "Source": {"Type": "NO_SOURCE", "BuildSpec": _spec("true")},
            "Artifacts": {"Type": "NO_ARTIFACTS"},
            "Environment": {
                "Type": "LINUX_CONTAINER",
                "Image": "aws/codebuild/standard:7.0",
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "ImagePullCredentialsType": "CODEBUILD",
                "PrivilegedMode": False,
                "EnvironmentVariables": [{"Name": "STAGE", "Type": "PLAINTEXT", "Value": "test"}],
            },
            "Cache": {"Type": "NO_CACHE"},
            "EncryptionKey": "alias/aws/s3",
            "TimeoutInMinutes": 20,
            "QueuedTimeoutInMinutes": 30,
            "ConcurrentBuildLimit": 2,
            "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "builds"}},
            "BadgeEnabled": True,
            "Triggers": {"Webhook": False},
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "Description": "Builds more",
            "Source": {"Type": "NO_SOURCE", "BuildSpec": _spec("date")},
            "Artifacts": {"Type": "S3", "Location": {"Ref": "Bucket"}, "Name": "out", "Packaging": "ZIP"},
            "Environment": {
                "Type": "LINUX_CONTAINER",
                "Image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
                "ComputeType": "BUILD_GENERAL1_MEDIUM",
                "PrivilegedMode": True,
            },
            "Cache": {"Type": "LOCAL", "Modes": ["LOCAL_DOCKER_LAYER_CACHE"]},
            "ServiceRole": {"Fn::GetAtt": ["Other", "Arn"]},
            "TimeoutInMinutes": 25,
            "QueuedTimeoutInMinutes": 35,
            "ConcurrentBuildLimit": 3,
            "LogsConfig": {"CloudWatchLogs": {"Status": "DISABLED"}},
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {
            "Role": role("codebuild.amazonaws.com"),
            "Other": role("codebuild.amazonaws.com"),
            "Bucket": ("AWS::S3::Bucket", {}),
        },
    ),
    "AWS::CodeBuild::ReportGroup": Sample(
        {
            "Type": "TEST",
            "ExportConfig": {"ExportConfigType": "NO_EXPORT"},
            "DeleteReports": False,
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {"DeleteReports": True, "Tags": [{"Key": "team", "Value": "platform"}]},
    ),
    "AWS::CodeBuild::SourceCredential": Sample(
        {"ServerType": "GITHUB", "AuthType": "PERSONAL_ACCESS_TOKEN", "Token": "sampled"},
        {"Token": "another"},
    ),
}
