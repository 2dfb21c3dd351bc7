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

    def values(self) -> list[float]:
        return list(self.points.values())

    def of(self, points: Mapping[int, float]) -> Series:
        """This series with other points, without those that are no numbers."""
        return replace(self, points={at: points[at] for at in sorted(points) if math.isfinite(points[at])})

    def dense(self, value: Callable[[int], float]) -> Series:
        """A point in every period of the window."""
        return self.of({at: value(at) for at in self.window.times_ms()})

    def map(self, change: Callable[[float], float]) -> Series:
        return self.of({at: change(value) for at, value in self.points.items()})


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
