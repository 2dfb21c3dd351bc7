"""Which traces lie in a time range, the latest first, without reading a document.

By TraceId a trace lies where its first segment began (its id may tell that time, but those of OpenTelemetry do not); by
Event where something of it last arrived; by Service where one of its segments last ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from trunkline.engines.telemetry import Telemetry
from trunkline.services.xray.segments import facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST_WINDOW_S = 60.0
_SLACK_MS = 15 * 60_000
"""A window also reads what began this long before it: a trace that did so belongs to an earlier window."""


class Found(NamedTuple):
    """A trace and when it matched; in the order of time, then id."""

    time: float
    trace: str


def latest_first(
    telemetry: Telemetry, owner: str, start: float, end: float, by: str, before: Found | None = None
) -> Iterator[Found]:
    """Traces with start ≤ time < end, strictly before `before` where the last page ended.

    By TraceId a trace with a pause longer than the slack may be found twice: its documents tell when it began.
    """
    if by != "TraceId":
        yield from _newest(_read(telemetry, owner, start, end, by), start, end, by, before)
        return
    # Backwards in windows that grow: the first page of a long range is found in its last minute.
    high = end if before is None else min(end, math.nextafter(before.time, math.inf))
    width = _FIRST_WINDOW_S
    while high > start:
        low = max(start, high - width)
        yield from _newest(_read(telemetry, owner, low, high, by), low, high, by, before)
        high, width = low, width * 2


def _read(telemetry: Telemetry, owner: str, start: float, end: float, by: str) -> NDArray[Any]:
    slack = _SLACK_MS if by == "TraceId" else 0
    batches = telemetry.segment_facts(owner, int(start * 1000) - slack, int(end * 1000) + 1, by_arrival=by == "Event")
    read = facts.unpack(batches)
    found: NDArray[Any] = read[(read["flags"] & facts.LINK) == 0]
    return found


def _newest(records: NDArray[Any], start: float, end: float, by: str, before: Found | None) -> Iterator[Found]:
    import numpy as np

    if by == "Service":
        records = records[(records["flags"] & (facts.SEGMENT | facts.OPEN)) == facts.SEGMENT]
    times = records[{"TraceId": "start", "Event": "received", "Service": "end"}[by]].astype("f8")
    if by != "TraceId":
        inside = (times >= start) & (times < end)
        records, times = records[inside], times[inside]
    highs, lows = records["trace_high"], records["trace_low"]
    order = np.lexsort((times, lows, highs))
    highs, lows, times = highs[order], lows[order], times[order]
    # Of each trace the first time that it began, or the last of the others.
    changes = (highs[1:] != highs[:-1]) | (lows[1:] != lows[:-1])
    ends = np.ones(min(1, len(highs)), "?")
    edge = np.concatenate([ends, changes] if by == "TraceId" else [changes, ends])
    edge &= (times >= start) & (times < end)
    highs, lows, times = highs[edge], lows[edge], times[edge]
    for at in np.lexsort((lows, highs, times))[::-1]:
        one = Found(float(times[at]), facts.trace_id(int(highs[at]), int(lows[at])))
        if before is None or one < before:
            yield one
