"""Times that do not count: windows that happen once or again and again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.aws.schedules import parse

_UNITS_S = {"MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "MONTH": 30 * 86_400}
_MOST_WINDOWS = 10_000


@dataclass
class Exclusion:
    """A window of so many units from `start_s` on, and from each time of the recurrence after it."""

    unit: str
    count: int
    start_s: int
    recurrence: str | None = None
    reason: str | None = None

    @property
    def length_s(self) -> int:
        return _UNITS_S[self.unit] * self.count


class Excluded:
    """The windows of an objective between two times, put together."""

    def __init__(self, exclusions: Sequence[Exclusion], start_ms: int, end_ms: int) -> None:
        spans = sorted(span for one in exclusions for span in _spans(one, start_ms // 1000, end_ms // 1000))
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in spans:
            if self._ends and start * 1000 <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end * 1000)
            else:
                self._starts.append(start * 1000)
                self._ends.append(end * 1000)
        self._range_ms = (start_ms, end_ms)

    def holds(self, time_ms: int) -> bool:
        at = bisect_right(self._starts, time_ms)
        return at > 0 and time_ms < self._ends[at - 1]

    @property
    def seconds(self) -> float:
        """How much of the time between is excluded."""
        low, high = self._range_ms
        spans = zip(self._starts, self._ends, strict=True)
        return sum(max(0, min(end, high) - max(start, low)) for start, end in spans) / 1000


def _spans(one: Exclusion, low_s: int, high_s: int) -> list[tuple[int, int]]:
    found = [(one.start_s, one.start_s + one.length_s)]
    if one.recurrence is not None:
        schedule = parse(one.recurrence)
        at = schedule.next_after(max(one.start_s, low_s - one.length_s - 1), one.start_s)
        while at is not None and at < high_s and len(found) < _MOST_WINDOWS:
            found.append((int(at), int(at) + one.length_s))
            at = schedule.next_after(at, one.start_s)
    return [(start, end) for start, end in found if start < high_s and end > low_s]
