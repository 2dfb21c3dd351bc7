"""Dynamic labels: ${MAX}, ${LAST_TIME}, ${PROP('Dim.Host')} and the like in the Label of a query.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from trunkline.aws.errors import Refused
from trunkline.aws.service import Doc

_TOKEN = re.compile(r"\$\{\s*([A-Z_]+)\s*(?:\(\s*'([^']*)'\s*\))?\s*\}")
_ZONE = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")

Points = Sequence[tuple[int, float]]
"""Time in epoch milliseconds and value, the oldest first."""

_POINT: dict[str, Callable[[Points], tuple[int, float]]] = {
    "FIRST": lambda points: points[0],
    "LAST": lambda points: points[-1],
    "MAX": lambda points: max(points, key=lambda point: point[1]),
    "MIN": lambda points: min(points, key=lambda point: point[1]),
}
_OF_ALL: dict[str, Callable[[Points], float]] = {
    "AVG": lambda points: math.fsum(value for _, value in points) / len(points),
    "SUM": lambda points: math.fsum(value for _, value in points),
}
_RANGES = {"FIRST_LAST": ("FIRST", "LAST"), "MIN_MAX": ("MIN", "MAX")}


def zone_of(offset: str) -> timezone | None:
    """The time zone that LabelOptions names, such as +0130; None if that is none."""
    match = _ZONE.fullmatch(offset)
    if match is None:
        return None
    shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-shift if match[1] == "-" else shift)


@dataclass(frozen=True)
class Labels:
    """How the labels of one request are written."""

    now_ms: int
    zone: timezone = UTC

    def written(self, label: str, default: str, points: Points, properties: Mapping[str, object]) -> str:
        """The label with its tokens replaced; `default` is what ${LABEL} stands for."""

        def replace(match: re.Match[str]) -> str:
            name, argument = match.groups()
            if name == "LABEL":
                return default
            if name == "DATAPOINT_COUNT":
                return str(len(points))
            if name == "PROP" and argument is not None:
                return str(properties.get(argument, ""))
            found = self._value(name, points) if points else "--"
            if found is None:
                raise Refused(f"Trunkline does not know {match[0]} in labels.")
            return found

        return _TOKEN.sub(replace, label)

    def _value(self, name: str, points: Points) -> str | None:
        if name in _OF_ALL:
            return _number(_OF_ALL[name](points))
        if name in _POINT:
            return _number(_POINT[name](points)[1])
        for word, ends in _RANGES.items():
            (first_ms, first), (last_ms, last) = (_POINT[end](points) for end in ends)
            if name == f"{word}_RANGE":
                return _number(abs(last - first))
            if name == f"{word}_TIME_RANGE":
                return _duration(abs(last_ms - first_ms))
        word = name.removesuffix("_RELATIVE").removesuffix("_TIME")
        if word in _POINT and name == f"{word}_TIME_RELATIVE":
            return _duration(abs(self.now_ms - _POINT[word](points)[0]))
        if word in _POINT and name == f"{word}_TIME":
            at = datetime.fromtimestamp(_POINT[word](points)[0] / 1000, self.zone)
            return at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return None


def _number(value: float) -> str:
    return f"{value:.10g}"


def _duration(length_ms: int) -> str:
    """1d 2h 3m 4s, without what is nothing."""
    left_s = length_ms // 1000
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left_s = divmod(left_s, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def properties(stat: Doc, account: str, region: str) -> Doc:
    """What PROP knows of a metric."""
    named = stat["Metric"]
    return {
        "AccountId": account,
        "AccountLabel": account,
        "MetricName": named.get("MetricName", ""),
        "Namespace": named.get("Namespace", ""),
        "Period": stat["Period"],
        "Region": region,
        "Stat": stat["Stat"],
        **{f"Dim.{one['Name']}": one["Value"] for one in named.get("Dimensions", ())},
    }
