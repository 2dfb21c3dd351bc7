"""Scalable targets: register, describe, deregister; their tags and activities."""

from datetime import UTC, datetime

from trunkline.aws import tags
from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.applicationautoscaling import capacity, store
from trunkline.services.applicationautoscaling.api.context import Context, page, resource, wanted
from trunkline.services.applicationautoscaling.model import (
    DIMENSIONS,
    SUSPENSIONS,
    Activity,
    Policy,
    Target,
    validation,
)


class TargetOperations(Context):
    """Operations on scalable targets."""

    @operation(resource)
    async def register_scalable_target(self, call: Call, req: Doc) -> Doc:
        place = store.place(call, req)
        namespace = req["ServiceNamespace"]
        if DIMENSIONS.get(namespace) != req["ScalableDimension"]:
            raise Refused(
                f"Trunkline scales {', '.join(DIMENSIONS.values())}, not {req['ScalableDimension']} of {namespace}.",
                code="ValidationException",
                status=400,
            )
        capacity.check(namespace, req["ResourceId"])
        given = tags.normalise(req.get("Tags"), error="ValidationException", too_many="TooManyTagsException")
        known = store.TARGETS.get(self._db, *place)
        if known is None and ("MinCapacity" not in req or "MaxCapacity" not in req):
            raise validation("MinCapacity and MaxCapacity are required to register a scalable target.")
        usual = f"{namespace}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling"
        suffix = {"ecs": "ECSService", "lambda": "LambdaConcurrency"}[namespace]
        role = f"arn:aws:iam::{call.account}:role/aws-service-role/{usual}_{suffix}"
        made = Target(*place, ids.hex_id(32), 0, 0, req.get("RoleARN", role), self._now(), tags=given)
        await capacity.current(self._kit, made)

        def register(tx: Tx) -> Target:
            target = store.TARGETS.get(tx, *place) or made
            target.minimum = req.get("MinCapacity", target.minimum)
            target.maximum = req.get("MaxCapacity", target.maximum)
            if not 0 <= target.minimum <= target.maximum:
                raise validation("Maximum capacity cannot be less than minimum capacity")
            target.role_arn = req.get("RoleARN", target.role_arn)
            target.suspended |= req.get("SuspendedState", {})
            store.TARGETS.put(tx, target)
            return target

        return {"ScalableTargetARN": (await self._db.write(register)).arn}

    @operation(resource)
    async def deregister_scalable_target(self, call: Call, req: Doc) -> Doc:
        target = store.target(self._db, call, req)
        alarms = [name for one in store.POLICIES.find(self._db, prefix=store.of(target)) for name in one.alarms]

        def remove(tx: Tx) -> None:
            found = store.target(tx, call, req)
            for policy in store.POLICIES.find(tx, prefix=store.of(found)):
                store.POLICIES.delete(tx, *store.of(found), policy.name)
            for action in store.SCHEDULED.find(tx, prefix=store.of(found)):
                store.SCHEDULED.delete(tx, *store.of(found), action.name)
            store.TARGETS.delete(tx, *store.of(found))

        await self._db.write(remove)
        for name in alarms:
            await drop_alarm(self._kit.call, target, name)
        return {}

    @operation(resource)
    async def describe_scalable_targets(self, call: Call, req: Doc) -> Doc:
        found = store.TARGETS.find(self._db, prefix=(call.account, call.region, req["ServiceNamespace"]))
        names = req.get("ResourceIds") or []
        shown = [
            _target(one)
            for one in found
            if (not names or one.resource in names) and req.get("ScalableDimension", one.dimension) == one.dimension
        ]
        targets, token = page(shown, req, "ResourceId")
        return {"ScalableTargets": targets, "NextToken": token}

    @operation(resource)
    async def describe_scaling_activities(self, call: Call, req: Doc) -> Doc:
        found = store.ACTIVITIES.find(self._db, prefix=(call.account, call.region, req["ServiceNamespace"]))
        newest = sorted((one for one in found if wanted(req, one)), key=lambda one: -one.started)
        ordered = [{**_activity(one), "order": f"{number:09}"} for number, one in enumerate(newest)]
        shown, token = page(ordered, req, "order")
        return {
            "ScalingActivities": [{key: one[key] for key in one if key != "order"} for one in shown],
            "NextToken": token,
        }

    @operation("{ResourceARN}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="ValidationException", too_many="TooManyTagsException")

        def change(tx: Tx) -> None:
            target = _tagged(tx, call, req["ResourceARN"])
            target.tags = tags.merge(target.tags, given, too_many="TooManyTagsException")
            store.TARGETS.put(tx, target)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            target = _tagged(tx, call, req["ResourceARN"])
            target.tags = {key: value for key, value in target.tags.items() if key not in req["TagKeys"]}
            store.TARGETS.put(tx, target)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": _tagged(self._db, call, req["ResourceARN"]).tags}


async def drop_alarm(client: Client, owner: Target | Policy, name: str) -> None:
    """Delete an alarm that a policy made; it may be gone."""
    try:
        await client("cloudwatch", "DeleteAlarms", {"AlarmNames": [name]}, as_=capacity.caller(owner))
    except AwsError as error:
        if error.code != "ResourceNotFound":
            raise


def _tagged(reader: Reader, call: Call, arn: str) -> Target:
    for target in store.TARGETS.find(reader, prefix=(call.account, call.region)):
        if target.arn == arn:
            return target
    raise AwsError("ResourceNotFoundException", f"There is no scalable target {arn}.", ResourceName=arn)


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _target(one: Target) -> Doc:
    return {
        "ServiceNamespace": one.namespace,
        "ResourceId": one.resource,
        "ScalableDimension": one.dimension,
        "MinCapacity": one.minimum,
        "MaxCapacity": one.maximum,
        "RoleARN": one.role_arn,
        "CreationTime": _time(one.created),
        "SuspendedState": {name: one.suspended.get(name, False) for name in SUSPENSIONS},
        "ScalableTargetARN": one.arn,
    }


def _activity(one: Activity) -> Doc:
    return {
        "ActivityId": one.id,
        "ServiceNamespace": one.namespace,
        "ResourceId": one.resource,
        "ScalableDimension": one.dimension,
        "Description": one.description,
        "Cause": one.cause,
        "StartTime": _time(one.started),
        "EndTime": _time(one.ended),
        "StatusCode": one.status,
        "StatusMessage": one.message,
    }
