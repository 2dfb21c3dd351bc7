"""Metrics inside log lines: a JSON event that says under `_aws` which of its members are metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

A document that breaks the specification stays a log line and makes no metric at all; it is counted in AWS/Logs'
EMFParsingErrors and EMFValidationErrors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import orjson

from trunkline.aws.service import Doc

MARK = '"_aws"'
"""No event without these characters can hold a document: looked for before anything is parsed."""

_MAX_DIMENSIONS = 30
_MAX_SETS = 100  # AWS names no limit; without one a small document could make millions of metrics
_MAX_METRICS = 100
_MAX_VALUES = 100
_MAX_NAMESPACE = 255
_MAX_DIMENSION_NAME = 255
_MAX_TEXT = 1024
_LARGEST = 2.0**360
_OLDEST_MS = 14 * 86_400_000
_AHEAD_MS = 2 * 3_600_000
_SIZES = tuple(f"{prefix}{size}" for size in ("bytes", "bits") for prefix in ("Kilo", "Mega", "Giga", "Tera"))
_COUNTED = ("Bytes", "Bits", *_SIZES, "Count")
_UNITS = frozenset(
    {"Seconds", "Microseconds", "Milliseconds", "Percent", "None", *_COUNTED, *(f"{unit}/Second" for unit in _COUNTED)}
)


@dataclass(slots=True)
class Found:
    """What the documents of a batch say: data for PutMetricData by namespace, and how many were faulty."""

    data: dict[str, list[Doc]] = field(default_factory=dict)
    unparsed: int = 0
    invalid: int = 0


class _Invalid(Exception):
    """The document is not what the specification asks for."""


def extract(messages: Sequence[str], now_ms: int) -> Found:
    """The metrics of all documents among `messages`."""
    found = Found()
    for message in messages:
        if MARK not in message or "CloudWatchMetrics" not in message:
            continue
        try:
            root = orjson.loads(message)
        except orjson.JSONDecodeError:
            found.unparsed += message.lstrip().startswith("{")
            continue
        if not isinstance(root, dict) or not isinstance(root.get("_aws"), dict):
            continue  # a text that speaks of the format, or one that embeds such a document
        if "CloudWatchMetrics" not in root["_aws"]:
            continue
        try:
            read = list(_document(root, now_ms))
        except _Invalid:
            found.invalid += 1
            continue
        for namespace, data in read:
            found.data.setdefault(namespace, []).extend(data)
    return found


def _document(root: Doc, now_ms: int) -> Iterator[tuple[str, list[Doc]]]:
    time_ms = root["_aws"].get("Timestamp")
    if not _is_number(time_ms) or not now_ms - _OLDEST_MS <= time_ms <= now_ms + _AHEAD_MS:
        raise _Invalid
    time = datetime.fromtimestamp(time_ms / 1000, UTC)
    for directive in _list(root["_aws"]["CloudWatchMetrics"], lambda count: True):
        if not isinstance(directive, dict):
            raise _Invalid
        namespace = _text(directive.get("Namespace"), _MAX_NAMESPACE)
        if namespace.startswith(("AWS/", ":")):
            raise _Invalid
        listed = _list(directive.get("Dimensions"), lambda count: count <= _MAX_SETS)
        sets = [_dimensions(root, names) for names in listed]
        definitions = _list(directive.get("Metrics"), lambda count: 1 <= count <= _MAX_METRICS)
        metrics = [_metric(root, definition) for definition in definitions]
        # No set at all means what one empty set does: the metrics without dimensions.
        yield (
            namespace,
            [
                {**metric, "Dimensions": dimensions, "Timestamp": time}
                for dimensions in sets or [[]]
                for metric in metrics
            ],
        )


def _dimensions(root: Doc, names: object) -> list[Doc]:
    found = []
    for name in _list(names, lambda count: count <= _MAX_DIMENSIONS):
        value = _text(root.get(_text(name, _MAX_DIMENSION_NAME)), _MAX_TEXT)
        if name.startswith(":"):
            raise _Invalid
        found.append({"Name": name, "Value": value})
    if len({one["Name"] for one in found}) < len(found):
        raise _Invalid
    return found


def _metric(root: Doc, definition: object) -> Doc:
    if not isinstance(definition, dict):
        raise _Invalid
    name, unit = _text(definition.get("Name"), _MAX_DIMENSION_NAME), definition.get("Unit", "None")
    resolution = definition.get("StorageResolution", 60)
    if unit not in _UNITS or resolution not in (1, 60):
        raise _Invalid
    value = root.get(name)
    values: list[Any] = _list(value, lambda count: 1 <= count <= _MAX_VALUES) if isinstance(value, list) else [value]
    if not all(_is_number(one) and -_LARGEST <= one <= _LARGEST for one in values):
        raise _Invalid
    return {"MetricName": name, "Values": values, "Unit": unit, "StorageResolution": resolution}


def _list(value: object, fits: Callable[[int], bool]) -> list[Any]:
    if not isinstance(value, list) or not fits(len(value)):
        raise _Invalid
    return value


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.strip():
        raise _Invalid
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
