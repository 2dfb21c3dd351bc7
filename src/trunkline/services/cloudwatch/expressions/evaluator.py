"""The values of the expressions of one request, which may name its metrics and each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from trunkline.services.cloudwatch.expressions import functions
from trunkline.services.cloudwatch.expressions.errors import ExpressionError, UnsupportedFunction
from trunkline.services.cloudwatch.expressions.finder import Finder
from trunkline.services.cloudwatch.expressions.operators import negate, operate
from trunkline.services.cloudwatch.expressions.parser import parse
from trunkline.services.cloudwatch.expressions.series import Series, Value, Window, type_name
from trunkline.services.cloudwatch.expressions.syntax import (
    Function,
    Listing,
    Negation,
    Node,
    Number,
    Operation,
    Reference,
    Text,
    Word,
)

_MOST_SERIES = 500

_QUERY = re.compile(r"\s*SELECT\s", re.IGNORECASE)


BandOf = Callable[[Series, float], tuple[Series, Series]]
"""What is normal for a series, so many standard deviations wide: its lower and its upper end."""


class Sheet:
    """`metrics` in the order of the request; `window` is that of a series made from nothing but numbers.

    `periods`: those of expressions that say one, in seconds. `bands`: what is normal for the metrics and expressions
    that are asked for a band, by their ids.
    """

    def __init__(
        self,
        metrics: Mapping[str, Series],
        expressions: Mapping[str, str],
        window: Window,
        finder: Finder | None = None,
        bands: Mapping[str, BandOf] | None = None,
        periods: Mapping[str, int] | None = None,
    ) -> None:
        self.metrics = metrics
        self._finder = finder
        self._periods = periods or {}
        self._bands = bands or {}
        self.window = window
        self._expressions = expressions
        self._found: dict[str, Value] = {}
        self._open: list[str] = []

    @property
    def finder(self) -> Finder:
        if self._finder is None:
            raise UnsupportedFunction("SEARCH", "there is nothing to search in here")
        return self._finder

    @property
    def period_s(self) -> int:
        """The period of what the expression at hand finds."""
        return self._periods.get(self._open[-1], self.window.period_s) if self._open else self.window.period_s

    def band(self, query_id: str, width: float) -> list[Series]:
        """The lower and the upper end; without points where nothing is known of what is normal."""
        series = self.value(query_id)
        if not isinstance(series, Series):
            raise ExpressionError(
                f"Unsupported operand type(s) for ANOMALY_DETECTION_BAND: '[{type_name(series)}, Scalar]'"
            )
        band_of = self._bands.get(query_id)
        ends = (series.of({}), series.of({})) if band_of is None else band_of(series, width)
        return [replace(end, label=name) for end, name in zip(ends, ("low", "high"), strict=True)]

    def result(self, query_id: str) -> Series | list[Series]:
        """What the query gives back: one series, or an array of them."""
        found = self.value(query_id)
        if isinstance(found, float):
            raise ExpressionError("the final result must be a time series or an array of time series, not a scalar")
        return found

    def value(self, query_id: str) -> Value:
        if query_id in self.metrics:
            return self.metrics[query_id]
        if query_id in self._found:
            return self._found[query_id]
        if query_id not in self._expressions:
            raise ExpressionError(f"undefined id '{query_id}'")
        if query_id in self._open:
            raise ExpressionError(f"circular reference: {' -> '.join([*self._open, query_id])}")
        self._open.append(query_id)
        try:
            text = self._expressions[query_id]
            if _QUERY.match(text):
                self._found[query_id] = self.finder.select(text, self.period_s)
            else:
                self._found[query_id] = self.evaluate(parse(text))
        finally:
            self._open.pop()
        return self._found[query_id]

    def evaluate(self, node: Node) -> Value:
        match node:
            case Number(value):
                return value
            case Reference(query_id):
                return self.value(query_id)
            case Negation(operand):
                return negate(self.evaluate(operand))
            case Operation(sign, left, right):
                return operate(sign, self.evaluate(left), self.evaluate(right))
            case Listing(items):
                return self._array(items)
            case Function(name, arguments):
                return functions.call(self, name, arguments)
            case Text(value):
                raise ExpressionError(f"unexpected string '{value}'")
            case Word(value):
                raise ExpressionError(f"unexpected '{value}': ids start with a lowercase letter")

    def _array(self, items: tuple[Node, ...]) -> list[Series]:
        found: list[Series] = []
        for item in items:
            value = self.evaluate(item)
            if isinstance(value, float):
                raise ExpressionError(f"an array holds time series, not {type_name(value)}")
            found += value if isinstance(value, list) else [value]
            if len(found) > _MOST_SERIES:  # arrays of arrays of arrays would grow without bound
                raise ExpressionError(f"an array holds up to {_MOST_SERIES} time series")
        return found
