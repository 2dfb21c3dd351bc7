"""Read stored metrics as the time series that queries ask for, and lay them out for metric math."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trunkline.aws.service import Doc
from trunkline.core.clock import Clock
from trunkline.engines.telemetry import Bucket, Telemetry
from trunkline.services.cloudwatch import metric_math
from trunkline.services.cloudwatch.expressions import BandOf, Series, Sheet, Window
from trunkline.services.cloudwatch.finding import Finder
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.statistics import Statistic, parse

VISIBLE_MS = 14 * 86_400_000
"""Searches find the metrics that had data in the last two weeks."""


@dataclass(frozen=True)
class Reader:
    telemetry: Telemetry
    clock: Clock

    def series(self, account: str, region: str, query: Doc, start_ms: int, end_ms: int) -> Series:
        """The metric of a query, one value for each period that has data."""
        stat = query["MetricStat"]
        named = stat["Metric"]
        window = Window(start_ms, end_ms, stat["Period"])
        identity = metric(
            account, region, named.get("Namespace", ""), named.get("MetricName", ""), named.get("Dimensions")
        )
        times, statistic = window.times_ms(), parse(stat["Stat"])
        by_unit = self.telemetry.buckets(
            identity, times.start, times.stop, times.step, unit=stat.get("Unit"), values=statistic.values
        )
        return Series(window, points(newest_unit(by_unit), statistic), metric_math.label(query))

    def sheet(
        self,
        account: str,
        region: str,
        queries: Sequence[Doc],
        start_ms: int,
        end_ms: int,
        bands: Mapping[str, BandOf] | None = None,
    ) -> Sheet:
        """The metrics of a request, read, and its expressions, ready to be evaluated."""
        metrics = {
            query["Id"]: self.series(account, region, query, start_ms, end_ms)
            for query in metric_math.metric_queries(queries)
        }
        window = Window(start_ms, end_ms, metric_math.period_s(queries))
        since_ms = int(self.clock.time() * 1000) - VISIBLE_MS
        finder = Finder(self.telemetry, account, region, (start_ms, end_ms), since_ms)
        return metric_math.sheet(queries, metrics, window, finder.series, bands)


def newest_unit(by_unit: Mapping[str, list[Bucket]]) -> list[Bucket]:
    """AWS keeps units apart: where none is asked for, that of the newest observations counts."""
    return max(by_unit.values(), key=lambda found: found[-1].start_ms, default=[])


def points(buckets: Iterable[Bucket], statistic: Statistic) -> dict[int, float]:
    values = ((bucket.start_ms, statistic.of(bucket)) for bucket in buckets)
    return {at: value for at, value in values if value is not None}
