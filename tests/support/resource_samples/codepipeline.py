"""Samples of CodePipeline's resource types."""

from typing import Any

from tests.support.resource_samples import Sample
from tests.support.resource_samples.codebuild import role


def _type(category: str, provider: str) -> dict[str, str]:
    return {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}


def _stages(note: str) -> list[dict[str, Any]]:
    source = {
        "Name": "Source",
        "ActionTypeId": _type("Source", "CodeCommit"),
        "Configuration": {"RepositoryName": "nowhere", "BranchName": "main", "PollForSourceChanges": "false"},
        "OutputArtifacts": [{"Name": "Source"}],
        "RunOrder": 1,
    }
    approval = {
        "Name": "Ask",
        "ActionTypeId": _type("Approval", "Manual"),
        "Configuration": {"CustomData": note},
        "RunOrder": 1,
    }
    return [{"Name": "Source", "Actions": [source]}, {"Name": "Release", "Actions": [approval]}]


def _store(bucket: str) -> dict[str, Any]:
    return {"Type": "S3", "Location": {"Ref": bucket}}


SAMPLES: dict[str, Sample] = {
    "AWS::CodePipeline::Pipeline": Sample(
        {
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "ArtifactStore": _store("Bucket"),
            "PipelineType": "V2",
            "ExecutionMode": "QUEUED",
            "Variables": [{"Name": "stage", "DefaultValue": "test"}],
            "Stages": _stages("one"),
            "DisableInboundStageTransitions": [{"StageName": "Release", "Reason": "not yet"}],
            "RestartExecutionOnUpdate": False,
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "RoleArn": {"Fn::GetAtt": ["Other", "Arn"]},
            "ArtifactStore": _store("OtherBucket"),
            "ExecutionMode": "SUPERSEDED",
            "Variables": [{"Name": "stage", "DefaultValue": "production"}],
            "Stages": _stages("two"),
            "DisableInboundStageTransitions": [],
            "RestartExecutionOnUpdate": True,
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {
            "Role": role("codepipeline.amazonaws.com"),
            "Other": role("codepipeline.amazonaws.com"),
            "Bucket": ("AWS::S3::Bucket", {}),
            "OtherBucket": ("AWS::S3::Bucket", {}),
        },
    ),
}
