"""Data points as CloudWatch metric data.

namespace: `service.namespace/service.name` of the resource, or what of it there is, else `OTLP` (AWS's collector does
the same and says `default`). Dimensions: the point's attributes, as text. Units are CloudWatch's where they have one.

gauge → a value. Sum: what was added since the last point, where it only grows; else a value. Histogram → values with
counts, whose number, sum, minimum and maximum are exact and whose percentiles are within a bucket. Summary →
a statistic set. Points that tell everything since a start are turned into what was added since the last one (`Series`).
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from types import MappingProxyType
from typing import Any

from trunkline.agents.otlp.attributes import attributes
from trunkline.agents.otlp.histograms import Distribution, of_explicit, of_exponential, spread
from trunkline.aws.service import Doc
from trunkline.core.clock import Clock

_DELTA, _CUMULATIVE = 1, 2
_MOST_DIMENSIONS = 30
_MOST_DATA = 500
_MOST_VALUES = 150
_MOST_SERIES = 50_000
_NO_VALUE = 1  # the flag of a point that says only that there is none
_UNITS = {
    "s": "Seconds", "ms": "Milliseconds", "us": "Microseconds", "µs": "Microseconds",
    "By": "Bytes", "kBy": "Kilobytes", "MBy": "Megabytes", "GBy": "Gigabytes", "TBy": "Terabytes",
    "bit": "Bits", "kbit": "Kilobits", "Mbit": "Megabits", "Gbit": "Gigabits", "%": "Percent",
    "By/s": "Bytes/Second", "kBy/s": "Kilobytes/Second", "MBy/s": "Megabytes/Second", "bit/s": "Bits/Second",
}  # fmt: skip

Key = tuple[Any, ...]
Buckets = Mapping[tuple[float, float], int]
_NO_BUCKETS: Buckets = MappingProxyType({})


@dataclass(slots=True)
class _Last:
    start_ns: int
    time_ns: int
    told: tuple[float, ...]
    buckets: Buckets


class Series:
    """The last point of every series that tells totals, to find what was added since. Lost with the process: a series
    that began before it starts anew with its first point, which then adds nothing."""

    def __init__(self, clock: Clock) -> None:
        self._since_ns = int(clock.time() * 1e9)
        self._last: OrderedDict[Key, _Last] = OrderedDict()

    def added(
        self, key: Key, point: Any, told: tuple[float, ...], buckets: Buckets = _NO_BUCKETS
    ) -> tuple[tuple[float, ...], Buckets] | None:
        """What was added to each total, and the buckets that it was added to; None when that cannot be told.

        The first total only grows: where it does not, the series was started again without saying so."""
        last, start_ns, time_ns = self._last.get(key), point.start_time_unix_nano, point.time_unix_nano
        if last is not None and time_ns <= last.time_ns:
            return None  # sent again, or late
        self._last[key] = _Last(start_ns, time_ns, told, buckets)
        self._last.move_to_end(key)
        if len(self._last) > _MOST_SERIES:
            self._last.popitem(last=False)
        if last is not None and last.start_ns == start_ns and len(last.told) == len(told) and told[0] >= last.told[0]:
            return tuple(now - before for now, before in zip(told, last.told, strict=True)), last.buckets
        return (told, _NO_BUCKETS) if last is not None or start_ns >= self._since_ns else None


def data(message: Any, series: Series, place: tuple[str, str]) -> tuple[list[tuple[str, list[Doc]]], list[str]]:
    """(namespace, metric data) in the portions that PutMetricData takes, and why points were left out."""
    found: dict[str, list[Doc]] = {}
    bad: list[str] = []
    for resource_metrics in message.resource_metrics:
        namespace = _namespace(attributes(resource_metrics.resource.attributes))
        out = found.setdefault(namespace, [])
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                out += _Reader(metric, series, (*place, namespace), bad).data()
    batches = [
        (namespace, out[start : start + _MOST_DATA])
        for namespace, out in found.items()
        for start in range(0, len(out), _MOST_DATA)
    ]
    return batches, bad


def _namespace(resource: dict[str, Any]) -> str:
    named = [str(resource[key]) for key in ("service.namespace", "service.name") if resource.get(key)]
    return "/".join(named)[:255] or "OTLP"


class _Reader:
    """One metric of a request."""

    def __init__(self, metric: Any, series: Series, place: tuple[str, ...], bad: list[str]) -> None:
        self._metric = metric
        self._series = series
        self._place = place
        self._bad = bad
        self._unit = _unit(metric.unit)

    def data(self) -> Iterator[Doc]:
        kind = self._metric.WhichOneof("data")
        if kind is None:
            return
        held = getattr(self._metric, kind)
        for point in held.data_points:
            if point.flags & _NO_VALUE:
                continue
            dimensions = {key: str(one) for key, one in sorted(attributes(point.attributes).items()) if one != ""}
            if len(dimensions) > _MOST_DIMENSIONS:
                why = f"has {len(dimensions)} attributes; CloudWatch takes {_MOST_DIMENSIONS} dimensions"
                self._bad.append(f"A data point of {self._metric.name} {why}.")
                continue
            try:
                yield from self._datum(kind, held, point, dimensions)
            except ValueError as error:
                self._bad.append(f"A data point of {self._metric.name} {error}.")

    def _datum(self, kind: str, held: Any, point: Any, dimensions: dict[str, str]) -> Iterator[Doc]:
        around = {
            "MetricName": self._metric.name,
            "Dimensions": [{"Name": key, "Value": one[:1024]} for key, one in dimensions.items()],
            "Timestamp": _time(point.time_unix_nano),
            "Unit": self._unit,
        }
        key = (*self._place, self._metric.name, tuple(dimensions.items()))
        match kind:
            case "gauge" | "sum":
                number = self._number(kind, held, point, key)
                if number is not None:
                    yield {**around, "Value": number}
            case "histogram" | "exponential_histogram":
                of = of_explicit if kind == "histogram" else of_exponential
                found = self._since_last(of(point), held, point, key)
                values = spread(found) if found is not None else []
                if not all(isfinite(one) for one, _ in values):
                    raise _Unusable("has bounds that are not finite numbers")
                yield from _with_values(around, values)
            case "summary":
                yield from self._summary(around, point, key)

    def _number(self, kind: str, held: Any, point: Any, key: Key) -> float | None:
        number = float(getattr(point, point.WhichOneof("value") or "as_double"))
        if not isfinite(number):
            raise _Unusable("is not a finite number")
        if kind == "sum" and held.is_monotonic and held.aggregation_temporality == _CUMULATIVE:
            added = self._series.added(key, point, (number,))
            return None if added is None else added[0][0]
        return number

    def _since_last(self, found: Distribution, held: Any, point: Any, key: Key) -> Distribution | None:
        if not isfinite(found.total):
            raise _Unusable("has no finite sum")
        if held.aggregation_temporality == _DELTA:
            return found
        buckets: dict[tuple[float, float], int] = {}
        for low, high, count in found.buckets:
            buckets[low, high] = buckets.get((low, high), 0) + count
        added = self._series.added(key, point, (float(found.count), found.total), buckets)
        if added is None or not added[0][0]:
            return None
        (count_added, total), before = added
        if not before:
            return found
        if any(buckets.get(bounds, 0) < count for bounds, count in before.items()):
            mean = total / count_added  # its client made the buckets wider meanwhile: where they grew cannot be told
            return Distribution(((mean, mean, int(count_added)),), total)
        grown = ((*bounds, count - before.get(bounds, 0)) for bounds, count in buckets.items())
        return Distribution(tuple(grown), total)

    def _summary(self, around: Doc, point: Any, key: Key) -> Iterator[Doc]:
        told = (float(point.count), float(point.sum))
        added = self._series.added(key, point, told)
        if added is None or not added[0][0]:
            return
        count, total = added[0]
        mean = total / count
        ends = {one.quantile: one.value for one in point.quantile_values}
        least, most = float(ends.get(0.0, mean)), float(ends.get(1.0, mean))
        if not all(map(isfinite, (mean, least, most))):
            raise _Unusable("is not a finite number")
        values = {"SampleCount": count, "Sum": total, "Minimum": least, "Maximum": most}
        yield {**around, "StatisticValues": values}


class _Unusable(ValueError):
    """A point that CloudWatch has no place for."""


def _with_values(around: Doc, values: list[tuple[float, int]]) -> Iterator[Doc]:
    for start in range(0, len(values), _MOST_VALUES):
        part = values[start : start + _MOST_VALUES]
        yield {**around, "Values": [one for one, _ in part], "Counts": [float(count) for _, count in part]}


def _time(nano: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(nano / 1e9, UTC) if nano else None
    except (ValueError, OverflowError) as error:
        raise _Unusable("has no time that can be told") from error


def _unit(unit: str) -> str:
    if unit.startswith("{"):
        return "Count/Second" if unit.endswith("}/s") else "Count"
    return _UNITS.get(unit, "None")
