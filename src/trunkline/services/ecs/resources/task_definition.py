"""AWS::ECS::TaskDefinition. Ref gives its ARN with the revision; every change but that of tags makes another one."""

from typing import Any, ClassVar

from trunkline.aws.casing import to_properties, to_request
from trunkline.aws.handlers import covers, own_tags, pairs
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ecs.resources.cluster import tagged

_GONE = ("ClientException", "InvalidParameterException")
_NAMES = {
    "efsVolumeConfiguration": "EFSVolumeConfiguration",
    "fileSystemId": "FilesystemId",
    "iam": "IAM",
    "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
}
_PROPERTIES = [
    "ContainerDefinitions",
    "Cpu",
    "EnableFaultInjection",
    "EphemeralStorage",
    "ExecutionRoleArn",
    "Family",
    "IpcMode",
    "Memory",
    "NetworkMode",
    "PidMode",
    "PlacementConstraints",
    "ProxyConfiguration",
    "RequiresCompatibilities",
    "RuntimePlatform",
    "TaskRoleArn",
    "Volumes",
]


class TaskDefinitionType(ResourceType):
    """A revision of a task definition."""

    name: ClassVar[str] = "AWS::ECS::TaskDefinition"
    honoured: ClassVar[frozenset[str]] = frozenset({*_PROPERTIES, "Tags"})
    recorded: ClassVar[frozenset[str]] = frozenset({"InferenceAccelerators"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        request = _request(on, wanted)
        if on.resumed:
            before = await self._made_before(on, request)
            if before is not None:
                return before
        tags = pairs(on.tags(wanted.get("Tags")), "key", "value")
        answer = await on.call("ecs", "RegisterTaskDefinition", **request, tags=tags)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    async def _made_before(self, on: Provision, request: Doc) -> str | None:
        """The newest revision of the family, if it says the same: what an earlier run of this attempt registered."""
        found = await on.call("ecs", "ListTaskDefinitions", familyPrefix=request["family"], sort="DESC", maxResults=1)
        for arn in found["taskDefinitionArns"]:
            newest = await on.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
            if covers(newest["taskDefinition"], request):
                return str(arn)
        return None

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("ecs", "DescribeTaskDefinition", *_GONE, taskDefinition=physical_id, include=["TAGS"])
        if answer is None or answer["taskDefinition"]["status"] != "ACTIVE":
            return None
        found = answer["taskDefinition"]
        shown: Doc = to_properties("ecs", "TaskDefinition", found, _NAMES)
        properties = {name: shown[name] for name in (*_PROPERTIES, "TaskDefinitionArn") if name in shown}
        return {**properties, "Tags": own_tags(answer.get("tags"))}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await tagged(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await self.read(on, physical_id) is not None:
            await on.look("ecs", "DeregisterTaskDefinition", *_GONE, taskDefinition=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        arns: list[Any] = await on.pages("ecs", "ListTaskDefinitions", "taskDefinitionArns", status="ACTIVE")
        return arns


def _request(on: Provision, wanted: Doc) -> Doc:
    given = {name: value for name, value in wanted.items() if name in _PROPERTIES}
    given.setdefault("Family", on.name(255).replace("-", ""))
    given.setdefault("ContainerDefinitions", [])
    return to_request("ecs", "RegisterTaskDefinition", given)
