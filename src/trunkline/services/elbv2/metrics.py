"""What CloudWatch is told under AWS/ApplicationELB: requests every second in which there were some, hosts all the
time.

AWS publishes once a minute; here a second after, at a resolution of a second, so that alarms with a short period
can stop a shift. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-
metrics.html
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines.proxy.interface import HealthState, RequestRecord
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.control import Control
from trunkline.services.elbv2.model import PRINCIPAL, Doc, LoadBalancer, TargetGroup

log = get(__name__)

_EVERY_S = 1.0
_HOSTS_EVERY_S = 5.0
_MAX_DATA = 1000
_MAX_VALUES = 150


@dataclass(slots=True)
class _Second:
    """The requests of one second that one listener sent to one target group ("" for none)."""

    counts: Counter[str] = field(default_factory=Counter)
    """By metric."""
    times_ms: Counter[int] = field(default_factory=Counter)


class Metrics:
    def __init__(self, kit: Kit, control: Control) -> None:
        self._kit = kit
        self._control = control
        self._seconds: dict[tuple[int, str, str], _Second] = {}
        self._hosts: dict[str, tuple[int, int]] = {}
        self._hosts_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._control.subscribe(self._count)
        self._task = asyncio.create_task(self._publish(), name="elbv2-metrics")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    # --- counting ---------------------------------------------------------------------------------

    def _count(self, records: Sequence[RequestRecord]) -> None:
        for record in records:
            key = (int(record.time), record.listener, record.target_group)
            second = self._seconds.get(key)
            if second is None:
                second = self._seconds[key] = _Second()
            if record.member:
                second.counts["RequestCount"] += 1
            if record.answered_by_target:
                second.counts[f"HTTPCode_Target_{record.status // 100}XX_Count"] += 1
                second.times_ms[round(record.target_time_s * 1000)] += 1
            elif record.kind == "fixed":
                second.counts["HTTP_Fixed_Response_Count"] += 1
            else:
                second.counts.update(_by_the_balancer(record))

    # --- publishing -------------------------------------------------------------------------------

    async def _publish(self) -> None:
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            try:
                balancers = {each.arn: each for each in store.load_balancers.find(self._kit.db)}
                if balancers:
                    groups = {group.id: group for group in store.target_groups.find(self._kit.db)}
                    data = self._requests(balancers, groups)
                    for place, hosts in (await self._host_counts(balancers, groups)).items():
                        data.setdefault(place, []).extend(hosts)
                    for place, data_here in data.items():
                        await self._put(place, data_here)
            except AwsError as error:
                log.warning("metrics of the load balancers were not taken", error=str(error))
            except Exception:
                log.exception("publishing metrics of the load balancers failed")

    async def _put(self, place: tuple[str, str], data: list[Doc]) -> None:
        caller = Caller.service(PRINCIPAL, *place)
        for start in range(0, len(data), _MAX_DATA):
            part = data[start : start + _MAX_DATA]
            await self._kit.call(
                "cloudwatch", "PutMetricData", {"Namespace": "AWS/ApplicationELB", "MetricData": part}, as_=caller
            )

    def _requests(
        self, balancers: dict[str, LoadBalancer], groups: dict[str, TargetGroup]
    ) -> dict[tuple[str, str], list[Doc]]:
        seconds, self._seconds = self._seconds, {}
        owners = {listener.id: listener.load_balancer_arn for listener in store.listeners.find(self._kit.db)}
        data: dict[tuple[str, str], list[Doc]] = {}
        for (second, listener, group_id), counted in seconds.items():
            balancer = balancers.get(owners.get(listener, ""))
            if balancer is None:
                continue  # deleted meanwhile
            at = datetime.fromtimestamp(second, UTC)
            out = data.setdefault((balancer.account, balancer.region), [])
            group = groups.get(group_id)
            for metric, count in counted.counts.items():
                for dimensions in _dimensions(metric, balancer, group):
                    out.append(_datum(metric, dimensions, at, "Count", Value=float(count)))
            if group is not None and counted.counts["RequestCount"]:
                per_target = counted.counts["RequestCount"] / max(1, self._hosts.get(group.arn, (1, 0))[0])
                out.append(_datum("RequestCountPerTarget", _of(group), at, "Count", Value=per_target))
            for values in _chunks(sorted(counted.times_ms.items())):
                seconds_s = [ms / 1000 for ms, _ in values]
                times = [float(count) for _, count in values]
                for dimensions in _dimensions("TargetResponseTime", balancer, group):
                    out.append(_datum("TargetResponseTime", dimensions, at, "Seconds", Values=seconds_s, Counts=times))
        return data

    async def _host_counts(
        self, balancers: dict[str, LoadBalancer], groups: dict[str, TargetGroup]
    ) -> dict[tuple[str, str], list[Doc]]:
        """At once when they change, otherwise every few seconds."""
        health = await self._control.health()
        used = store.forwards(self._kit.db)
        now = self._kit.clock.time()
        all_of_them = now - self._hosts_at >= _HOSTS_EVERY_S
        if all_of_them:
            self._hosts_at = now
        data: dict[tuple[str, str], list[Doc]] = {}
        for group in groups.values():
            states = [known.state for known in health.get(group.id, {}).values()]
            counts = (states.count(HealthState.HEALTHY), states.count(HealthState.UNHEALTHY))
            owners = [balancers[arn] for arn in used.get(group.arn, ()) if arn in balancers]
            if not owners or (self._hosts.get(group.arn) == counts and not all_of_them):
                continue
            self._hosts[group.arn] = counts
            at = datetime.fromtimestamp(int(now), UTC)
            for balancer in owners:
                out = data.setdefault((group.account, group.region), [])
                for metric, count in zip(("HealthyHostCount", "UnHealthyHostCount"), counts, strict=True):
                    for dimensions in _dimensions(metric, balancer, group):
                        out.append(_datum(metric, dimensions, at, "Count", Value=float(count)))
        return data


def _by_the_balancer(record: RequestRecord) -> list[str]:
    """Answers that no target gave."""
    if record.kind == "redirect":
        return ["HTTP_Redirect_Count", "HTTPCode_ELB_3XX_Count"]
    if record.status >= 500:
        exact = [f"HTTPCode_ELB_{record.status}_Count"] if record.status in (500, 502, 503, 504) else []
        return ["HTTPCode_ELB_5XX_Count", *exact]
    return ["HTTPCode_ELB_4XX_Count"]  # also clients that went away (AWS: 460)


_OF_A_GROUP_ONLY = ("HealthyHostCount", "UnHealthyHostCount")


def _dimensions(metric: str, balancer: LoadBalancer, group: TargetGroup | None) -> Iterable[list[Doc]]:
    """The combinations of dimensions that AWS has for a metric."""
    zone = {"Name": "AvailabilityZone", "Value": balancer.zone}
    whole = {"Name": "LoadBalancer", "Value": balancer.dimension}
    if metric not in _OF_A_GROUP_ONLY:
        yield [whole]
        yield [whole, zone]
    if group is not None and not metric.startswith(("HTTPCode_ELB", "HTTP_")):
        yield [whole, *_of(group)]
        yield [whole, *_of(group), zone]


def _of(group: TargetGroup) -> list[Doc]:
    return [{"Name": "TargetGroup", "Value": group.dimension}]


def _datum(metric: str, dimensions: list[Doc], at: datetime, unit: str, **values: object) -> Doc:
    return {
        "MetricName": metric,
        "Dimensions": dimensions,
        "Timestamp": at,
        "Unit": unit,
        "StorageResolution": 1,
        **values,
    }


def _chunks(items: list[tuple[int, int]]) -> Iterable[list[tuple[int, int]]]:
    for start in range(0, len(items), _MAX_VALUES):
        yield items[start : start + _MAX_VALUES]
