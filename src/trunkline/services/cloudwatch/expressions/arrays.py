"""Arrays of series: a part of one, and one in order."""

from __future__ import annotations

import math

from trunkline.services.cloudwatch.expressions.errors import ExpressionError
from trunkline.services.cloudwatch.expressions.reductions import reduce
from trunkline.services.cloudwatch.expressions.series import Array

_ORDERED_BY = ("AVG", "MIN", "MAX", "SUM")


def part(array: Array, start: float, end: float | None = None) -> Array:
    """From `start` (inclusive, counted from 0) to `end` (exclusive)."""
    return array[_index(start) : None if end is None else _index(end)]


def ordered(array: Array, by: str, order: str, limit: float | None) -> Array:
    if by not in _ORDERED_BY:
        raise ExpressionError(f"SORT sorts by {', '.join(_ORDERED_BY)}")
    if order not in {"ASC", "DESC"}:
        raise ExpressionError("SORT sorts in the order ASC or DESC")
    ranked = [(reduce(by, series), series) for series in array]
    known = [(rank, series) for rank, series in ranked if isinstance(rank, float) and not math.isnan(rank)]
    empty = [series for rank, series in ranked if isinstance(rank, float) and math.isnan(rank)]
    known.sort(key=lambda pair: pair[0], reverse=order == "DESC")
    found = [series for _, series in known] + empty
    return found if limit is None else found[: _index(limit)]


def _index(value: float) -> int:
    if not value >= 0:
        raise ExpressionError("SLICE and SORT count from 0")
    return int(value)
