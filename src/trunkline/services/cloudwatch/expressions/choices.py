"""IF, which chooses between values point by point, and FILL, which puts values where there are none."""

from __future__ import annotations

import math
from itertools import pairwise

from trunkline.services.cloudwatch.expressions.errors import ExpressionError
from trunkline.services.cloudwatch.expressions.operators import aligned
from trunkline.services.cloudwatch.expressions.series import Series


def choose(condition: float | Series, yes: float | Series, no: float | Series | None = None) -> float | Series:
    if isinstance(condition, float):
        chosen = yes if condition and not math.isnan(condition) else no
        if chosen is not None:
            other = no if chosen is yes else yes
            if isinstance(chosen, float) and isinstance(other, Series):
                raise ExpressionError("IF of a scalar condition takes time series")
            return chosen
        if isinstance(yes, Series):
            return yes.of({})
        raise ExpressionError("IF of a scalar condition takes time series")
    series = aligned([value for value in (condition, yes, no) if isinstance(value, Series)])
    condition = series.pop(0)
    yes = series.pop(0) if isinstance(yes, Series) else yes
    no = series.pop(0) if isinstance(no, Series) else no
    points: dict[int, float] = {}
    for at, value in condition.points.items():
        if value:
            points[at] = yes if isinstance(yes, float) else yes.points.get(at, 0.0)
        elif no is not None:
            points[at] = no if isinstance(no, float) else no.points.get(at, math.nan)
    return condition.of(points)


def fill(series: Series, filler: float | Series) -> Series:
    if isinstance(filler, Series):
        series, filler = aligned([series, filler])
        found = {at: filler.points.get(at, math.nan) for at in series.window.times_ms()}
    else:
        found = dict.fromkeys(series.window.times_ms(), filler)
    return series.of({**found, **series.points})


def repeat(series: Series) -> Series:
    """The last value there was; what comes before the first stays missing."""
    points: dict[int, float] = {}
    last = math.nan
    for at in series.window.times_ms():
        last = points[at] = series.points.get(at, last)
    return series.of({**points, **series.points})


def linear(series: Series) -> Series:
    """Along a line across each gap; what lies before the first value and after the last stays missing."""
    points = dict(series.points)
    known = list(series.points.items())
    step_ms = series.window.period_s * 1000
    for (start, low), (end, high) in pairwise(known):
        for at in range(start + step_ms, end, step_ms):
            points[at] = low + (high - low) * (at - start) / (end - start)
    return series.of(points)
