"""AWS::ElasticLoadBalancingV2::TargetGroup. Ref gives its ARN."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import differs, given, is_mine, missing_from, pairs, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.elbv2.model import TARGET_GROUP_ATTRIBUTES as _KNOWN
from trunkline.services.elbv2.resources import attributes

_GONE = ("TargetGroupNotFound", "TargetGroupNotFoundException")
_CHECK = (
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
)
# What a check is again when the template says nothing of it any more.
_DEFAULTS = {
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckPort": "traffic-port",
    "HealthCheckProtocol": "TCP",
    "HealthCheckTimeoutSeconds": 10,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
}
_HTTP_DEFAULTS = {
    "HealthCheckPath": "/",
    "HealthCheckProtocol": "HTTP",
    "HealthCheckTimeoutSeconds": 5,
    "Matcher": {"HttpCode": "200"},
}
_AT_CREATION = ("IpAddressType", "Port", "Protocol", "ProtocolVersion", "TargetControlPort", "TargetType", "VpcId")


class TargetGroupType(ResourceType):
    """A target group."""

    name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::TargetGroup"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {*_CHECK, *_AT_CREATION, "Name", "Tags", "TargetGroupAttributes", "Targets"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = wanted.get("Name") or on.name(32)
        arn = await self._made_before(on, name)
        if arn is None:
            request = {member: wanted.get(member) for member in (*_CHECK, *_AT_CREATION)}
            tags = pairs(on.tags(wanted.get("Tags"))) or None
            answer = await on.call("elbv2", "CreateTargetGroup", Name=name, Tags=tags, **request)
            arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
        async with undone(self, on, arn):
            given_attributes = attributes.split(_KNOWN, wanted.get("TargetGroupAttributes"))[0]
            if given_attributes:
                await on.call("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=given_attributes)
            if wanted.get("Targets"):
                await on.call("elbv2", "RegisterTargets", TargetGroupArn=arn, Targets=wanted["Targets"])
        return arn

    async def _made_before(self, on: Provision, name: str) -> str | None:
        answer = await on.look("elbv2", "DescribeTargetGroups", *_GONE, Names=[name])
        if answer is None or not answer["TargetGroups"]:
            return None
        arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
        if is_mine(on, await attributes.tags_of(on, arn)):
            return arn
        raise AwsError("DuplicateTargetGroupName", f"A target group with the same name '{name}' exists")

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("elbv2", "DescribeTargetGroups", *_GONE, TargetGroupArns=[physical_id])
        if answer is None:
            return None
        found = answer["TargetGroups"][0]
        settings = await on.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=physical_id)
        return given(
            **{member: found.get(member) for member in (*_CHECK, *_AT_CREATION)},
            TargetGroupArn=physical_id,
            TargetGroupName=found["TargetGroupName"],
            TargetGroupFullName=physical_id.rpartition(":")[2],
            Name=found["TargetGroupName"],
            LoadBalancerArns=found["LoadBalancerArns"],
            TargetGroupAttributes=attributes.shown(
                _KNOWN, on.kept.get("TargetGroupAttributes"), settings["Attributes"]
            ),
            Targets=await self._targets(on, physical_id),
            Tags=await attributes.shown_tags(on, physical_id),
        )

    async def _targets(self, on: Provision, arn: str) -> list[Doc] | None:
        """Those of the template: services register many others."""
        if "Targets" not in on.kept:
            return None
        health = await on.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
        there = [
            one["Target"] for one in health["TargetHealthDescriptions"] if one["TargetHealth"]["State"] != "draining"
        ]
        return [
            wanted
            for wanted in on.kept["Targets"]
            if any(one["Id"] == wanted["Id"] and wanted.get("Port") in (None, one["Port"]) for one in there)
        ]

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        arn = {"TargetGroupArn": physical_id}
        if differs(old, new, *_CHECK):
            defaults = _DEFAULTS | ({} if new.get("Protocol") == "TCP" else _HTTP_DEFAULTS)
            changed = [member for member in _CHECK if old.get(member) != new.get(member)]
            check = {member: new.get(member, defaults.get(member)) for member in changed}
            await on.call("elbv2", "ModifyTargetGroup", **arn, **check)
        if differs(old, new, "TargetGroupAttributes"):
            wanted = attributes.changed(_KNOWN, old.get("TargetGroupAttributes"), new.get("TargetGroupAttributes"))
            if wanted:
                await on.call("elbv2", "ModifyTargetGroupAttributes", Attributes=wanted, **arn)
        if differs(old, new, "Targets"):
            gone = missing_from(old.get("Targets"), new.get("Targets"))
            if gone:
                await on.call("elbv2", "DeregisterTargets", Targets=gone, **arn)
            if new.get("Targets"):
                await on.call("elbv2", "RegisterTargets", Targets=new["Targets"], **arn)
        await attributes.tagged(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("elbv2", "DeleteTargetGroup", *_GONE, TargetGroupArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["TargetGroupArn"] for one in await on.pages("elbv2", "DescribeTargetGroups", "TargetGroups")]
