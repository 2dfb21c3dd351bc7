"""CloudFormation's view of Application Auto Scaling.

Ref of a target is `resource|dimension|namespace`, of a policy its ARN.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApplicationAutoScaling.html
"""

from datetime import UTC, datetime
from typing import Any

from trunkline.aws import tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_SERVICE = "application-autoscaling"
_GONE = ("ObjectNotFoundException",)
_PLACE = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_NAMESPACES = ("ecs", "lambda")
_CONFIGS = ("StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration")


class ScalableTarget(ResourceType):
    name = "AWS::ApplicationAutoScaling::ScalableTarget"
    honoured = frozenset(
        {*_PLACE, "MaxCapacity", "MinCapacity", "RoleARN", "ScheduledActions", "SuspendedState", "Tags"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        await self._put(on, wanted, tags_too=True)
        await self._schedule(on, {}, wanted)
        return f"{wanted['ResourceId']}|{wanted['ScalableDimension']}|{wanted['ServiceNamespace']}"

    async def _put(self, on: Provision, wanted: Doc, *, tags_too: bool) -> None:
        given: Doc = {key: wanted[key] for key in (*_PLACE, "MinCapacity", "MaxCapacity")}
        given |= {key: wanted[key] for key in ("RoleARN", "SuspendedState") if key in wanted}
        if tags_too:
            given["Tags"] = on.tags(wanted.get("Tags"))
        await on.call(_SERVICE, "RegisterScalableTarget", **given)

    async def _schedule(self, on: Provision, old: Doc, new: Doc) -> None:
        place = {key: new[key] for key in _PLACE}
        actions = new.get("ScheduledActions", ())
        for action in actions:
            times = {key: _moment(action[key]) for key in ("StartTime", "EndTime") if key in action}
            await on.call(_SERVICE, "PutScheduledAction", **place, **{**action, **times})
        kept = {action["ScheduledActionName"] for action in actions}
        for action in old.get("ScheduledActions", ()):
            name = action["ScheduledActionName"]
            if name not in kept:
                await on.look(_SERVICE, "DeleteScheduledAction", *_GONE, **place, ScheduledActionName=name)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        resource, dimension, namespace = physical_id.split("|")
        asked = {"ServiceNamespace": namespace, "ResourceIds": [resource], "ScalableDimension": dimension}
        found = (await on.call(_SERVICE, "DescribeScalableTargets", **asked))["ScalableTargets"]
        if not found:
            return None
        target = found[0]
        tagged = (await on.call(_SERVICE, "ListTagsForResource", ResourceARN=target["ScalableTargetARN"]))["Tags"]
        read: Doc = {key: target[key] for key in (*_PLACE, "MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")}
        asked = {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
        actions = (await on.call(_SERVICE, "DescribeScheduledActions", **asked))["ScheduledActions"]
        members = (
            "ScheduledActionName",
            "Schedule",
            "Timezone",
            "StartTime",
            "EndTime",
            "ScalableTargetAction",
        )
        shown = [{key: _plain(one[key]) for key in members if one.get(key)} for one in actions]
        return {**read, "Id": physical_id, "ScheduledActions": shown, "Tags": tags.pairs(tags.own(tagged))}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        nothing: Doc = {}
        if "SuspendedState" in old:
            nothing["SuspendedState"] = dict.fromkeys(old["SuspendedState"], False)
        await self._put(on, {**nothing, **new}, tags_too=False)
        await self._schedule(on, old, new)
        asked = {"ServiceNamespace": new["ServiceNamespace"], "ResourceIds": [new["ResourceId"]]}
        target = (await on.call(_SERVICE, "DescribeScalableTargets", **asked))["ScalableTargets"][0]
        arn = target["ScalableTargetARN"]
        current = (await on.call(_SERVICE, "ListTagsForResource", ResourceARN=arn))["Tags"]
        put, drop = on.tag_changes(current, new.get("Tags"))
        if put:
            await on.call(_SERVICE, "TagResource", ResourceARN=arn, Tags=put)
        if drop:
            await on.call(_SERVICE, "UntagResource", ResourceARN=arn, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        resource, dimension, namespace = physical_id.split("|")
        place = {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
        await on.look(_SERVICE, "DeregisterScalableTarget", *_GONE, **place)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for namespace in _NAMESPACES:
            for one in await on.pages(
                _SERVICE, "DescribeScalableTargets", "ScalableTargets", ServiceNamespace=namespace
            ):
                found.append(f"{one['ResourceId']}|{one['ScalableDimension']}|{namespace}")
        return found


class ScalingPolicy(ResourceType):
    name = "AWS::ApplicationAutoScaling::ScalingPolicy"
    honoured = frozenset({*_PLACE, *_CONFIGS, "PolicyName", "PolicyType", "ScalingTargetId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        return await self._put(on, wanted)

    async def _put(self, on: Provision, wanted: Doc) -> str:
        given = {key: wanted[key] for key in _CONFIGS if key in wanted}
        answer = await on.call(
            _SERVICE,
            "PutScalingPolicy",
            PolicyName=wanted["PolicyName"],
            PolicyType=wanted["PolicyType"],
            **_of(wanted),
            **given,
        )
        return str(answer["PolicyARN"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._find(on, physical_id)
        if found is None:
            return None
        read: Doc = {key: found[key] for key in (*_PLACE, "PolicyName", "PolicyType")}
        read |= {key: found[key] for key in _CONFIGS if key in found}
        read["Arn"] = physical_id
        if "ScalingTargetId" in on.kept:
            read["ScalingTargetId"] = f"{found['ResourceId']}|{found['ScalableDimension']}|{found['ServiceNamespace']}"
        return read

    async def _find(self, on: Provision, arn: str) -> Doc | None:
        where, _, name = arn.partition(":resource/")[2].partition(":policyName/")
        namespace = where.partition("/")[0]
        asked = {"ServiceNamespace": namespace, "PolicyNames": [name]}
        found = await on.pages(_SERVICE, "DescribeScalingPolicies", "ScalingPolicies", **asked)
        return next((one for one in found if one["PolicyARN"] == arn), None)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = await self._find(on, physical_id)
        if found is not None:
            place = {key: found[key] for key in (*_PLACE, "PolicyName")}
            await on.look(_SERVICE, "DeleteScalingPolicy", *_GONE, **place)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for namespace in _NAMESPACES:
            for one in await on.pages(
                _SERVICE, "DescribeScalingPolicies", "ScalingPolicies", ServiceNamespace=namespace
            ):
                found.append(one["PolicyARN"])
        return found


def _of(wanted: Doc) -> dict[str, Any]:
    """The target that a policy is for: by its id, or by three properties."""
    if "ScalingTargetId" in wanted:
        resource, dimension, namespace = wanted["ScalingTargetId"].split("|")
        return {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
    return {key: wanted[key] for key in _PLACE}


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(value, "strftime") else value


TYPES: tuple[ResourceType, ...] = (ScalableTarget(), ScalingPolicy())
