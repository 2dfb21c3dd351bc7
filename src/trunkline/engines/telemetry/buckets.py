"""Observations of metrics put together period by period, from hot slices and from cold files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from trunkline.engines.telemetry.cold import samples as cold_samples
from trunkline.engines.telemetry.cold.manifest import Manifest
from trunkline.engines.telemetry.cold.samples import Sums, Times
from trunkline.engines.telemetry.holdings import View
from trunkline.engines.telemetry.interface import Bucket, Metric, StatisticSet
from trunkline.engines.telemetry.sqlite.samples import SampleStore
from trunkline.engines.telemetry.worker.client import Worker

_Periods = dict[int, Bucket]


def buckets(
    view: View,
    manifest: Manifest,
    worker: Worker,
    metrics: Sequence[Metric],
    times: Times,
    unit: str | None,
    *,
    values: bool,
) -> dict[Metric, dict[str, list[Bucket]]]:
    found: dict[Metric, dict[str, _Periods]] = {metric: {} for metric in metrics}
    places: dict[int, _Periods] = {}
    for metric, by_unit in found.items():
        for slice_ in view.hot:
            for series_unit, series in slice_.samples.units(metric):
                if unit in (None, series_unit):
                    _collect(by_unit.setdefault(series_unit, {}), slice_.samples, series, times, values)
        if view.files:
            for series, series_unit in manifest.series(metric):
                if unit in (None, series_unit):
                    places[series] = by_unit.setdefault(series_unit, {})
    if places:
        sums, pairs = cold_samples.buckets(manifest, view.files, worker, list(places), times, values=values)
        at = 0
        for one in sums:
            bucket = _add_sums(places[one.series], times, one)
            if values:
                bucket.values += pairs[at : at + one.values]
                at += one.values
    return {metric: _ordered(by_unit) for metric, by_unit in found.items()}


def units(view: View, manifest: Manifest, metric: Metric) -> list[str]:
    hot = {unit for slice_ in view.hot for unit, _ in slice_.samples.units(metric)}
    return sorted(hot.union(cold_samples.units(manifest, view.files, metric)))


def metrics(
    view: View, manifest: Manifest, of: tuple[str, str], namespace: str | None, name: str | None, since_ms: int
) -> list[Metric]:
    where, params = "account=? AND region=?", [*of]
    for column, value in (("namespace", namespace), ("name", name)):
        if value is not None:
            where += f" AND {column}=?"
            params.append(value)
    hot = {metric for slice_ in view.hot for metric in slice_.samples.metrics(where, params, since_ms)}
    return sorted(hot.union(cold_samples.metrics(manifest, view.files, of, namespace, name, since_ms)))


def _ordered(by_unit: dict[str, _Periods]) -> dict[str, list[Bucket]]:
    return {unit: [periods[start] for start in sorted(periods)] for unit, periods in by_unit.items() if periods}


def _bucket(into: _Periods, at: int) -> Bucket:
    bucket = into.get(at)
    if bucket is None:
        bucket = into[at] = Bucket(at, 0.0, 0.0, inf, -inf)
    return bucket


def _add_sums(into: _Periods, times: Times, sums: Sums) -> Bucket:
    bucket = _bucket(into, times.start_ms + sums.bucket * times.period_ms)
    _add(bucket, sums.observations, sums.total, sums.minimum, sums.maximum)
    bucket.summarised += sums.summarised
    return bucket


def _collect(into: _Periods, store: SampleStore, series: int, times: Times, values: bool) -> None:
    start, end, period = times
    for time_ms, value in store.values(series, start, end):
        bucket = _bucket(into, time_ms - (time_ms - start) % period)
        if isinstance(value, float):
            _add(bucket, 1.0, value, value, value)
            if values:
                bucket.values.append((value, 1.0))
        elif isinstance(value, StatisticSet):
            _add(bucket, *value)
            bucket.summarised += value.samples
        else:
            pairs: Iterable[tuple[float, float]] = list(zip(value.values, value.counts, strict=True))
            _add(bucket, sum(value.counts), sum(v * n for v, n in pairs), min(value.values), max(value.values))
            if values:
                bucket.values += pairs


def _add(bucket: Bucket, count: float, total: float, minimum: float, maximum: float) -> None:
    bucket.count += count
    bucket.total += total
    bucket.minimum = min(bucket.minimum, minimum)
    bucket.maximum = max(bucket.maximum, maximum)
