"""Scaling policies: put, describe, delete. A target tracking policy makes its alarms."""

import itertools
from datetime import UTC, datetime

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.applicationautoscaling import capacity, store, tracking
from trunkline.services.applicationautoscaling.api.context import Context, page, resource, wanted
from trunkline.services.applicationautoscaling.api.targets import drop_alarm
from trunkline.services.applicationautoscaling.model import Policy, validation

_CONFIG = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
}


class PolicyOperations(Context):
    """Operations on scaling policies."""

    @operation(resource)
    async def put_scaling_policy(self, call: Call, req: Doc) -> Doc:
        target = store.target(self._db, call, req)
        known = store.POLICIES.get(self._db, *store.of(target), req["PolicyName"])
        kind = req.get("PolicyType") or (known.kind if known else "StepScaling")
        if kind not in _CONFIG:
            raise Refused(
                f"Trunkline has step scaling and target tracking, not {kind}.", code="ValidationException", status=400
            )
        config = req.get(_CONFIG[kind])
        if config is None:
            raise validation(f"{_CONFIG[kind]} is required for a policy of the type {kind}.")
        if known is not None and known.kind != kind:
            raise validation("The type of a scaling policy cannot be changed.")
        policy = Policy(
            *store.of(target),
            req["PolicyName"],
            known.id if known else ids.uuid(),
            kind,
            config,
            known.created if known else self._now(),
        )
        if kind == "StepScaling":
            _check_steps(config)
        requests = tracking.alarms(policy) if kind == "TargetTrackingScaling" else []
        policy.alarms = [str(request["AlarmName"]) for request in requests]

        def put(tx: Tx) -> None:
            store.target(tx, call, req)
            before = store.POLICIES.get(tx, *store.of(target), policy.name)
            if before is not None:
                policy.out_until, policy.in_until = before.out_until, before.in_until
            store.POLICIES.put(tx, policy)
            tx.after_commit(self._scaler.changed)

        await self._db.write(put)
        for request in requests:
            await self._kit.call("cloudwatch", "PutMetricAlarm", request, as_=capacity.caller(target))
        for name in known.alarms if known else ():
            if name not in policy.alarms:
                await drop_alarm(self._kit.call, target, name)
        return {"PolicyARN": policy.arn, "Alarms": await self._alarms(policy)}

    @operation(resource)
    async def delete_scaling_policy(self, call: Call, req: Doc) -> Doc:
        found = store.POLICIES.get(self._db, *store.place(call, req), req["PolicyName"])
        if found is None:
            raise AwsError(
                "ObjectNotFoundException",
                f"No scaling policy found for service namespace: {req['ServiceNamespace']}, resource ID: "
                f"{req['ResourceId']}, scalable dimension: {req['ScalableDimension']}, policy name: "
                f"{req['PolicyName']}",
            )
        # The alarms first: killed in between, the policy is left to be deleted again.
        for name in found.alarms:
            await drop_alarm(self._kit.call, found, name)
        await self._db.write(lambda tx: store.POLICIES.delete(tx, *store.of(found), found.name))
        return {}

    @operation(resource)
    async def describe_scaling_policies(self, call: Call, req: Doc) -> Doc:
        found = store.POLICIES.find(self._db, prefix=(call.account, call.region, req["ServiceNamespace"]))
        names = req.get("PolicyNames") or []
        chosen = [one for one in found if wanted(req, one) and (not names or one.name in names)]
        shown = [
            {
                "PolicyARN": one.arn,
                "PolicyName": one.name,
                "ServiceNamespace": one.namespace,
                "ResourceId": one.resource,
                "ScalableDimension": one.dimension,
                "PolicyType": one.kind,
                _CONFIG[one.kind]: one.config,
                "Alarms": await self._alarms(one),
                "CreationTime": datetime.fromtimestamp(one.created, UTC),
            }
            for one in chosen
        ]
        policies, token = page(shown, req, "PolicyARN")
        return {"ScalingPolicies": policies, "NextToken": token}

    async def _alarms(self, policy: Policy) -> list[Doc]:
        """The alarms whose action it is: its own, and those that users made for it."""
        request = {"ActionPrefix": policy.arn}
        answer = await self._kit.call("cloudwatch", "DescribeAlarms", request, as_=capacity.caller(policy))
        return [{"AlarmName": one["AlarmName"], "AlarmARN": one["AlarmArn"]} for one in answer["MetricAlarms"]]


def _check_steps(config: Doc) -> None:
    if "AdjustmentType" not in config:
        raise validation("AdjustmentType is required for a step scaling policy.")
    steps = config.get("StepAdjustments", [])
    if not steps:
        raise validation("At least one StepAdjustment is required.")
    spans = sorted(
        (
            step.get("MetricIntervalLowerBound", float("-inf")),
            step.get("MetricIntervalUpperBound", float("inf")),
        )
        for step in steps
    )
    if any(low >= high for low, high in spans):
        raise validation("The upper bound of a step adjustment must be greater than its lower bound.")
    if any(before[1] > after[0] for before, after in itertools.pairwise(spans)):
        raise validation("Step adjustment intervals can't overlap.")
    if any(before[1] < after[0] for before, after in itertools.pairwise(spans)):
        raise validation("There can't be a gap between step adjustment intervals.")
