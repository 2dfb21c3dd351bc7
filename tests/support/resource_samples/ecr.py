"""Samples of ECR's resource types."""

import json

from tests.support.resource_samples import Sample


def _lifecycle(days: int) -> dict:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    rule = {"rulePriority": 1, "description": "old", "selection": selection, "action": {"type": "expire"}}
    return {"LifecyclePolicyText": json.dumps({"rules": [rule]})}


def _policy(service: str) -> dict:
    statement = {
        "Sid": "Pull",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


SAMPLES: dict[str, Sample] = {
    "AWS::ECR::Repository": Sample(
        {
            "ImageTagMutability": "IMMUTABLE",
            "ImageScanningConfiguration": {"ScanOnPush": True},
            "EncryptionConfiguration": {"EncryptionType": "KMS"},
            "LifecyclePolicy": _lifecycle(365),
            "RepositoryPolicyText": _policy("lambda.amazonaws.com"),
            "EmptyOnDelete": True,
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "ImageTagMutability": "MUTABLE",
            "ImageScanningConfiguration": {"ScanOnPush": False},
            "LifecyclePolicy": _lifecycle(30),
            "RepositoryPolicyText": _policy("codebuild.amazonaws.com"),
            "EmptyOnDelete": False,
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
}
