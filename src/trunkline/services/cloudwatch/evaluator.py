"""Evaluate every alarm in real time.

As AWS does: alarms with a period below a minute every ten seconds, all others every minute, each over the periods that
end at that moment (so a five-minute alarm looks at five minutes that slide by one). The look is taken most of a second
later, so that what publishers put once a second counts in full, but as much earlier as it takes for all alarms to be
done within a second. Only what changes is written, all changes of a batch in one commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from trunkline.aws.alarms import EXTRA_PERIODS, Point, judge
from trunkline.core.clock import Clock
from trunkline.core.ledger import Ledger
from trunkline.core.log import get
from trunkline.engines.telemetry import Metric
from trunkline.services.cloudwatch import anomaly, metric_math, reasons
from trunkline.services.cloudwatch.anomaly import Trainer
from trunkline.services.cloudwatch.events import State
from trunkline.services.cloudwatch.expressions import BandOf, Series, Sheet, Window
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.model import HISTORY_KEPT_MS, SAMPLES_KEPT_MS, MetricAlarm
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.statistics import parse
from trunkline.services.cloudwatch.store import Store
from trunkline.services.cloudwatch.transitions import Transition, set_states

log = get(__name__)

_TICK_S = 10
_DELAY_S = 0.8
_LEAST_DELAY_S = 0.3
_DONE_BY_S = 0.95
_AT_ONCE = 100
_HOUR_S = 3600
_PATIENCE_S = 1.0
"""How long a round waits for its slow alarms, which then go on beside the next."""


class Evaluator:
    def __init__(self, store: Store, reader: Reader, ledger: Ledger, clock: Clock, trainer: Trainer) -> None:
        self._store = store
        self._reader = reader
        self._telemetry = reader.telemetry
        self._trainer = trainer
        self._ledger = ledger
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._took_s = 0.0
        self._slow: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="cloudwatch-evaluator")

    async def stop(self) -> None:
        tasks = [task for task in (self._task, self._slow) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        boundary_s = int(self._clock.time()) // _TICK_S * _TICK_S
        while True:
            delay_s = max(_LEAST_DELAY_S, min(_DELAY_S, _DONE_BY_S - self._took_s))
            # A boundary missed, because the machine slept or was slow, is passed over: the next look sees its data.
            boundary_s = max(boundary_s + _TICK_S, int(self._clock.time() - delay_s) // _TICK_S * _TICK_S)
            await self._clock.sleep(boundary_s + delay_s - self._clock.time())
            began = self._clock.monotonic()
            try:
                await self.tick(boundary_s)
            except Exception:
                log.exception("evaluating the alarms failed; the next round goes on")
            if boundary_s % 60 == 0:
                self._took_s = self._clock.monotonic() - began

    async def tick(self, boundary_s: int) -> None:
        """Evaluate the alarms that are due at this boundary."""
        due: list[MetricAlarm] = []
        slow: list[MetricAlarm] = []
        for alarm in self._store.every_alarm():
            if boundary_s % _interval_s(alarm) == 0:
                (slow if alarm.banded or alarm.selects else due).append(alarm)
        changed: list[Transition] = []
        for at in range(0, len(due), _AT_ONCE):
            found = [self._judged(alarm, boundary_s) for alarm in due[at : at + _AT_ONCE]]
            changed += [transition for transition in found if transition is not None]
            await asyncio.sleep(0)  # requests come first
        for at in range(0, len(changed), _AT_ONCE):
            await set_states(self._store, self._ledger, changed[at : at + _AT_ONCE])
        if slow and (self._slow is None or self._slow.done()):
            self._slow = asyncio.create_task(self._judge_slow(slow, boundary_s))
            await asyncio.wait([self._slow], timeout=_PATIENCE_S)
        if boundary_s % _HOUR_S == 0:
            await self._store.prune_history(boundary_s * 1000 - HISTORY_KEPT_MS)
            await self._telemetry.expire_samples(boundary_s * 1000 - SAMPLES_KEPT_MS)

    async def _judge_slow(self, alarms: Sequence[MetricAlarm], boundary_s: int) -> None:
        """Alarms for which the others do not wait: a model may have to be trained first, or many metrics be found."""
        for alarm in alarms:
            try:
                bands = await anomaly.bands(self._trainer, alarm.account, alarm.region, alarm.queries)
            except Exception:
                log.exception("what is normal for an alarm could not be learnt", alarm=alarm.arn)
                continue
            transition = await asyncio.to_thread(self._judged, alarm, boundary_s, bands)
            if transition is not None:
                await set_states(self._store, self._ledger, [transition])

    def _judged(
        self, alarm: MetricAlarm, boundary_s: int, bands: Mapping[str, BandOf] | None = None
    ) -> Transition | None:
        """The change of state that its data call for."""
        try:
            points = self.points(alarm, boundary_s * 1000, bands)
            verdict = judge(alarm.setting, points)
            if verdict.state is None or verdict.state == alarm.state:
                return None
            now_ms = int(self._clock.time() * 1000)
            data = reasons.reason_data(alarm, points, now_ms)
            return Transition(alarm, State(verdict.state, reasons.reason(alarm, verdict), data, now_ms))
        except Exception:
            log.exception("an alarm could not be evaluated", alarm=alarm.arn)
            return None

    def points(self, alarm: MetricAlarm, end_ms: int, bands: Mapping[str, BandOf] | None = None) -> list[Point]:
        """One point for each period of the evaluation range that ends at `end_ms`, the oldest first."""
        period_ms = alarm.period_s * 1000
        start_ms = end_ms - (alarm.evaluation_periods + EXTRA_PERIODS) * period_ms
        times = range(start_ms, end_ms, period_ms)
        if alarm.computed:
            return self._computed(alarm, Window(start_ms, end_ms, alarm.period_s, start_ms), bands)
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

    def _computed(self, alarm: MetricAlarm, window: Window, bands: Mapping[str, BandOf] | None) -> list[Point]:
        """What the alarm's expressions make of its metrics; while nothing is known of what is normal, nothing."""
        sheet = self._selected(alarm, window) if alarm.selects else self._sheet(alarm, window, bands)
        watched = _series(sheet, alarm, alarm.query_id)[0].points
        if alarm.threshold_query_id is None:
            return [Point(at, watched.get(at)) for at in window.times_ms()]
        low, high = (one.points for one in _series(sheet, alarm, alarm.threshold_query_id))
        return [
            Point(at, watched.get(at), band=(low[at], high[at])) if at in low and at in high else Point(at)
            for at in window.times_ms()
        ]

    def _selected(self, alarm: MetricAlarm, window: Window) -> Sheet:
        """For a Metrics Insights query, which finds its metrics itself."""
        times = window.times_ms()
        return self._reader.sheet(alarm.account, alarm.region, alarm.queries, times.start, times.stop)[0]

    def _sheet(self, alarm: MetricAlarm, window: Window, bands: Mapping[str, BandOf] | None) -> Sheet:
        """The alarm's metrics, over periods that need not be aligned."""
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
        return metric_math.sheet(alarm.queries, metrics, window, bands=bands)


def _series(sheet: Sheet, alarm: MetricAlarm, query_id: str | None) -> list[Series]:
    query = next(query for query in alarm.queries if query["Id"] == query_id)
    if "MetricStat" in query:
        return [sheet.metrics[query["Id"]]]
    made = metric_math.result(sheet, query)
    return [made] if isinstance(made, Series) else made


def _interval_s(alarm: MetricAlarm) -> int:
    """How often it is looked at; of a Metrics Insights query at the end of each period only."""
    if alarm.selects:
        return alarm.period_s
    return _TICK_S if alarm.period_s < 60 else 60
