"""Read a Metrics Insights query; keywords in any case, names as they are."""

from __future__ import annotations

import functools
import re

from trunkline.services.cloudwatch.expressions import ExpressionError
from trunkline.services.cloudwatch.metrics_insights.query import FUNCTIONS, Condition, Query

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<name>"(?:""|[^"])*")
    |(?P<value>'(?:''|[^'])*')
    |(?P<word>[A-Za-z_][\w.:]*)
    |(?P<number>\d+)
    |(?P<sign>!=|[=(),])
    )""",
    re.VERBOSE,
)
_KEYWORDS = {"SELECT", "FROM", "SCHEMA", "WHERE", "AND", "OR", "NOT", "GROUP", "ORDER", "BY", "LIMIT", "ASC", "DESC"}
_MOST_SERIES = 500


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Query:
    reader = _Reader(text)
    reader.keyword("SELECT")
    function = reader.function()
    reader.sign("(")
    metric = reader.name("a metric")
    reader.sign(")")
    reader.keyword("FROM")
    namespace, schema = reader.source()
    conditions: list[Condition] = []
    if reader.takes("WHERE"):
        conditions.append(reader.condition())
        while reader.takes("AND"):
            conditions.append(reader.condition())
    groups: tuple[str, ...] = ()
    if reader.takes("GROUP"):
        reader.keyword("BY")
        groups = reader.names("a label")
    order, descending = None, False
    if reader.takes("ORDER"):
        reader.keyword("BY")
        order = reader.function()
        reader.sign("(")
        reader.sign(")")
        descending = reader.takes("DESC")
        if not descending:
            reader.takes("ASC")
    limit = reader.limit() if reader.takes("LIMIT") else _MOST_SERIES
    reader.end()
    return Query(function, metric, namespace, schema, tuple(conditions), groups, order, descending, limit)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise ExpressionError(f"unexpected '{text[at:].strip()[0]}' in the query")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "the end of the query")

    def _unexpected(self, wanted: str) -> ExpressionError:
        return ExpressionError(f"expected {wanted} but found {self._next()[1]}")

    def takes(self, keyword: str) -> bool:
        kind, text = self._next()
        taken = kind == "word" and text.upper() == keyword
        self._at += taken
        return taken

    def keyword(self, keyword: str) -> None:
        if not self.takes(keyword):
            raise self._unexpected(keyword)

    def sign(self, sign: str) -> None:
        if self._next() != ("sign", sign):
            raise self._unexpected(f"'{sign}'")
        self._at += 1

    def function(self) -> str:
        kind, text = self._next()
        if kind != "word" or text.upper() not in FUNCTIONS:
            raise self._unexpected(f"one of {', '.join(FUNCTIONS)}")
        self._at += 1
        return text.upper()

    def name(self, what: str) -> str:
        kind, text = self._next()
        if kind == "name":
            self._at += 1
            return text[1:-1].replace('""', '"')
        if kind != "word" or text.upper() in _KEYWORDS:
            raise self._unexpected(what)
        self._at += 1
        return text

    def names(self, what: str) -> tuple[str, ...]:
        found = [self.name(what)]
        while self._next() == ("sign", ","):
            self._at += 1
            found.append(self.name(what))
        return tuple(found)

    def source(self) -> tuple[str, frozenset[str] | None]:
        """The namespace, and the dimensions that metrics must have exactly."""
        if not self.takes("SCHEMA"):
            return self.name("a namespace"), None
        self.sign("(")
        namespace, *dimensions = self.names("a namespace")
        self.sign(")")
        return namespace, frozenset(dimensions)

    def condition(self) -> Condition:
        key = self.name("a label")
        if key.startswith("tag."):
            raise ExpressionError("Trunkline's Metrics Insights knows dimensions, not tags of resources")
        sign = self._next()
        if sign not in {("sign", "="), ("sign", "!=")}:
            raise self._unexpected("= or !=")
        self._at += 1
        kind, text = self._next()
        if kind != "value":
            raise self._unexpected("a value in single quotes")
        self._at += 1
        return Condition(key, sign[1] == "=", text[1:-1].replace("''", "'"))

    def limit(self) -> int:
        kind, text = self._next()
        if kind != "number" or not 1 <= int(text) <= _MOST_SERIES:
            raise self._unexpected(f"a number from 1 to {_MOST_SERIES}")
        self._at += 1
        return int(text)

    def end(self) -> None:
        if self._next()[0] != "end":
            raise ExpressionError(f"unexpected {self._next()[1]} in the query")
