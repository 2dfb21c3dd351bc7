"""Read stored metrics as the time series that queries ask for, and lay them out for metric math."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trunkline.aws.service import Doc
from trunkline.core.clock import Clock
from trunkline.engines.telemetry import Bucket, Metric, Telemetry
from trunkline.services.cloudwatch import metric_math
from trunkline.services.cloudwatch.expressions import BandOf, Series, Sheet, Window
from trunkline.services.cloudwatch.finding import Finder, RuleReports
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.statistics import Statistic, parse

_DAY_MS = 86_400_000
_VISIBLE_MS = 14 * _DAY_MS
"""Searches find the metrics that had data in the last two weeks."""
_KEPT = ((60, 3 * 3_600_000), (300, 15 * _DAY_MS), (3600, 63 * _DAY_MS))
"""Data of periods that are no multiple of so many seconds are there for so long; the others for 455 days.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""


@dataclass(frozen=True)
class Reader:
    telemetry: Telemetry
    clock: Clock

    def buckets(
        self, identity: Metric, window: Window, *, unit: str | None = None, values: bool = False
    ) -> dict[str, list[Bucket]]:
        """The observations in each period of the window, by unit, as far back as AWS keeps that period."""
        times = self._kept(window)
        if not times:
            return {}
        return self.telemetry.buckets(identity, times.start, times.stop, times.step, unit=unit, values=values)

    def _kept(self, window: Window) -> range:
        times = window.times_ms()
        for seconds, kept_ms in _KEPT:
            if window.period_s % seconds:
                oldest_ms = int(self.clock.time() * 1000) - kept_ms
                passed = max(0, -(-(oldest_ms - times.start) // times.step))
                return range(times.start + passed * times.step, times.stop, times.step)
        return times

    def many(
        self, metrics: Sequence[Metric], window: Window, *, values: bool = False, all_units: bool = False
    ) -> Iterator[tuple[Metric, list[Bucket]]]:
        """The observations of each metric; of its newest unit, unless those of all count."""
        times = self._kept(window)
        found = self.telemetry.buckets_of(metrics, times.start, times.stop, times.step, values=values) if times else {}
        for one in metrics:
            by_unit = found.get(one, {})
            if all_units:
                yield one, [bucket for buckets in by_unit.values() for bucket in buckets]
            else:
                yield one, newest_unit(by_unit)

    def recent(self, account: str, region: str, namespace: str | None = None, name: str | None = None) -> list[Metric]:
        """The metrics that had data in the last two weeks."""
        since_ms = int(self.clock.time() * 1000) - _VISIBLE_MS
        return self.telemetry.metrics(account, region, namespace=namespace, name=name, since_ms=since_ms)

    def series(
        self, account: str, region: str, queries: Sequence[Doc], start_ms: int, end_ms: int
    ) -> dict[str, Series]:
        """The metrics of queries, by their ids: one value for each period that has data."""
        groups: dict[tuple[int, str | None, bool], list[tuple[Doc, Metric]]] = {}
        for query in queries:
            stat = query["MetricStat"]
            named = stat["Metric"]
            identity = metric(
                account, region, named.get("Namespace", ""), named.get("MetricName", ""), named.get("Dimensions")
            )
            group = (stat["Period"], stat.get("Unit"), parse(stat["Stat"]).values)
            groups.setdefault(group, []).append((query, identity))
        found: dict[str, Series] = {}
        for (period_s, unit, values), members in groups.items():
            window = Window(start_ms, end_ms, period_s)
            times = self._kept(window)
            wanted = list({identity for _, identity in members})
            read = self.telemetry.buckets_of(wanted, times.start, times.stop, times.step, unit=unit, values=values)
            for query, identity in members:
                statistic = parse(query["MetricStat"]["Stat"])
                known = points(newest_unit(read.get(identity, {})), statistic)
                reread = self._reread(identity, query, start_ms, end_ms)
                found[query["Id"]] = Series(window, known, metric_math.label(query), reread)
        return {query["Id"]: found[query["Id"]] for query in queries}

    def _reread(self, identity: Metric, query: Doc, start_ms: int, end_ms: int) -> Callable[[int], Series]:
        def reread(period_s: int) -> Series:
            statistic, window = parse(query["MetricStat"]["Stat"]), Window(start_ms, end_ms, period_s)
            by_unit = self.buckets(identity, window, unit=query["MetricStat"].get("Unit"), values=statistic.values)
            return Series(window, points(newest_unit(by_unit), statistic), metric_math.label(query))

        return reread

    def sheet(
        self,
        account: str,
        region: str,
        queries: Sequence[Doc],
        start_ms: int,
        end_ms: int,
        *,
        bands: Mapping[str, BandOf] | None = None,
        rules: RuleReports | None = None,
    ) -> tuple[Sheet, Finder]:
        """The metrics of a request, read, and its expressions, ready to be evaluated."""
        metrics = self.series(account, region, metric_math.metric_queries(queries), start_ms, end_ms)
        window = Window(start_ms, end_ms, metric_math.period_s(queries))
        finder = Finder(self, account, region, (start_ms, end_ms), window.period_s, rules or {})
        return metric_math.sheet(queries, metrics, window, finder, bands), finder


def newest_unit(by_unit: Mapping[str, list[Bucket]]) -> list[Bucket]:
    """AWS keeps units apart: where none is asked for, that of the newest observations counts."""
    return max(by_unit.values(), key=lambda found: found[-1].start_ms, default=[])


def points(buckets: Iterable[Bucket], statistic: Statistic) -> dict[int, float]:
    values = ((bucket.start_ms, statistic.of(bucket)) for bucket in buckets)
    return {at: value for at, value in values if value is not None}
