"""stats, countFrequent, fillmissing: rows merged by what they have in common."""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.aggregates import AGGREGATES
from trunkline.services.logs.insights.commands.building import Building, settle_matched
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions.registry import Arguments
from trunkline.services.logs.insights.relation import Relation, normal
from trunkline.services.logs.insights.units import CAPS, MS, milliseconds
from trunkline.services.logs.insights.values import MISSING, Value


def stats(building: Building, relation: Relation, command: tree.Stats) -> Relation:
    if not relation.events:
        _check_fields(relation, command)
    translator = building.translator(relation)
    calls = [call for column in command.aggregates for call in _calls(column.expression)]
    keys = [(relation.statement.name("k"), column, translator.value(column.expression)) for column in command.keys]
    found: dict[str, tuple[str, Value]] = {}
    for call in calls:
        written = normal(translator.written(call))
        if written not in found:
            found[written] = (relation.statement.name("a"), _aggregate(Arguments(translator, call)))
    grouped = _grouped(building, relation, keys, found, command.offset)
    outer = building.translator(grouped)
    for column in command.aggregates:
        if not any(_calls(column.expression)):
            raise MalformedQuery(f"stats takes aggregations, not {column.name}")
        grouped.columns[column.name] = grouped.once(outer.value(column.expression))
        grouped.show(column.name)
    return grouped


def _grouped(
    building: Building,
    relation: Relation,
    keys: list[tuple[str, tree.Column, Value]],
    found: dict[str, tuple[str, Value]],
    offset: tree.Period | None,
) -> Relation:
    shift = f" + {milliseconds(offset)}" if offset else ""
    selected = [f"{value.sql}{shift if value.kind == 'time' else ''} AS {name}" for name, _, value in keys]
    selected += [f"{value.sql} AS {name}" for name, value in found.values()]
    by = f" GROUP BY {', '.join(name for name, _, _ in keys)}" if keys else " HAVING count(*) > 0"
    body = f"SELECT {', '.join([*selected, 'count(*) AS merged'])} FROM ({relation.body}){by}"
    statement = relation.statement
    if building.outermost and relation.events and statement.matched is None:
        body = f"SELECT * FROM {(shared := statement.share(body))}"
        statement.matched = f"SELECT coalesce(sum(merged), 0) FROM {shared}"
    grouped = Relation(statement, body, events=False, shown=[])
    for name, column, value in keys:
        grouped.columns[column.name] = Value(name, value.kind)
        if isinstance(column.expression, tree.FunctionCall):
            written = statement.text[column.expression.start : column.expression.end]
            grouped.unnamed[normal(written)] = Value(name, value.kind)
            if (length := _length(column.expression)) is not None:
                grouped.bins[column.name] = length
        grouped.order.append((name, value.kind == "time"))
        grouped.show(column.name)
    for written, (name, value) in found.items():
        grouped.unnamed[written] = Value(name, value.kind)
    return grouped


def _length(call: tree.FunctionCall) -> int | None:
    """The length of the periods of bin(), where they have one."""
    period = call.arguments[-1] if call.name == "bin" and call.arguments else None
    if not isinstance(period, tree.Period) or period.unit not in MS:
        return None
    return min(period.count, CAPS.get(period.unit, period.count)) * MS[period.unit]


def _aggregate(of: Arguments) -> Value:
    call, function = of.call, AGGREGATES[of.call.name]
    if not function.least <= len(of) <= (function.most or 0):
        raise MalformedQuery(f"Invalid arguments for function: {call.written}", call.start, call.end)
    return function.build(of)


def _calls(expression: tree.Expression) -> Iterator[tree.FunctionCall]:
    """The aggregations in an expression, outermost first and not what is within them."""
    match expression:
        case tree.FunctionCall(name=name) if name in AGGREGATES:
            yield expression
        case tree.FunctionCall(arguments=arguments):
            for argument in arguments:
                yield from _calls(argument)
        case tree.Binary(left=left, right=right):
            yield from _calls(left)
            yield from _calls(right)
        case tree.Unary(operand=operand):
            yield from _calls(operand)


def _check_fields(relation: Relation, command: tree.Stats) -> None:
    """A second stats knows only what the first has made."""
    for column in (*command.aggregates, *command.keys):
        for field in _fields(column.expression):
            if relation.field(field.path) is None:
                message = f"Invalid reference to {field.name}: only fields of the previous stats are available"
                raise MalformedQuery(message, field.start, field.end)


def _fields(expression: tree.Expression) -> Iterator[tree.Field]:
    match expression:
        case tree.Field():
            yield expression
        case tree.FunctionCall(arguments=arguments):
            for argument in arguments:
                yield from _fields(argument)
        case tree.Binary(left=left, right=right):
            yield from _fields(left)
            yield from _fields(right)
        case tree.Unary(operand=operand):
            yield from _fields(operand)


def count_frequent(building: Building, relation: Relation, command: tree.CountFrequent) -> Relation:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-CountFrequent.html"""
    settle_matched(building, relation)
    columns = [(relation.statement.name("k"), field.name, relation.value(field.path)) for field in command.fields]
    keys = ", ".join(f"{value.sql} AS {name}" for name, _, value in columns)
    names = ", ".join(name for name, _, _ in columns)
    body = f"SELECT {keys}, CAST(count(*) AS DOUBLE) AS merged FROM ({relation.body}) GROUP BY {names}"
    counted = Relation(relation.statement, body, events=False, shown=[])
    for name, field, value in columns:
        counted.columns[field] = Value(name, value.kind)
        counted.show(field)
    counted.columns["_approxcount"] = Value("merged", "number")
    counted.show("_approxcount")
    counted.order = [("merged", True), *((name, False) for name, _, _ in columns)]
    return counted


def fill_missing(building: Building, relation: Relation, command: tree.FillMissing) -> Relation:
    """Rows for the periods of bin() that no event fell in, from the first to the last one there is.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Fillmissing.html
    """
    if len(relation.bins) != 1:
        raise MalformedQuery("fillmissing comes after stats with one bin()")
    name, period = next(iter(relation.bins.items()))
    column = relation.columns[name].sql
    rows = relation.statement.share(relation.body)
    every = f"unnest(range((SELECT min({column}) FROM {rows}), (SELECT max({column}) FROM {rows}) + 1, {period}))"
    there = f"SELECT {column} FROM {rows} WHERE {column} IS NOT NULL"
    added = f"SELECT * FROM (SELECT {every} AS {column}) WHERE {column} NOT IN ({there})"
    relation.body = f"SELECT * FROM {rows} UNION ALL BY NAME {added}"
    for field, constant in command.values:
        value, given = relation.columns.get(field, MISSING), building.translator(relation).value(constant)
        if value.kind == "number":
            relation.define(field, Value(f"coalesce({value.number}, {given.number})", "number"))
        else:
            relation.define(field, Value(f"coalesce({value.text}, {given.text})", "any"))
    return relation
