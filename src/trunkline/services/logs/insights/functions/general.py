"""General functions: what is there, which of several, and what the query itself is."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions.registry import Arguments, function
from trunkline.services.logs.insights.values import Value, flag, number, text

_MAX_BRANCHES = 10


def _is_present(of: Arguments) -> Value:
    return flag(f"({of[0].sql} IS NOT NULL)")


def _coalesce(of: Arguments) -> Value:
    return _one_of(of.all(), lambda parts: f"coalesce({', '.join(parts)})")


def _if(of: Arguments) -> Value:
    return _one_of([of[1], of[2]], lambda parts: f"CASE WHEN {of.condition(0)} THEN {parts[0]} ELSE {parts[1]} END")


def _case(of: Arguments) -> Value:
    branches = len(of) // 2
    if branches > _MAX_BRANCHES:
        raise MalformedQuery(f"case takes at most {_MAX_BRANCHES} branches")
    conditions = [of.condition(2 * index) for index in range(branches)]
    values = [of[2 * index + 1] for index in range(branches)] + ([of[len(of) - 1]] if len(of) % 2 else [])

    def sql(parts: list[str]) -> str:
        whens = " ".join(f"WHEN {test} THEN {part}" for test, part in zip(conditions, parts, strict=False))
        return f"CASE {whens} ELSE {parts[-1] if len(of) % 2 else 'NULL'} END"

    return _one_of(values, sql)


def _one_of(values: list[Value], sql: Callable[[list[str]], str]) -> Value:
    """A value of the kind that all have, or text."""
    kinds = {value.kind for value in values}
    if len(kinds) == 1:
        return Value(sql([value.sql for value in values]), kinds.pop())
    return text(sql([value.text for value in values]))


FUNCTIONS = {
    "ispresent": function(_is_present, 1),
    "coalesce": function(_coalesce, 1, None),
    "if": function(_if, 3),
    "case": function(_case, 2, 2 * _MAX_BRANCHES + 1),
    "isnumeric": function(lambda of: flag(f"(({of[0].number}) IS NOT NULL)"), 1),
    "messagesize": function(lambda of: number(f"CAST(strlen({of[0].text}) AS DOUBLE)"), 1),
    "querystarttime": function(lambda of: number(f"CAST({of.statement.start_ms} AS DOUBLE)"), 0),
    "queryendtime": function(lambda of: number(f"CAST({of.statement.end_ms} AS DOUBLE)"), 0),
    "querytimerange": function(lambda of: number(f"CAST({of.statement.end_ms - of.statement.start_ms} AS DOUBLE)"), 0),
}
