"""Time series, and the values of an expression: a number, a series, or an array of series.

A number that cannot be (0/0, the largest of nothing) is NaN; a data point that would be one is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Window:
    """The periods that are asked for: those that start in [start_ms, end_ms), on the grid of `period_s`.

    Periods are whole ones since 1970, unless the grid goes through `origin_ms`, as that of an alarm does.
    """

    start_ms: int
    end_ms: int
    period_s: int
    origin_ms: int = 0

    def times_ms(self) -> range:
        step_ms = self.period_s * 1000
        return range(self.start_ms - (self.start_ms - self.origin_ms) % step_ms, self.end_ms, step_ms)


@dataclass(frozen=True, slots=True)
class Series:
    window: Window
    points: Mapping[int, float] = field(default_factory=dict)
    """Values by the start of their period in epoch milliseconds, in the order of time. A missing one is not there."""
    label: str = ""
    reread: Callable[[int], Series] | None = None
    """The same metric at a coarser period, in seconds; of what was computed there is no such thing."""
    dropped: bool = False
    """Whether values that are no numbers (0/0) were left out in computing it."""

    def values(self) -> list[float]:
        return list(self.points.values())

    def of(self, points: Mapping[int, float]) -> Series:
        """This series with other points, without those that are no numbers."""
        known = {at: points[at] for at in sorted(points) if math.isfinite(points[at])}
        return replace(self, points=known, reread=None)

    def computed(self, points: Mapping[int, float], *of: Series) -> Series:
        """Like `of`, told from these series: what is no number was dropped by arithmetic, and that is told."""
        found = self.of(points)
        return replace(found, dropped=len(found.points) < len(points) or any(one.dropped for one in (self, *of)))

    def dense(self, value: Callable[[int], float]) -> Series:
        """A point in every period of the window."""
        return self.of({at: value(at) for at in self.window.times_ms()})

    def map(self, change: Callable[[float], float]) -> Series:
        return self.computed({at: change(value) for at, value in self.points.items()})

    def coarser(self, period_s: int) -> Series:
        """At a coarser period: read anew where that can be, else the means of what was computed."""
        if self.window.period_s == period_s:
            return self
        if self.reread is not None:
            return self.reread(period_s)
        window = replace(self.window, period_s=period_s)
        grid = window.times_ms()
        parts: dict[int, list[float]] = {}
        for at, value in self.points.items():
            parts.setdefault(at - (at - grid.start) % grid.step, []).append(value)
        return replace(self, window=window).of({at: math.fsum(part) / len(part) for at, part in parts.items()})


Array = list[Series]
Value = float | Series | Array


def type_name(value: object) -> str:
    if isinstance(value, list):
        return "Array[TimeSeries]"
    return "TimeSeries" if isinstance(value, Series) else "Scalar" if isinstance(value, float) else "String"


def over(value: Value, change: Callable[[Series], Series]) -> Value:
    """`change` applied to a series, or to each of an array."""
    assert not isinstance(value, float)
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def union_times(series: Sequence[Series]) -> list[int]:
    return sorted({at for one in series for at in one.points})
