"""The series that a SEARCH stands for: of the metrics with data in the last two weeks, those that it finds."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.engines.telemetry import Metric, Telemetry
from trunkline.services.cloudwatch.expressions import ExpressionError, Series, Window
from trunkline.services.cloudwatch.expressions.search import Named, parse
from trunkline.services.cloudwatch.statistics import UnknownStatistic
from trunkline.services.cloudwatch.statistics import parse as parse_statistic

_MOST_SERIES = 500
_MOST_POINTS = 100_800


@dataclass(frozen=True)
class Finder:
    telemetry: Telemetry
    account: str
    region: str
    range_ms: tuple[int, int]
    since_ms: int

    def series(self, text: str, statistic: str, period_s: int) -> list[Series]:
        test = parse(text)
        if period_s not in {1, 5, 10, 20, 30} and (period_s <= 0 or period_s % 60):
            raise ExpressionError(f"a period is 1, 5, 10, 20, 30 or a multiple of 60, not {period_s}")
        try:
            of = parse_statistic(statistic)
        except UnknownStatistic:
            raise ExpressionError(f"{statistic} is no statistic") from None
        window = Window(*self.range_ms, period_s)
        if len(window.times_ms()) > _MOST_POINTS:
            raise ExpressionError("more than 100,800 datapoints: increase the period or shorten the time range")
        metrics = self.telemetry.metrics(self.account, self.region, since_ms=self.since_ms)
        found = [one for one in metrics if test(Named(one.namespace, one.name, one.dimensions))][:_MOST_SERIES]
        made = []
        for one in found:
            times = window.times_ms()
            by_unit = self.telemetry.buckets(one, times.start, times.stop, times.step, values=of.values)
            buckets = max(by_unit.values(), key=lambda found: found[-1].start_ms, default=[])
            values = {bucket.start_ms: of.of(bucket) for bucket in buckets}
            points = {at: value for at, value in values.items() if value is not None}
            made.append(Series(window, label=_label(one)).of(points))
        return made


def _label(metric: Metric) -> str:
    """The values of its dimensions and its name."""
    return " ".join([*(value for _, value in metric.dimensions), metric.name])
