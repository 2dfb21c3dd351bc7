"""Questions about metrics over all slices: units, lists, and observations put together period by period."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from trunkline.engines.telemetry.interface import Bucket, Metric, StatisticSet
from trunkline.engines.telemetry.sqlite.samples import SampleStore


def units(stores: Sequence[SampleStore], metric: Metric) -> list[str]:
    return sorted({unit for store in stores for unit, _ in store.units(metric)})


def metrics(
    stores: Sequence[SampleStore], of: tuple[str, str], namespace: str | None, name: str | None, since_ms: int
) -> list[Metric]:
    where, params = "account=? AND region=?", [*of]
    for column, value in (("namespace", namespace), ("name", name)):
        if value is not None:
            where += f" AND {column}=?"
            params.append(value)
    return sorted({metric for store in stores for metric in store.metrics(where, params, since_ms)})


def buckets(
    stores: Sequence[SampleStore], metric: Metric, window: tuple[int, int, int], unit: str | None, values: bool
) -> dict[str, list[Bucket]]:
    found: dict[str, dict[int, Bucket]] = {}
    for store in stores:
        for series_unit, series in store.units(metric):
            if unit is None or unit == series_unit:
                _collect(found.setdefault(series_unit, {}), store, series, window, values)
    return {unit: [by_start[start] for start in sorted(by_start)] for unit, by_start in found.items() if by_start}


def _collect(
    into: dict[int, Bucket], store: SampleStore, series: int, window: tuple[int, int, int], values: bool
) -> None:
    start, end, period = window
    for time_ms, value in store.values(series, start, end):
        at = time_ms - (time_ms - start) % period
        bucket = into.get(at)
        if bucket is None:
            bucket = into[at] = Bucket(at, 0.0, 0.0, inf, -inf)
        if isinstance(value, float):
            _add(bucket, 1.0, value, value, value)
            if values:
                bucket.values.append((value, 1.0))
        elif isinstance(value, StatisticSet):
            _add(bucket, *value)
            bucket.summarised += value.samples
        else:
            pairs = list(zip(value.values, value.counts, strict=True))
            _add(bucket, sum(value.counts), sum(v * n for v, n in pairs), min(value.values), max(value.values))
            if values:
                bucket.values += pairs


def _add(bucket: Bucket, count: float, total: float, minimum: float, maximum: float) -> None:
    bucket.count += count
    bucket.total += total
    bucket.minimum = min(bucket.minimum, minimum)
    bucket.maximum = max(bucket.maximum, maximum)
