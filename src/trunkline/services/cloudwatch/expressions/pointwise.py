"""Functions from series to series: of each value, of neighbouring values, of the times."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from trunkline.services.cloudwatch.expressions.series import Series


def _log(of: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: of(value) if value > 0 else math.nan


OF_NUMBERS: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": _log(math.log),
    "LOG10": _log(math.log10),
}


def number(name: str, value: float) -> float:
    return OF_NUMBERS[name](value) if math.isfinite(value) else math.nan


def _mapped(change: Callable[[float], float]) -> Callable[[Series], Series]:
    return lambda series: series.map(change)


def _neighbours(of: Callable[[float, float], float]) -> Callable[[Series], Series]:
    """`of` the difference in value and in seconds from each value's predecessor; the first has none."""

    def change(series: Series) -> Series:
        steps = pairwise(series.points.items())
        return series.of({now: of(value - last, (now - before) / 1000) for (before, last), (now, value) in steps})

    return change


def _running_sum(series: Series) -> Series:
    return series.of(dict(zip(series.points, accumulate(series.points.values()), strict=True)))


OF_SERIES: dict[str, Callable[[Series], Series]] = {
    **{name: _mapped(change) for name, change in OF_NUMBERS.items()},
    "DIFF": _neighbours(lambda value, seconds: value),
    "DIFF_TIME": _neighbours(lambda value, seconds: seconds),
    "RATE": _neighbours(lambda value, seconds: value / seconds),
    "RUNNING_SUM": _running_sum,
}


def _dated(of: Callable[[datetime], float]) -> Callable[[Series], Series]:
    """A point in every period, made from its time in UTC."""
    return lambda series: series.dense(lambda at: float(of(datetime.fromtimestamp(at / 1000, UTC))))


DATES: dict[str, Callable[[Series], Series]] = {
    "MINUTE": _dated(lambda time: time.minute),
    "HOUR": _dated(lambda time: time.hour),
    "DAY": _dated(lambda time: time.isoweekday()),
    "DATE": _dated(lambda time: time.day),
    "MONTH": _dated(lambda time: time.month),
    "YEAR": _dated(lambda time: time.year),
    "EPOCH": _dated(lambda time: time.timestamp()),
}
