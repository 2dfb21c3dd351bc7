"""JSON functions: maps and lists out of text and back."""

from __future__ import annotations

from trunkline.services.logs.insights.functions.registry import Arguments, function
from trunkline.services.logs.insights.values import Value, flag, number, text


def _parse(of: Arguments) -> Value:
    """Only a map or a list is one; anything else gives nothing."""
    value = of[0] if of[0].kind == "json" else Value(f"CAST(TRY_CAST({of[0].text} AS JSON) AS VARCHAR)", "any")
    found = of.translator.relation.once(value).sql
    return Value(f"CASE WHEN regexp_matches({found}, '^\\s*[{{\\[]') THEN {found} END", "json")


def _array_size(of: Arguments) -> Value:
    return number(f"CAST(json_array_length(TRY_CAST({of[0].sql} AS JSON)) AS DOUBLE)")


def _array_contains(of: Arguments) -> Value:
    items = f"json_extract_string(TRY_CAST({of[0].sql} AS JSON), '$[*]')"
    return flag(f"(list_contains({items}, {of[1].text}) IS TRUE)")


FUNCTIONS = {
    "jsonparse": function(_parse, 1),
    "jsonstringify": function(lambda of: text(of[0].sql if of[0].kind == "json" else of[0].text), 1),
    "jsonarraysize": function(_array_size, 1),
    "jsonarraycontains": function(_array_contains, 2),
}
