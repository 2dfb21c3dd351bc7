"""Evaluate every alarm in real time.

As AWS does: alarms with a period below a minute every ten seconds, all others every minute, each over the periods that
end at that moment (so a five-minute alarm looks at five minutes that slide by one). The look is taken most of a second
later, so that what publishers put once a second counts in full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trunkline.core.clock import Clock
from trunkline.core.ledger import Ledger
from trunkline.core.log import get
from trunkline.engines.telemetry import Metric, Telemetry
from trunkline.services.cloudwatch import metric_math, reasons
from trunkline.services.cloudwatch.evaluation import COMPARISONS, EXTRA_PERIODS, Point, Verdict, evaluate, few_samples
from trunkline.services.cloudwatch.events import State
from trunkline.services.cloudwatch.expressions import Series, Window
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.model import HISTORY_KEPT_MS, SAMPLES_KEPT_MS, MetricAlarm
from trunkline.services.cloudwatch.statistics import parse
from trunkline.services.cloudwatch.store import Store
from trunkline.services.cloudwatch.transitions import set_state

log = get(__name__)

_TICK_S = 10
_DELAY_S = 0.8
_AT_ONCE = 25
_HOUR_S = 3600


class Evaluator:
    def __init__(self, store: Store, telemetry: Telemetry, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._ledger = ledger
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="cloudwatch-evaluator")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        boundary_s = int(self._clock.time()) // _TICK_S * _TICK_S
        while True:
            # A boundary missed, because the machine slept or was slow, is passed over: the next look sees its data.
            boundary_s = max(boundary_s + _TICK_S, int(self._clock.time() - _DELAY_S) // _TICK_S * _TICK_S)
            await self._clock.sleep(boundary_s + _DELAY_S - self._clock.time())
            try:
                await self.tick(boundary_s)
            except Exception:
                log.exception("evaluating the alarms failed; the next round goes on")

    async def tick(self, boundary_s: int) -> None:
        """Evaluate the alarms that are due at this boundary."""
        due = [alarm for alarm in self._store.every_alarm() if boundary_s % interval_s(alarm) == 0]
        for at in range(0, len(due), _AT_ONCE):
            await asyncio.gather(*(self._one(alarm, boundary_s) for alarm in due[at : at + _AT_ONCE]))
            await asyncio.sleep(0)  # requests come first
        if boundary_s % _HOUR_S == 0:
            await self._store.prune_history(boundary_s * 1000 - HISTORY_KEPT_MS)
            await self._telemetry.expire_samples(boundary_s * 1000 - SAMPLES_KEPT_MS)

    async def _one(self, alarm: MetricAlarm, boundary_s: int) -> None:
        try:
            points = self.points(alarm, boundary_s * 1000)
            verdict = judge(alarm, points)
            if verdict.state is None or verdict.state == alarm.state:
                return
            now_ms = int(self._clock.time() * 1000)
            data = reasons.reason_data(alarm, points, now_ms)
            new = State(verdict.state, reasons.reason(alarm, verdict), data, now_ms)
            if await set_state(self._store, self._ledger, alarm, new):
                log.info("alarm", name=alarm.name, was=alarm.state, now=new.value, reason=new.reason)
        except Exception:
            log.exception("an alarm could not be evaluated", alarm=alarm.arn)

    def points(self, alarm: MetricAlarm, end_ms: int) -> list[Point]:
        """One point for each period of the evaluation range that ends at `end_ms`, the oldest first."""
        period_ms = alarm.period_s * 1000
        start_ms = end_ms - (alarm.evaluation_periods + EXTRA_PERIODS) * period_ms
        times = range(start_ms, end_ms, period_ms)
        if alarm.computed:
            computed = self._computed(alarm, Window(start_ms, end_ms, alarm.period_s, start_ms)).points
            return [Point(at, computed.get(at)) for at in times]
        found = self._observed(alarm.identity, alarm.statistic, alarm.unit, times)
        return [Point(at, *found.get(at, (None, 0.0))) for at in times]

    def _observed(
        self, identity: Metric, stat: str, unit: str | None, times: range
    ) -> dict[int, tuple[float | None, float]]:
        """The statistic and the sample count of each of the periods that has data."""
        statistic = parse(stat)
        by_unit = self._telemetry.buckets(
            identity, times.start, times.stop, times.step, unit=unit, values=statistic.values
        )
        # AWS keeps units apart: without one in the alarm, that of the newest observations counts.
        buckets = max(by_unit.values(), key=lambda found: found[-1].start_ms, default=[])
        return {bucket.start_ms: (statistic.of(bucket), bucket.count) for bucket in buckets}

    def _computed(self, alarm: MetricAlarm, window: Window) -> Series:
        """The one series that the alarm's expression makes of its metrics."""
        metrics: dict[str, Series] = {}
        for query in metric_math.metric_queries(alarm.queries):
            stat = query["MetricStat"]
            named = stat["Metric"]
            identity = metric(
                alarm.account, alarm.region, named["Namespace"], named["MetricName"], named.get("Dimensions")
            )
            found = self._observed(identity, stat["Stat"], stat.get("Unit"), window.times_ms())
            points = {at: value for at, (value, _) in found.items() if value is not None}
            metrics[query["Id"]] = Series(window, label=metric_math.label(query)).of(points)
        watched = next(query for query in alarm.queries if query["Id"] == alarm.query_id)
        made = metric_math.result(metric_math.sheet(alarm.queries, metrics, window), watched)
        return made if isinstance(made, Series) else made[0]


def interval_s(alarm: MetricAlarm) -> int:
    return _TICK_S if alarm.period_s < 60 else 60


def judge(alarm: MetricAlarm, points: Sequence[Point]) -> Verdict:
    compare = COMPARISONS[alarm.comparison][0]
    rank = None if alarm.computed else parse(alarm.statistic).percentile
    scarce = few_samples(rank) if rank is not None and alarm.low_sample == "ignore" else lambda point: False
    return evaluate(
        points,
        periods=alarm.evaluation_periods,
        needed=alarm.needed,
        breaches=lambda value: compare(value, alarm.threshold),
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
        treat_missing="ignore" if alarm.namespace == "AWS/DynamoDB" else alarm.treat_missing or "missing",
        too_few_samples=scarce,
    )
