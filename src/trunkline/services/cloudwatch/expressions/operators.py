"""Arithmetic, comparison and logic between numbers, series and arrays.

Between two series a missing value counts as 0, and what would divide by zero is dropped, as AWS documents.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from trunkline.services.cloudwatch.expressions.errors import ExpressionError
from trunkline.services.cloudwatch.expressions.series import Series, Value, over, type_name, union_times

Binary = Callable[[float, float], float]


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan


def _power(left: float, right: float) -> float:
    try:
        found = left**right
    except (OverflowError, ZeroDivisionError):
        return math.nan
    return math.nan if isinstance(found, complex) else found


def _truth(compare: Callable[[float, float], bool]) -> Binary:
    return lambda left, right: float(compare(left, right))


_OPERATORS: dict[str, Binary] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": _truth(operator.eq),
    "!=": _truth(operator.ne),
    "<=": _truth(operator.le),
    ">=": _truth(operator.ge),
    "<": _truth(operator.lt),
    ">": _truth(operator.gt),
    "AND": _truth(lambda left, right: bool(left) and bool(right)),
    "OR": _truth(lambda left, right: bool(left) or bool(right)),
}


def operate(sign: str, left: Value, right: Value) -> Value:
    act = _OPERATORS[sign]
    if isinstance(left, float) and isinstance(right, float):
        return act(left, right)
    if isinstance(left, list) and isinstance(right, list):
        raise ExpressionError(f"Unsupported operand type(s) for {sign}: '[{type_name(left)}, {type_name(right)}]'")
    if isinstance(left, list):
        return [_between(act, one, right) for one in left]  # type: ignore[arg-type]
    if isinstance(right, list):
        return [_between(act, left, one, label=one.label) for one in right]
    return _between(act, left, right)


def negate(value: Value) -> Value:
    return -value if isinstance(value, float) else over(value, lambda series: series.map(operator.neg))


def _between(act: Binary, left: float | Series, right: float | Series, label: str | None = None) -> Series:
    if isinstance(left, Series) and isinstance(right, Series):
        left, right = aligned([left, right])
        shown = Series(left.window, label=left.label if label is None else label)
        return shown.computed(
            {at: act(left.points.get(at, 0.0), right.points.get(at, 0.0)) for at in union_times([left, right])},
            left,
            right,
        )
    if isinstance(left, Series):
        assert not isinstance(right, Series)
        return left.map(lambda value: act(value, right))
    assert isinstance(right, Series)
    return right.map(lambda value: act(left, value))


def aligned(series: Sequence[Series]) -> list[Series]:
    """All at the coarsest of their periods."""
    period_s = max(one.window.period_s for one in series)
    return [one.coarser(period_s) for one in series]
