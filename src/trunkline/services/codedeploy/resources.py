"""AWS::CodeDeploy::Application, DeploymentGroup and DeploymentConfig. Ref gives their names."""

from typing import Any, ClassVar

from trunkline.aws.casing import to_properties, to_request
from trunkline.aws.handlers import dropped_tags, given, is_mine, own_tags, pairs
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_NO_APPLICATION = "ApplicationDoesNotExistException"
_NO_GROUP = (_NO_APPLICATION, "DeploymentGroupDoesNotExistException")
_NO_CONFIG = "DeploymentConfigDoesNotExistException"
_SETTINGS = (
    "AlarmConfiguration",
    "AutoRollbackConfiguration",
    "AutoScalingGroups",
    "BlueGreenDeploymentConfiguration",
    "DeploymentStyle",
    "ECSServices",
    "Ec2TagFilters",
    "Ec2TagSet",
    "LoadBalancerInfo",
    "OnPremisesInstanceTagFilters",
    "OnPremisesTagSet",
    "OutdatedInstancesStrategy",
    "TerminationHookEnabled",
    "TriggerConfigurations",
)
_EMPTY: dict[str, Any] = {
    "AlarmConfiguration": {"Enabled": False},
    "AutoRollbackConfiguration": {"Enabled": False},
    "TriggerConfigurations": [],
}
_NAMES = {"ecsServices": "ECSServices"}


async def _tags_of(on: Provision, arn: str) -> list[Doc]:
    tags: list[Doc] = (await on.call("codedeploy", "ListTagsForResource", ResourceArn=arn))["Tags"]
    return tags


async def _tagged(on: Provision, arn: str, old: Doc, new: Doc) -> None:
    tags = on.tags(new.get("Tags"))
    if tags:
        await on.call("codedeploy", "TagResource", ResourceArn=arn, Tags=pairs(tags))
    gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
    if gone:
        await on.call("codedeploy", "UntagResource", ResourceArn=arn, TagKeys=gone)


