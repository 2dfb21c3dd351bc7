"""Functions that make one number of a series, and one series of an array."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from trunkline.services.cloudwatch.expressions.operators import aligned
from trunkline.services.cloudwatch.expressions.series import Series, Value, union_times

Reduction = Callable[[Sequence[float], int], float]
"""Of the values that are there, and of how many there could be."""


def _mean(values: Sequence[float], possible: int) -> float:
    # AWS: "Missing values are treated as 0"; DATAPOINT_COUNT is there for averages of sparse metrics.
    return math.fsum(values) / possible if values and possible else math.nan


def _or_nothing(of: Callable[[Sequence[float]], float]) -> Reduction:
    return lambda values, possible: of(values) if values else math.nan


REDUCTIONS: dict[str, Reduction] = {
    "AVG": _mean,
    "DATAPOINT_COUNT": lambda values, possible: float(len(values)),
    "MAX": _or_nothing(max),
    "MIN": _or_nothing(min),
    "STDDEV": _or_nothing(statistics.pstdev),
    "SUM": lambda values, possible: math.fsum(values),
}


def reduce(name: str, value: Series | list[Series]) -> Value:
    """`value` is not an empty array."""
    of = REDUCTIONS[name]
    if isinstance(value, Series):
        return float(of(value.values(), len(value.window.times_ms())))
    value = aligned(value)
    points = {}
    for at in union_times(value):
        points[at] = float(of([one.points[at] for one in value if at in one.points], len(value)))
    return Series(value[0].window).of(points)
