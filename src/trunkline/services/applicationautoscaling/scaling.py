"""Scale: when an alarm of a policy rings, as long as it rings, and when a scheduled action is due.

An alarm's state change is acted on at once, and what still rings is looked at again every minute, as AWS does. Whether
anything happens is up to the policy's cooldown. Cooldowns pass at the clock's speed; alarms and metrics are real time.
"""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.applicationautoscaling import capacity, scheduling, store, tracking
from trunkline.services.applicationautoscaling.model import (
    COOLDOWN_S,
    Activity,
    Doc,
    Policy,
    Target,
    after_ratio,
    after_step,
)

log = get(__name__)

_LOOK_EVERY_S = 60.0
_LONGEST_S = 3600.0


class Scaler:
    """Watches alarms and the clock."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._one_at_a_time = asyncio.Lock()
        kit.bus.subscribe(
            "application-autoscaling",
            self.heard,
            sources=("aws.cloudwatch",),
            detail_types=("CloudWatch Alarm State Change",),
        )

    def changed(self) -> None:
        """Policies or scheduled actions changed; callable from the writer's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def heard(self, event: Event) -> None:
        """An alarm changed its state."""
        if event.detail["state"]["value"] != "ALARM":
            return
        as_ = Caller.service("application-autoscaling.amazonaws.com", event.account, event.region)
        request = {"AlarmNames": [event.detail["alarmName"]]}
        found = (await self._kit.call("cloudwatch", "DescribeAlarms", request, as_=as_))["MetricAlarms"]
        for alarm in found:
            for action in alarm.get("AlarmActions", ()):
                policy = _by_arn(self._kit, action)
                if policy is not None and alarm["StateValue"] == "ALARM" and await self._acts(alarm, as_):
                    await self._apply(policy, alarm)

    async def run(self) -> None:
        """Look again at what rings, and at the clock, for ever."""
        self._loop = asyncio.get_running_loop()
        looked = 0.0
        while True:
            self._wake.clear()
            now = self._kit.clock.time()
            try:
                if now - looked >= _LOOK_EVERY_S:
                    looked = now
                    await self._look_again()
                due = await self._scheduled(now)
            except Exception:
                log.exception("scaling broke off; the next minute goes on")
                due = None
            policies = bool(store.POLICIES.find(self._kit.db, limit=1))
            pause_s = _LOOK_EVERY_S if policies else _LONGEST_S
            if due is not None:
                pause_s = min(pause_s, max(due - self._kit.clock.time(), 0.0) + 0.01)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    async def _look_again(self) -> None:
        for policy in store.POLICIES.find(self._kit.db):
            as_ = Caller.service("application-autoscaling.amazonaws.com", policy.account, policy.region)
            request = {"ActionPrefix": policy.arn, "StateValue": "ALARM"}
            for alarm in (await self._kit.call("cloudwatch", "DescribeAlarms", request, as_=as_))["MetricAlarms"]:
                if policy.arn in alarm.get("AlarmActions", ()) and await self._acts(alarm, as_):
                    await self._apply(policy, alarm)

    async def _acts(self, alarm: Doc, as_: Caller) -> bool:
        """Whether the alarm's actions are neither disabled nor muted."""
        if not alarm["ActionsEnabled"]:
            return False
        request = {"AlarmName": alarm["AlarmName"], "Statuses": ["ACTIVE"], "MaxRecords": 1}
        muted = await self._kit.call("cloudwatch", "ListAlarmMuteRules", request, as_=as_)
        return not muted["AlarmMuteRuleSummaries"]

    async def _apply(self, policy: Policy, alarm: Doc) -> None:
        async with self._one_at_a_time:
            try:
                await self._scale(policy, alarm)
            except AwsError as error:
                log.warning("a scaling policy could not be applied", policy=policy.arn, error=error)

    async def _scale(self, policy: Policy, alarm: Doc) -> None:
        now_policy = store.POLICIES.get(self._kit.db, *store.of(policy), policy.name)
        target = store.TARGETS.get(self._kit.db, *store.of(policy))
        if now_policy is None or target is None:
            return
        policy = now_policy
        value = await self._value(policy, alarm)
        if value is None:
            return
        current = await capacity.current(self._kit, target)
        if policy.kind == "StepScaling":
            wanted = after_step(policy.config, current, value - float(alarm["Threshold"]))
        else:
            wanted = after_ratio(current, value, float(policy.config["TargetValue"]))
            high = alarm["ComparisonOperator"].startswith("Greater")
            # A high alarm only ever adds and a low one only ever takes away, whatever the newest value is.
            wanted = max(wanted, current) if high else min(wanted, current)
        wanted = target.within(wanted)
        if wanted == current or not self._may(policy, target, current, wanted):
            return
        cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy.name}"
        if await self._set(target, wanted, cause):
            await self._cool_down(policy, outward=wanted > current)

    def _may(self, policy: Policy, target: Target, current: int, wanted: int) -> bool:
        now = self._kit.clock.time()
        if wanted > current:
            return not target.suspended.get("DynamicScalingOutSuspended") and now >= policy.out_until
        # Scaling in waits for the cooldown of scaling out too, so that what was just added can show its effect.
        resting = now < max(policy.in_until, policy.out_until)
        return not target.suspended.get("DynamicScalingInSuspended") and not resting

    async def _cool_down(self, policy: Policy, *, outward: bool) -> None:
        side = "ScaleOutCooldown" if outward else "ScaleInCooldown"
        seconds = policy.config.get("Cooldown" if policy.kind == "StepScaling" else side, COOLDOWN_S)
        until = self._kit.clock.due(float(seconds))

        def note(tx: Tx) -> None:
            found = store.POLICIES.get(tx, *store.of(policy), policy.name)
            if found is not None:
                found.out_until, found.in_until = (until, found.in_until) if outward else (found.out_until, until)
                store.POLICIES.put(tx, found)

        await self._kit.db.write(note)

    async def _value(self, policy: Policy, alarm: Doc) -> float | None:
        """The newest value of the alarm's metric within its evaluation range."""
        now = datetime.fromtimestamp(self._kit.clock.time(), UTC)
        periods = max(alarm["EvaluationPeriods"], 3)
        stat = tracking.metric(policy) if policy.kind != "StepScaling" else _metric_of(alarm)
        if stat is None:
            return None
        request: Doc = {
            **{key: stat[key] for key in ("Namespace", "MetricName", "Dimensions", "Unit") if key in stat},
            "StartTime": now - timedelta(seconds=alarm["Period"] * (periods + 1)),
            "EndTime": now,
            "Period": alarm["Period"],
            "Statistics": [stat["Statistic"]],
        }
        as_ = Caller.service("application-autoscaling.amazonaws.com", policy.account, policy.region)
        points = (await self._kit.call("cloudwatch", "GetMetricStatistics", request, as_=as_)).get("Datapoints", [])
        if not points:
            return None
        newest = max(points, key=lambda point: point["Timestamp"])
        return float(newest[stat["Statistic"]])

    async def _set(self, target: Target, wanted: int, cause: str) -> bool:
        """Scale, and write down that it was done or why not."""
        started = self._kit.clock.time()
        what = "desired count" if target.namespace == "ecs" else "provisioned concurrency"
        activity = Activity(
            *store.of(target),
            started,
            ids.uuid(),
            f"Setting {what} to {wanted}.",
            cause,
            "Successful",
            f"Successfully set {what} to {wanted}. Change successfully fulfilled by {target.namespace}.",
        )
        try:
            await capacity.put(self._kit, target, wanted)
        except AwsError as error:
            activity.status = "Failed"
            activity.message = f"Failed to set {what} to {wanted}. Reason: {error.message or error.code}"
        activity.ended = self._kit.clock.time()

        def note(tx: Tx) -> None:
            store.ACTIVITIES.insert(tx, activity)
            tx.execute("DELETE FROM appscaling_activities WHERE started < ?", (store.oldest_kept(started),))

        await self._kit.db.write(note)
        log.info("scaled", resource=target.resource, to=wanted, cause=cause, status=activity.status)
        return activity.status == "Successful"

    async def _scheduled(self, now: float) -> float | None:
        """Act on what is due; when the next is."""
        soonest: float | None = None
        for action in store.SCHEDULED.find(self._kit.db):
            due = scheduling.next_at(action)
            if due is not None and due <= now:
                await self._change_bounds(action.name, store.of(action), due)
                again = store.SCHEDULED.get(self._kit.db, *store.of(action), action.name)
                due = scheduling.next_at(again) if again is not None else None
            if due is not None:
                soonest = due if soonest is None else min(soonest, due)
        return soonest

    async def _change_bounds(self, name: str, place: tuple[str, str, str, str, str], due: float) -> None:
        def change(tx: Tx) -> Target | None:
            action, target = store.SCHEDULED.get(tx, *place, name), store.TARGETS.get(tx, *place)
            if action is None:
                return None
            action.last = due
            store.SCHEDULED.put(tx, action)
            if target is None or target.suspended.get("ScheduledScalingSuspended"):
                return None
            target.minimum = target.minimum if action.minimum is None else action.minimum
            target.maximum = target.maximum if action.maximum is None else action.maximum
            if target.minimum > target.maximum:
                # Only one bound was given, and it crosses the other: the other gives way.
                target.minimum, target.maximum = (
                    (target.minimum, target.minimum) if action.maximum is None else (target.maximum, target.maximum)
                )
            store.TARGETS.put(tx, target)
            return target

        async with self._one_at_a_time:
            target = await self._kit.db.write(change)
            if target is None:
                return
            try:
                current = await capacity.current(self._kit, target)
            except AwsError as error:
                log.warning("a scheduled action could not be applied", resource=target.resource, error=error)
                return
            if target.within(current) != current:
                await self._set(target, target.within(current), f"scheduled action name {name} was triggered")


def _by_arn(kit: Kit, arn: str) -> Policy | None:
    """The policy that an alarm's action names."""
    parts = arn.split(":", 7)
    if len(parts) != 8 or parts[2] != "autoscaling" or parts[5] != "scalingPolicy":
        return None
    found = store.POLICIES.find(kit.db, prefix=(parts[4], parts[3]))
    return next((policy for policy in found if policy.arn == arn), None)


def _metric_of(alarm: Doc) -> Doc | None:
    if "MetricName" not in alarm or "Statistic" not in alarm:
        return None
    return {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions", "Unit", "Statistic") if key in alarm}