class ApplicationType(ResourceType):
    """A name under which deployment groups stand."""

    name: ClassVar[str] = "AWS::CodeDeploy::Application"
    honoured: ClassVar[frozenset[str]] = frozenset({"ApplicationName", "ComputePlatform", "Tags"})

    def _arn(self, on: Provision, name: str) -> str:
        return f"arn:aws:codedeploy:{on.region}:{on.account}:application:{name}"

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("ApplicationName") or on.name(100))
        found = await self._found(on, name) if on.resumed else None
        if found is None or not is_mine(on, await _tags_of(on, self._arn(on, name))):
            await on.call(
                "codedeploy",
                "CreateApplication",
                applicationName=name,
                computePlatform=wanted.get("ComputePlatform"),
                tags=pairs(on.tags(wanted.get("Tags"))),
            )
        return name

    async def _found(self, on: Provision, name: str) -> Doc | None:
        answer = await on.look("codedeploy", "GetApplication", _NO_APPLICATION, applicationName=name)
        return answer and answer["application"]

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        return found and {
            "ApplicationName": physical_id,
            "ComputePlatform": found["computePlatform"],
            "Tags": own_tags(await _tags_of(on, self._arn(on, physical_id))),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await _tagged(on, self._arn(on, physical_id), old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("codedeploy", "DeleteApplication", applicationName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found: list[str] = await on.pages("codedeploy", "ListApplications", "applications")
        return found


class DeploymentGroupType(ResourceType):
    """A deployment group. Its application stands in the template; a name alone is looked for in all of them."""

    name: ClassVar[str] = "AWS::CodeDeploy::DeploymentGroup"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {*_SETTINGS, "ApplicationName", "DeploymentConfigName", "DeploymentGroupName", "ServiceRoleArn", "Tags"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        application = wanted["ApplicationName"]
        name = str(wanted.get("DeploymentGroupName") or on.name(100))
        if on.resumed:
            there = await self._group(on, application, name)
            if there is not None and is_mine(on, await _tags_of(on, self._arn(on, application, name))):
                return name
        settings = {member: wanted[member] for member in _SETTINGS if member in wanted}
        await on.call(
            "codedeploy",
            "CreateDeploymentGroup",
            **to_request("codedeploy", "CreateDeploymentGroup", settings),
            applicationName=application,
            deploymentGroupName=name,
            deploymentConfigName=wanted.get("DeploymentConfigName"),
            serviceRoleArn=wanted["ServiceRoleArn"],
            tags=pairs(on.tags(wanted.get("Tags"))),
        )
        return name

    def _arn(self, on: Provision, application: str, name: str) -> str:
        return f"arn:aws:codedeploy:{on.region}:{on.account}:deploymentgroup:{application}/{name}"

    async def _group(self, on: Provision, application: str, name: str) -> Doc | None:
        names = {"applicationName": application, "deploymentGroupName": name}
        answer = await on.look("codedeploy", "GetDeploymentGroup", *_NO_GROUP, **names)
        return answer and answer["deploymentGroupInfo"]

    async def _found(self, on: Provision, name: str) -> Doc | None:
        if "ApplicationName" in on.kept:
            return await self._group(on, on.kept["ApplicationName"], name)
        for application in await ApplicationType().existing(on):
            found = await self._group(on, application, name)
            if found is not None:
                return found
        return None

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        application = found["applicationName"]
        shown: Doc = to_properties("codedeploy", "DeploymentGroupInfo", found, _NAMES)
        return given(
            **{member: shown.get(member) for member in _SETTINGS},
            ApplicationName=application,
            DeploymentGroupName=physical_id,
            DeploymentConfigName=found["deploymentConfigName"],
            ServiceRoleArn=found["serviceRoleArn"],
            Tags=own_tags(await _tags_of(on, self._arn(on, application, physical_id))),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        application = new["ApplicationName"]
        changed = {
            member: new.get(member, _EMPTY.get(member)) for member in _SETTINGS if old.get(member) != new.get(member)
        }
        await on.call(
            "codedeploy",
            "UpdateDeploymentGroup",
            **to_request("codedeploy", "UpdateDeploymentGroup", changed),
            applicationName=application,
            currentDeploymentGroupName=physical_id,
            deploymentConfigName=new.get("DeploymentConfigName"),
            serviceRoleArn=new["ServiceRoleArn"],
        )
        await _tagged(on, self._arn(on, application, physical_id), old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = await self._found(on, physical_id)
        if found is not None:
            names = {"applicationName": found["applicationName"], "deploymentGroupName": physical_id}
            await on.look("codedeploy", "DeleteDeploymentGroup", *_NO_GROUP, **names)

    async def existing(self, on: Provision) -> list[str]:
        found: list[str] = []
        for application in await ApplicationType().existing(on):
            found += await on.pages(
                "codedeploy", "ListDeploymentGroups", "deploymentGroups", applicationName=application
            )
        return found


class DeploymentConfigType(ResourceType):
    """How a deployment moves."""

    name: ClassVar[str] = "AWS::CodeDeploy::DeploymentConfig"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {"ComputePlatform", "DeploymentConfigName", "MinimumHealthyHosts", "TrafficRoutingConfig", "ZonalConfig"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("DeploymentConfigName") or on.name(100))
        if on.resumed and await self._found(on, name) is not None:
            return name
        settings = {member: value for member, value in wanted.items() if member != "DeploymentConfigName"}
        request = to_request("codedeploy", "CreateDeploymentConfig", settings)
        await on.call("codedeploy", "CreateDeploymentConfig", **request, deploymentConfigName=name)
        return name

    async def _found(self, on: Provision, name: str) -> Doc | None:
        answer = await on.look("codedeploy", "GetDeploymentConfig", _NO_CONFIG, deploymentConfigName=name)
        return answer and answer["deploymentConfigInfo"]

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        shown: Doc = to_properties("codedeploy", "DeploymentConfigInfo", found)
        members = ("ComputePlatform", "MinimumHealthyHosts", "TrafficRoutingConfig", "ZonalConfig")
        return given(**{member: shown.get(member) for member in members}, DeploymentConfigName=physical_id)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Every change makes another configuration."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("codedeploy", "DeleteDeploymentConfig", _NO_CONFIG, deploymentConfigName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("codedeploy", "ListDeploymentConfigs", "deploymentConfigsList")
        return [name for name in found if not name.startswith(("CodeDeployDefault.", "Trunkline."))]


TYPES: tuple[ResourceType, ...] = (ApplicationType(), DeploymentGroupType(), DeploymentConfigType())
