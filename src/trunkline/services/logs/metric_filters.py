"""Turn log events that match a metric filter into samples of its metric."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get
from trunkline.services.logs.model import LogGroup, MetricFilter
from trunkline.services.logs.pattern import Pattern, compile_pattern

log = get(__name__)

_MINUTE_MS = 60_000
_AT_ONCE = 1000

_Key = tuple[int, float, tuple[tuple[str, str], ...]]


async def publish(
    kit: Kit, group: LogGroup, metric_filter: MetricFilter, times_ms: list[int], messages: list[str]
) -> None:
    """Put the samples of one accepted batch. Their loss must not fail a PutLogEvents that is already stored."""
    data = _data(metric_filter, times_ms, messages)
    caller = Caller.service("logs.amazonaws.com", group.account, group.region)
    try:
        for at in range(0, len(data), _AT_ONCE):
            request = {"Namespace": metric_filter.namespace, "MetricData": data[at : at + _AT_ONCE]}
            await kit.call("cloudwatch", "PutMetricData", request, as_=caller)
    except AwsError as error:
        log.warning(
            "a metric filter's samples were refused", filter=metric_filter.name, group=group.name, why=str(error)
        )


def _data(metric_filter: MetricFilter, times_ms: list[int], messages: list[str]) -> list[Doc]:
    pattern = compile_pattern(metric_filter.pattern)
    counted: Counter[_Key] = Counter()
    for time_ms, message in zip(times_ms, messages, strict=True):
        if pattern.matches(message):
            value = _value(pattern, metric_filter.value, message)
            if value is not None:
                minute = time_ms - time_ms % _MINUTE_MS
                counted[minute, value, _dimensions(pattern, metric_filter.dimensions, message)] += 1
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
