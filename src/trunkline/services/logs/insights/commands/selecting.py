"""fields, display, filter, sort, limit, dedup, unmask."""

from __future__ import annotations

import re

from trunkline.services.logs.insights import ordering, tree
from trunkline.services.logs.insights.commands.building import Building, settle_matched, take
from trunkline.services.logs.insights.relation import CURSOR, Relation

_COLUMN = re.compile(r"[a-z]\w*")


def fields(building: Building, relation: Relation, command: tree.Fields) -> Relation:
    if relation.shown is None:
        relation.shown = relation.extra
    for column in command.columns:
        _column(building, relation, column)
    return relation


def display(building: Building, relation: Relation, command: tree.Display) -> Relation:
    relation.shown = []
    return fields(building, relation, tree.Fields(command.columns))


def _column(building: Building, relation: Relation, column: tree.Column) -> None:
    if isinstance(column.expression, tree.Field) and not column.aliased:
        relation.show(column.name, column.expression.path)
        return
    relation.define(column.name, building.translator(relation).value(column.expression))
    relation.show(column.name)


def filter_events(building: Building, relation: Relation, command: tree.Filter) -> Relation:
    condition = building.translator(relation).condition(command.condition)
    relation.where(condition)
    return relation


def sort(building: Building, relation: Relation, command: tree.Sort) -> Relation:
    translator = building.translator(relation)
    order: list[tuple[str, bool]] = []
    for key in command.keys:
        value = relation.once(translator.value(key.expression))
        order += [
            (sql if _COLUMN.fullmatch(sql) else relation.let(sql), key.descending) for sql in ordering.keys(value)
        ]
    if relation.events:
        # Events of one instant keep the order of their ingestion, in the direction asked for.
        by_time = next((down for sql, down in order if sql == "time_ms"), True)
        order += [(name, by_time) for name in CURSOR]
    relation.order = order
    return relation


def limit(building: Building, relation: Relation, command: tree.Limit) -> Relation:
    take(building, relation, command.count)
    return relation


def dedup(building: Building, relation: Relation, command: tree.Dedup) -> Relation:
    """The first event in order of each combination of values; what lacks one of them is no duplicate."""
    settle_matched(building, relation)
    keys = [relation.once(relation.value(field.path)).sql for field in command.fields]
    missing = " OR ".join(f"{key} IS NULL" for key in keys)
    first = f"row_number() OVER (PARTITION BY {', '.join(keys)}{relation.ordering}) = 1"
    relation.body = f"SELECT * FROM ({relation.body}) QUALIFY {missing} OR {first}"
    return relation


def unmask(building: Building, relation: Relation, command: tree.Unmask) -> Relation:
    """Shows the fields; whether they are masked is the caller's to decide (see `masking`)."""
    return display(building, relation, tree.Display(tuple(tree.Column(f, f.name, False) for f in command.fields)))
