"""The data points that an alarm would have seen, read through CloudWatch's API as the principal who asks.

An alarm looks every minute at periods that end then, so periods overlap. Of a metric with a simple statistic the
minutes are read once, and periods of any length made of them. Percentiles cannot be put together: they are asked for
once for each minute that a period may begin in. Expressions are had from GetMetricData, whose periods do not overlap:
they are judged at the end of each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trunkline.aws.alarms import EXTRA_PERIODS, Point
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit

Doc = dict[str, Any]
Points = Mapping[int, Point]
"""By the start of the period; a period without data is absent."""

_MOST_POINTS = 1440
"""In one answer of GetMetricStatistics."""
_MINUTES_KEPT_MS = 15 * 86_400_000
_SECONDS_KEPT_MS = 3 * 3_600_000
_SIMPLE = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


class History:
    """What one alarm watches, between two times."""

    def __init__(self, kit: Kit, caller: Caller, alarm: Doc, start_ms: int, end_ms: int) -> None:
        self._kit = kit
        self._caller = caller
        self._alarm = alarm
        self.start_ms = start_ms
        self.end_ms = end_ms
        self._minutes: dict[int, list[tuple[int, Doc]]] = {}

    @property
    def slides(self) -> bool:
        return not self._alarm.get("Metrics")

    def step_s(self, period_s: int) -> int:
        """How often the alarm is judged: each minute, of long periods and of expressions less often."""
        if not self.slides:
            return period_s
        return 10 if period_s < 60 else max(60, period_s // 60 // 60 * 60)

    async def points(self, period_s: int, periods: int) -> Points:
        """Of every period that an alarm which looks at so many of them may see."""
        now_ms = int(self._kit.clock.time() * 1000)
        kept_ms = _SECONDS_KEPT_MS if period_s < 60 else _MINUTES_KEPT_MS
        if self.slides and self.start_ms < now_ms - kept_ms and period_s % 300:
            days = f"{kept_ms / 86_400_000:g} days" if period_s >= 60 else "3 hours"
            message = f"CloudWatch keeps values of {period_s} s for {days}: choose a later --since, or --period 300"
            raise AwsError("ValidationException", message, status=400)
        before_ms = (periods + EXTRA_PERIODS) * period_s * 1000
        start_ms = (self.start_ms - before_ms) // 60_000 * 60_000
        if not self.slides:
            return await self._computed(period_s, start_ms // (period_s * 1000) * period_s * 1000)
        statistic = self._alarm.get("Statistic") or self._alarm["ExtendedStatistic"]
        if statistic in _SIMPLE:
            base_s = 10 if period_s < 60 else 300 if self.start_ms < now_ms - _MINUTES_KEPT_MS else 60
            return _slid(await self._base(base_s, start_ms), statistic, period_s, self.step_s(period_s))
        found: dict[int, Point] = {}
        step_ms = self.step_s(period_s) * 1000
        for phase_ms in range(0, period_s * 1000, step_ms):
            for one in await self._statistics(start_ms + phase_ms, period_s, {"ExtendedStatistics": [statistic]}):
                value = one.get("ExtendedStatistics", {}).get(statistic)
                if value is not None:
                    at = _ms(one["Timestamp"])
                    found[at] = Point(at, value, one["SampleCount"])
        return found

    async def _base(self, base_s: int, start_ms: int) -> list[tuple[int, Doc]]:
        """The shortest periods there are, in order; read once."""
        known = self._minutes.get(base_s)
        if known is None or start_ms < known[0][0]:
            found = await self._statistics(start_ms, base_s, {})
            known = [(start_ms, {}), *sorted(((_ms(one["Timestamp"]), one) for one in found), key=lambda one: one[0])]
            self._minutes[base_s] = known
        return [one for one in known if one[1] and one[0] >= start_ms]

    async def _statistics(self, start_ms: int, period_s: int, extended: Doc) -> list[Doc]:
        alarm = self._alarm
        asked = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions", "Unit") if alarm.get(name)}
        simple = ["SampleCount"] if extended else ["SampleCount", "Sum", "Minimum", "Maximum"]
        span_ms = _MOST_POINTS * period_s * 1000
        found: list[Doc] = []
        for at in range(start_ms, self.end_ms, span_ms):
            request = {
                **asked,
                **extended,
                "Statistics": simple,
                "Period": period_s,
                "StartTime": _moment(at),
                "EndTime": _moment(min(at + span_ms, self.end_ms)),
            }
            answer = await self._kit.call("cloudwatch", "GetMetricStatistics", request, as_=self._caller)
            found += answer["Datapoints"]
        return found

    async def _computed(self, period_s: int, start_ms: int) -> Points:
        queries = [_with_period(query, period_s) for query in self._alarm["Metrics"]]
        band_id = self._alarm.get("ThresholdMetricId")
        request = {
            "MetricDataQueries": queries,
            "StartTime": _moment(start_ms),
            "EndTime": _moment(self.end_ms),
            "ScanBy": "TimestampAscending",
        }
        results = await self._kit.call.pages(
            "cloudwatch", "GetMetricData", "MetricDataResults", request, as_=self._caller
        )
        values: dict[str, dict[int, float]] = {}
        for one in results:
            edge = "value" if one["Id"] != band_id else "low" if one["Label"].endswith("low") else "high"
            series = values.setdefault(edge, {})
            series.update(zip((_ms(at) for at in one["Timestamps"]), one["Values"], strict=True))
        watched = values.get("value", {})
        if band_id is None:
            return {at: Point(at, value) for at, value in watched.items()}
        low, high = values.get("low", {}), values.get("high", {})
        return {
            at: Point(at, value, band=(low[at], high[at])) for at, value in watched.items() if at in low and at in high
        }


def _slid(base: list[tuple[int, Doc]], statistic: str, period_s: int, step_s: int) -> Points:
    """Periods that start at every step, each made of the base periods inside it."""
    if not base:
        return {}
    period_ms, step_ms = period_s * 1000, step_s * 1000
    found: dict[int, Point] = {}
    inside: deque[tuple[int, Doc]] = deque()
    first = (base[0][0] - period_ms) // step_ms * step_ms + step_ms
    place = 0
    for start in range(first, base[-1][0] + 1, step_ms):
        while place < len(base) and base[place][0] < start + period_ms:
            inside.append(base[place])
            place += 1
        while inside and inside[0][0] < start:
            inside.popleft()
        if inside:
            found[start] = _merged(start, [one for _, one in inside], statistic)
    return found


def _merged(start_ms: int, parts: list[Doc], statistic: str) -> Point:
    count = sum(one["SampleCount"] for one in parts)
    if statistic == "SampleCount":
        value = count
    elif statistic == "Minimum":
        value = min(one["Minimum"] for one in parts)
    elif statistic == "Maximum":
        value = max(one["Maximum"] for one in parts)
    else:
        value = sum(one["Sum"] for one in parts)
        value = value / count if statistic == "Average" else value
    return Point(start_ms, value, count)


def _with_period(query: Doc, period_s: int) -> Doc:
    if "MetricStat" not in query:
        return {**query, "Period": period_s} if "Period" in query else query
    return {**query, "MetricStat": {**query["MetricStat"], "Period": period_s}}


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
