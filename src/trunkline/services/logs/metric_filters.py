"""Turn log events that match a metric filter into samples of its metric."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime

from trunkline.aws.service import Doc
from trunkline.services.logs.model import LogGroup, MetricFilter
from trunkline.services.logs.pattern import Pattern, compile_pattern

_MINUTE_MS = 60_000

_Key = tuple[int, float, tuple[tuple[str, str], ...]]


def data(group: LogGroup, metric_filter: MetricFilter, times_ms: list[int], messages: list[str]) -> list[Doc]:
    """The samples of one accepted batch, as PutMetricData takes them."""
    pattern = compile_pattern(metric_filter.pattern)
    places = {"@aws.account": group.account, "@aws.region": group.region}
    system = tuple((name, places[name]) for name in metric_filter.system_dimensions)
    counted: Counter[_Key] = Counter()
    for time_ms, message in zip(times_ms, messages, strict=True):
        if pattern.matches(message):
            value = _value(pattern, metric_filter.value, message)
            if value is not None:
                minute = time_ms - time_ms % _MINUTE_MS
                dimensions = _dimensions(pattern, metric_filter.dimensions, message)
                counted[minute, value, (*system, *dimensions)] += 1
    if not counted and metric_filter.default is not None:
        # AWS reports the default for a period in which events came in and none matched.
        counted[times_ms[-1] - times_ms[-1] % _MINUTE_MS, metric_filter.default, ()] += 1
    return [
        {
            "MetricName": metric_filter.metric,
            "Timestamp": datetime.fromtimestamp(minute / 1000, UTC),
            "Values": [value],
            "Counts": [float(count)],
            "Unit": metric_filter.unit,
            "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions],
        }
        for (minute, value, dimensions), count in counted.items()
    ]


def _value(pattern: Pattern, reference: str, message: str) -> float | None:
    text = pattern.value(message, reference) if reference.startswith("$") else reference
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _dimensions(pattern: Pattern, wanted: dict[str, str], message: str) -> tuple[tuple[str, str], ...]:
    found = {name: pattern.value(message, reference) for name, reference in wanted.items()}
    return tuple(sorted((name, text) for name, text in found.items() if text))
