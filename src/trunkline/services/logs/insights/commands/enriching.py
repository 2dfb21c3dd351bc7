"""join, lookup, cidrlookup, appendcols: fields that come from elsewhere.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Join.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.commands.building import Building, settle_matched
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions.addresses import v4_number
from trunkline.services.logs.insights.relation import Relation
from trunkline.services.logs.insights.values import MISSING, Value, text

_MAX_JOINED = 50_000


def join(building: Building, relation: Relation, command: tree.Join) -> Relation:
    """Rows of both sides whose keys are equal. Fields of the right side are those that the query names by its alias."""
    settle_matched(building, relation)
    right = building.relation(command.query)
    right.limit(_MAX_JOINED)
    named = {field.path for field in _fields(building.query) if len(field.path) > 1}
    wanted = sorted(path for path in named if path[0] == command.right)
    columns: dict[str, Value] = {}
    for path in wanted:
        value = right.value(path[1:])
        columns[".".join(path)] = Value(right.let(value.sql), value.kind, members=value.members)
    keys = [
        (relation.let(relation.value(left.path).text), right.let(right.value(of_right.path).text))
        for left, of_right in command.keys
    ]
    on = " AND ".join(f"l.{left} = r.{of_right}" for left, of_right in keys)
    kind = "LEFT JOIN" if command.kind == "left" else "JOIN"
    selected = ", ".join(["l.*", *(f"r.{value.sql}" for value in columns.values())])
    relation.body = f"SELECT {selected} FROM ({relation.body}) l {kind} ({right.body}) r ON {on}"
    relation.columns |= columns
    relation.aliases = (*relation.aliases, command.left)
    return relation


def _fields(node: object) -> Iterator[tree.Field]:
    """All fields that a tree names."""
    if isinstance(node, tree.Field):
        yield node
    elif isinstance(node, tuple):
        for one in node:
            yield from _fields(one)
    elif is_dataclass(node):
        for member in fields(node):
            yield from _fields(getattr(node, member.name))


def lookup(building: Building, relation: Relation, command: tree.Lookup) -> Relation:
    table, header = building.statement.lookup(command.table)
    outputs = [(relation.statement.name(), _column(header, column, command), name) for column, name in command.outputs]
    selected = ", ".join(f"t.{column} AS {as_name}" for as_name, column, _ in outputs)
    if command.cidr:
        _join_networks(relation, table, header, command, selected)
    else:
        keys = [
            (_column(header, column, command), relation.let(relation.value(f.path).text)) for column, f in command.keys
        ]
        distinct = ", ".join(column for column, _ in keys)
        on = " AND ".join(f"t.{column} = l.{value}" for column, value in keys)
        rows = f"SELECT DISTINCT ON ({distinct}) * FROM {table}"
        relation.body = f"SELECT l.*, {selected} FROM ({relation.body}) l LEFT JOIN ({rows}) t ON {on}"
    for as_name, _, name in outputs:
        before = relation.field((name,)) or MISSING
        pair = [before.text, as_name] if command.only_new else [as_name, before.text]
        relation.define(name, text(f"coalesce({', '.join(pair)})"))
        relation.show(name)
    return relation


def _join_networks(
    relation: Relation, table: str, header: tuple[str, ...], command: tree.Lookup, selected: str
) -> None:
    """The row of the narrowest network that an IPv4 address lies in."""
    given, field = command.keys[0]
    networks = _column(header, given or next((name for name in header if name.lower() == "cidr"), header[0]), command)
    address = relation.let(v4_number(relation.once(relation.value(field.path)).text))
    row = relation.let("row_number() OVER ()")
    base, length = f"split_part({networks}, '/', 1)", f"TRY_CAST(split_part({networks}, '/', 2) AS INTEGER)"
    rows = f"SELECT *, {v4_number(base)} AS low, {length} AS bits FROM {table}"
    on = f"l.{address} >= t.low AND l.{address} < t.low + CAST(pow(2, 32 - t.bits) AS BIGINT)"
    relation.body = (
        f"SELECT l.*, {selected} FROM ({relation.body}) l LEFT JOIN ({rows}) t ON {on}"
        f" QUALIFY row_number() OVER (PARTITION BY l.{row} ORDER BY t.bits DESC) = 1"
    )


def _column(header: tuple[str, ...], name: str, command: tree.Lookup) -> str:
    if name not in header:
        raise MalformedQuery(f"The lookup table {command.table} has no field {name}.")
    return f"c{header.index(name)}"


def append_columns(building: Building, relation: Relation, command: tree.AppendColumns) -> Relation:
    """The columns of another query beside these, row by row."""
    settle_matched(building, relation)
    right = building.relation(command.query)
    right.limit(command.most)
    outputs = [(name, right.once(right.value(path)), relation.statement.name()) for name, path in right.displayed]
    row = relation.let(f"row_number() OVER ({relation.ordering.strip()})")
    selected = ", ".join(f"{value.sql} AS {column}" for _, value, column in outputs)
    rows = f"SELECT {selected}, row_number() OVER ({right.ordering.strip()}) AS place FROM ({right.body})"
    relation.body = (
        f"SELECT l.*, r.* EXCLUDE (place) FROM ({relation.body}) l LEFT JOIN ({rows}) r ON r.place = l.{row}"
    )
    relation.order = relation.order or [(row, False)]
    for name, value, column in outputs:
        if command.override or name not in relation.columns:
            relation.columns[name] = Value(column, value.kind, members=value.members)
            relation.show(name)
    return relation
