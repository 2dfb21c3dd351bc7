"""The series that a request does not name one by one: those that SEARCH finds, and those of Metrics Insights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trunkline.aws.service import Doc
from trunkline.engines.telemetry import Metric
from trunkline.services.cloudwatch import metrics_insights
from trunkline.services.cloudwatch.expressions import ExpressionError, Series, Window
from trunkline.services.cloudwatch.expressions.search import Named
from trunkline.services.cloudwatch.expressions.search import parse as parse_search
from trunkline.services.cloudwatch.statistics import UnknownStatistic
from trunkline.services.cloudwatch.statistics import parse as parse_statistic

if TYPE_CHECKING:
    from trunkline.services.cloudwatch.reading import Reader

_MOST_SERIES = 500
_MOST_QUERIED = 10_000
_MOST_POINTS = 100_800

RuleReports = Mapping[tuple[str, str], Callable[[Window], Series]]
"""What is known of INSIGHT_RULE_METRIC(rule, metric)."""


@dataclass
class Finder:
    """`messages`: what the answer to the request must say of what was found."""

    reader: Reader
    account: str
    region: str
    range_ms: tuple[int, int]
    period_s: int
    rules: RuleReports = field(default_factory=dict)
    messages: list[Doc] = field(default_factory=list)

    def search(self, text: str, statistic: str, period_s: int) -> list[Series]:
        test = parse_search(text)
        window = self._window(period_s)
        try:
            of = parse_statistic(statistic)
        except UnknownStatistic:
            raise ExpressionError(f"{statistic} is no statistic") from None
        found = [one for one in self._recent() if test(Named(one.namespace, one.name, one.dimensions))]
        found = self._capped(found, _MOST_SERIES)
        return [
            Series(window, label=_label(metric)).of(
                {bucket.start_ms: value for bucket in buckets if (value := of.of(bucket)) is not None}
            )
            for metric, buckets in self.reader.many(found, window, values=of.values)
        ]

    def select(self, query: str, period_s: int) -> Series | list[Series]:
        wanted = metrics_insights.parse(query)
        window = self._window(period_s)
        found = [one for one in self._recent(wanted.namespace, wanted.metric) if wanted.wants(one)]
        return metrics_insights.answer(
            wanted, window, self.reader.many(self._capped(found, _MOST_QUERIED), window, all_units=True)
        )

    def insight(self, rule: str, metric: str) -> Series:
        report = self.rules.get((rule, metric))
        if report is None:
            raise ExpressionError(f"there is no Contributor Insights rule '{rule}' with a metric '{metric}'")
        return report(self._window(self.period_s))

    def _recent(self, namespace: str | None = None, name: str | None = None) -> list[Metric]:
        return self.reader.recent(self.account, self.region, namespace, name)

    def _capped(self, found: list[Metric], most: int) -> list[Metric]:
        if len(found) > most:
            message = f"The maximum number of allowed metrics, {most}, exceeded"
            self.messages.append({"Code": "MaxMetricsExceeded", "Value": message})
        return found[:most]

    def _window(self, period_s: int) -> Window:
        if period_s not in {1, 5, 10, 20, 30} and (period_s <= 0 or period_s % 60):
            raise ExpressionError(f"a period is 1, 5, 10, 20, 30 or a multiple of 60, not {period_s}")
        window = Window(*self.range_ms, period_s)
        if len(window.times_ms()) > _MOST_POINTS:
            raise ExpressionError("more than 100,800 datapoints: increase the period or shorten the time range")
        return window


def _label(metric: Metric) -> str:
    """The values of its dimensions and its name."""
    return " ".join([*(value for _, value in metric.dimensions), metric.name])
