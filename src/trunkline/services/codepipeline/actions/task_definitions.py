"""Registering a task definition once, however often the step that does it is tried."""

from trunkline.aws.errors import AwsError
from trunkline.services.codepipeline.action import Action, ActionFailed
from trunkline.services.codepipeline.model import Doc

_TAG = "codepipeline:action-execution-id"
_ANSWER_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
    "registeredBy", "deregisteredAt",
)  # fmt: skip


async def register(action: Action, definition: Doc) -> str:
    """Register `definition` (as a file or an answer of DescribeTaskDefinition has it); the new revision's ARN."""
    wanted = {key: value for key, value in definition.items() if key not in _ANSWER_ONLY and value is not None}
    family = wanted.get("family")
    if not family:
        raise ActionFailed("InvalidArtifact", "The task definition names no family.")
    try:
        newest = await action.look("ecs", "DescribeTaskDefinition", {"taskDefinition": family, "include": ["TAGS"]})
        if {"key": _TAG, "value": action.id} in newest.get("tags", []):
            return str(newest["taskDefinition"]["taskDefinitionArn"])
    except AwsError as error:
        if error.code not in ("ClientException", "InvalidParameterException"):
            raise
    tags = wanted.pop("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise ActionFailed("InvalidArtifact", "The tags of the task definition are not a list of keys and values.")
    tags = [*(tag for tag in tags if tag.get("key") != _TAG), {"key": _TAG, "value": action.id}]
    answer = await action.call("ecs", "RegisterTaskDefinition", {**wanted, "tags": tags})
    return str(answer["taskDefinition"]["taskDefinitionArn"])
