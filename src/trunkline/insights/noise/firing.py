"""Run a setting over data points: when would it have been in ALARM?

Most looks of an alarm see a pattern of good, breaching and missing points that was there before. Each pattern is judged
once, by the code that judges live alarms, and its state remembered, so that weeks take milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from trunkline.aws.alarms import ALARM, EXTRA_PERIODS, INSUFFICIENT_DATA, Point, Setting, breach, few_samples, judge
from trunkline.insights.noise.history import Points

_FLAP_MS = 15 * 60_000
_MISSING, _GOOD, _BREACHING, _FEW = 0, 1, 2, 2
"""What a point is to an alarm; _FEW is added where its samples are too few."""


@dataclass(frozen=True)
class Firing:
    """From the transition into ALARM until the one out of it, or the end of the history."""

    start_ms: int
    end_ms: int
    lasts: bool = False
    """It has not ended."""


def firings(setting: Setting, points: Points, period_s: int, step_s: int, start_ms: int, end_ms: int) -> list[Firing]:
    """`step_s`: how often the alarm is looked at. Looks are at the multiples of it in (start_ms, end_ms]."""
    step_ms, period_ms = step_s * 1000, period_s * 1000
    stride = period_ms // step_ms
    looked = setting.periods + EXTRA_PERIODS
    first_end = -(-(start_ms + 1) // step_ms) * step_ms
    origin = first_end - looked * period_ms
    marks = _marks(setting, points, origin, step_ms, end_ms)
    states: dict[bytes, str | None] = {}
    state: str = INSUFFICIENT_DATA
    began = first_end
    found: list[Firing] = []
    for end in range(first_end, end_ms + 1, step_ms):
        oldest = (end - looked * period_ms - origin) // step_ms
        pattern = marks[oldest : oldest + looked * stride : stride]
        if pattern in states:
            called_for = states[pattern]
        else:
            starts = range(end - looked * period_ms, end, period_ms)
            seen = [points.get(at) or Point(at) for at in starts]
            called_for = states[pattern] = judge(setting, seen).state
        if called_for is None or called_for == state:
            continue
        if called_for == ALARM:
            began = end
        elif state == ALARM:
            found.append(Firing(began, end))
        state = called_for
    if state == ALARM:
        found.append(Firing(began, end_ms, lasts=True))
    return found


def _marks(setting: Setting, points: Points, origin: int, step_ms: int, end_ms: int) -> bytes:
    """What the period that starts at each step is to the alarm."""
    marks = bytearray(max(0, (end_ms - origin) // step_ms + 1))
    few = few_samples(setting.percentile) if setting.percentile is not None else None
    for at, point in points.items():
        place = (at - origin) // step_ms
        if 0 <= place < len(marks) and point.value is not None:
            bad = breach(setting.comparison, point.value, setting.threshold, point.band)
            marks[place] = (_BREACHING if bad else _GOOD) + (_FEW if few is not None and few(point) else 0)
    return bytes(marks)


def flaps(found: list[Firing]) -> int:
    """How many firings came within a quarter of an hour after the one before had ended."""
    return sum(later.start_ms - earlier.end_ms <= _FLAP_MS for earlier, later in pairwise(found))
