"""Which traces lie in a time range, the latest first, without reading a document.

By TraceId a trace lies where its id says it began, to the second; by Event where something of it last arrived; by
Service where one of its segments last ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from trunkline.engines.telemetry import Telemetry
from trunkline.services.xray.segments import facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST_WINDOW_S = 60.0
_SLACK_MS = 60_000
"""A trace's first segment begins about when its id was made, not exactly."""


class Found(NamedTuple):
    """A trace and when it matched; in the order of time, then id."""

    time: float
    trace: str


def latest_first(
    telemetry: Telemetry, owner: str, start: float, end: float, by: str, before: Found | None = None
) -> Iterator[Found]:
    """Traces with start ≤ time ≤ end, strictly before `before` where the last page ended."""
    if by != "TraceId":
        yield from _newest(_read(telemetry, owner, start, end, by), start, end, by, before)
        return
    # Backwards in windows that grow: the first page of a long range is found in its last minute.
    high = end if before is None else min(end, before.time)
    low, width = high, _FIRST_WINDOW_S
    first = float(int(start))
    while True:
        low = max(first, float(int(high - width)))
        yield from _newest(_read(telemetry, owner, low, high, by), low, high, by, before)
        if low <= first:
            return
        high, width = low - 1, width * 2  # ids tell whole seconds


def _read(telemetry: Telemetry, owner: str, start: float, end: float, by: str) -> NDArray[Any]:
    slack = _SLACK_MS if by == "TraceId" else 0
    low, high = int(start * 1000) - slack, int(end * 1000) + 1 + slack
    read = facts.unpack(telemetry.segment_facts(owner, low, high, by_arrival=by == "Event"))
    found: NDArray[Any] = read[(read["flags"] & facts.LINK) == 0]
    return found


def _newest(found: NDArray[Any], start: float, end: float, by: str, before: Found | None) -> Iterator[Found]:
    import numpy as np

    if by == "TraceId":
        times = (found["trace_high"] >> np.uint64(32)).astype("f8")
    elif by == "Event":
        times = found["received"].astype("f8")
    else:
        found = found[(found["flags"] & (facts.SEGMENT | facts.OPEN)) == facts.SEGMENT]
        times = found["end"]
    first = float(int(start)) if by != "Service" else start
    inside = (times >= first) & (times <= end)
    if before is not None and by == "TraceId":  # elsewhere a trace has many times, and stands at its last
        inside &= times <= before.time
    found, times = found[inside], times[inside]
    order = np.lexsort((found["trace_low"], found["trace_high"], times))[::-1]
    seen: set[tuple[int, int]] = set()
    for index in order:
        high, low = int(found["trace_high"][index]), int(found["trace_low"][index])
        if (high, low) in seen:
            continue
        seen.add((high, low))
        one = Found(float(times[index]), facts.trace_id(high, low))
        if before is None or one < before:
            yield one
