"""Count what was good and what was bad, from CloudWatch's metrics.

An objective over periods counts seconds, one over requests counts requests. CloudWatch keeps minutes for 15 days and
five minutes for 63: what is older is read in the periods that are left.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from trunkline.aws.service import Caller, Kit
from trunkline.services.applicationsignals.excluding import Excluded
from trunkline.services.applicationsignals.model import PERIODS, Objective, interval_at

Doc = dict[str, Any]

_COMPARISONS = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_DAY_MS = 86_400_000
_AGES: tuple[tuple[int, int], ...] = ((63 * _DAY_MS, 3600), (15 * _DAY_MS, 300), (0, 1))
"""From this age on, the shortest period in seconds."""


class Count(NamedTuple):
    """Of one period."""

    start_ms: int
    good: float
    bad: float


class Budget(NamedTuple):
    """`total` and `remaining` in seconds or in requests."""

    status: str
    attainment_pct: float | None
    total: int
    remaining: int


def rate_of_errors(counts: Iterable[Count], since_ms: int) -> float | None:
    """The bad among all from a time on; None of nothing."""
    good = bad = 0.0
    for count in counts:
        if count.start_ms >= since_ms:
            good, bad = good + count.good, bad + count.bad
    return bad / (good + bad) if good + bad > 0 else None


def budget(objective: Objective, counts: Iterable[Count], interval_s: float) -> Budget:
    """What is left of the error budget; `interval_s`: the whole interval without what is excluded."""
    good = bad = 0.0
    for count in counts:
        good, bad = good + count.good, bad + count.bad
    allowed = (100 - objective.goal_pct) / 100
    of = interval_s if objective.kind == PERIODS else good + bad
    total = int(of * allowed + 1e-9)
    remaining = int(total - bad)
    if good + bad <= 0:
        return Budget("INSUFFICIENT_DATA", None, total, remaining)
    attained = 100 * good / (good + bad)
    if bad > 0 and remaining <= 0:
        return Budget("BREACHED", attained, total, remaining)
    warned = total > 0 and 100 * remaining / total < objective.warning_pct
    return Budget("WARNING" if warned else "OK", attained, total, remaining)


class Measuring:
    """Reads CloudWatch as the service itself."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def budget_at(self, objective: Objective, at: datetime) -> Budget:
        start, end = interval_at(objective.interval, at)
        start_ms, end_ms = _ms(start), _ms(end)
        excluded = Excluded(objective.exclusions, start_ms, end_ms)
        counts = await self.counts(objective, start_ms, min(end_ms, _ms(at)))
        return budget(objective, counts, (end_ms - start_ms) / 1000 - excluded.seconds)

    async def counts(self, objective: Objective, start_ms: int, end_ms: int) -> list[Count]:
        """Of each period with data that is not excluded."""
        now_ms = int(self._kit.clock.time() * 1000)
        excluded = Excluded(objective.exclusions, start_ms, end_ms)
        found: list[Count] = []
        begin = start_ms
        for age_ms, least_s in _AGES:
            until = min(end_ms, now_ms - age_ms) if age_ms else end_ms
            if begin < until:
                found += await self._counted(objective, begin, until, least_s)
                begin = until
        return [count for count in found if count.start_ms >= start_ms and not excluded.holds(count.start_ms)]

    async def _counted(self, objective: Objective, start_ms: int, end_ms: int, least_s: int) -> list[Count]:
        metric = objective.metric
        if objective.kind == PERIODS:
            queries = metric["MetricDataQueries"]
            period_s = period_of(queries, least_s)
            meets, threshold = _COMPARISONS[objective.comparison or ""], objective.threshold or 0.0
            values = await self.values(objective, queries, start_ms, end_ms, least_s)
            return [
                Count(at, period_s, 0.0) if meets(value, threshold) else Count(at, 0.0, period_s)
                for at, value in values.items()
            ]
        total = await self.values(objective, metric["TotalRequestCountMetric"], start_ms, end_ms, least_s)
        [(counted, queries)] = metric["MonitoredRequestCountMetric"].items()
        monitored = await self.values(objective, queries, start_ms, end_ms, least_s)
        found = []
        for at, requests in total.items():
            some = min(max(monitored.get(at, 0.0), 0.0), requests)
            good = some if counted == "GoodCountMetric" else requests - some
            found.append(Count(at, good, requests - good))
        return found

    async def values(
        self, objective: Objective, queries: list[Doc], start_ms: int, end_ms: int, least_s: int = 1
    ) -> dict[int, float]:
        request = {
            "MetricDataQueries": [_coarser(query, least_s) for query in queries],
            "StartTime": datetime.fromtimestamp(start_ms / 1000, UTC),
            "EndTime": datetime.fromtimestamp(end_ms / 1000, UTC),
            "ScanBy": "TimestampAscending",
        }
        as_ = Caller.service("application-signals.cloudwatch.amazonaws.com", objective.account, objective.region)
        found: dict[int, float] = {}
        pages = await self._kit.call.pages("cloudwatch", "GetMetricData", "MetricDataResults", request, as_=as_)
        for result in pages:
            found.update(zip((_ms(at) for at in result["Timestamps"]), result["Values"], strict=True))
        return found


def period_of(queries: list[Doc], least_s: int = 1) -> int:
    periods = [query["MetricStat"]["Period"] for query in queries if "MetricStat" in query]
    periods = periods or [query["Period"] for query in queries if "Period" in query]
    return _at_least(max(periods, default=60), least_s)


def _at_least(period_s: int, least_s: int) -> int:
    return -(-period_s // least_s) * least_s


def _coarser(query: Doc, least_s: int) -> Doc:
    if "MetricStat" not in query:
        return query
    stat = query["MetricStat"]
    return {**query, "MetricStat": {**stat, "Period": _at_least(stat["Period"], least_s)}}


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
