"""The commands that look at neighbouring rows: addtotals, accum, autoregress, filldown, outlier, sessionize.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import fnmatch

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.commands.building import Building, settle_matched
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.relation import CURSOR, Relation, Shown
from trunkline.services.logs.insights.units import milliseconds
from trunkline.services.logs.insights.values import Value, number


def _so_far(relation: Relation) -> str:
    return f"OVER ({relation.ordering.strip()} ROWS UNBOUNDED PRECEDING)"


def accumulate(building: Building, relation: Relation, command: tree.Accumulate) -> Relation:
    value = relation.once(relation.value(command.field.path)).number
    relation.define(command.name, number(f"sum({value}) {_so_far(relation)}"))
    relation.show(command.name)
    return relation


def autoregress(building: Building, relation: Relation, command: tree.Autoregress) -> Relation:
    value = relation.once(relation.value(command.field.path))
    for lag in range(command.first, command.last + 1):
        is_named = bool(command.name) and command.first == command.last
        name = command.name if is_named else f"{command.name or command.field.name}_p{lag}"
        relation.define(name, Value(f"lag({value.sql}, {lag}) OVER ({relation.ordering.strip()})", value.kind))
        relation.show(name)
    return relation


def fill_down(building: Building, relation: Relation, command: tree.FillDown) -> Relation:
    for name, path in list(relation.displayed):
        if not command.patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in command.patterns):
            value = relation.once(relation.value(path))
            filled = f"last_value({value.sql} IGNORE NULLS) {_so_far(relation)}"
            relation.define(name, Value(filled, value.kind))
            _show_instead(relation, (name, path))
    return relation


def _show_instead(relation: Relation, shown: Shown) -> None:
    """From now on this column shows the field that was defined by its name."""
    relation.shown = [(one[0], (one[0],)) if one == shown else one for one in relation.displayed]


def outlier(building: Building, relation: Relation, command: tree.Outlier) -> Relation:
    """Beyond the quartiles by so many times the distance between them."""
    settle_matched(building, relation)
    marks: list[str] = []
    for field in command.fields:
        value = relation.once(number(relation.value(field.path).number)).sql
        low, high = (relation.let(f"quantile_cont({value}, {part}) OVER ()") for part in (0.25, 0.75))
        top = f"({high} + {command.multiplier!r} * ({high} - {low}))"
        bottom = f"({low} - {command.multiplier!r} * ({high} - {low}))"
        beyond = f"{value} > {top}" + (f" OR {value} < {bottom}" if command.lower else "")
        marks.append(relation.let(f"(({beyond}) IS TRUE)"))
        if command.mark:
            relation.columns[f"{field.name}_outlier"] = Value(marks[-1], "flag")
            relation.show(f"{field.name}_outlier")
        if not command.remove:
            clamped = f"CASE WHEN {value} IS NULL THEN NULL ELSE least({value}, {top}) END"
            clamped = f"greatest({clamped}, {bottom})" if command.lower else clamped
            relation.define(field.name, number(clamped))
    if command.remove:
        relation.where(f"NOT ({' OR '.join(marks)})")
    return relation


def sessionize(building: Building, relation: Relation, command: tree.Sessionize) -> Relation:
    """Events of one identity with no longer pause between them than the gap."""
    stamp = relation.field(("@timestamp",))
    if stamp is None:
        raise MalformedQuery("sessionize needs @timestamp")
    parts = [relation.once(relation.value(field.path)).text for field in command.fields]
    within = f"PARTITION BY {', '.join(parts)} ORDER BY {stamp.time}"
    pause = f"{stamp.time} - lag({stamp.time}) OVER ({within})"
    begins = relation.let(f"CAST(coalesce({pause} > {milliseconds(command.gap)}, TRUE) AS INTEGER)")
    count = f"CAST(sum({begins}) OVER ({within} ROWS UNBOUNDED PRECEDING) AS VARCHAR)"
    relation.define(command.name, Value(f"concat_ws('-', {', '.join(parts)}, {count})", "any"))
    relation.show(command.name)
    return relation


def add_totals(building: Building, relation: Relation, command: tree.AddTotals) -> Relation:
    paths = [(field.name, field.path) for field in command.fields] or list(relation.displayed)
    values = [
        (name, number(relation.let(relation.value(path).number))) for name, path in paths if _is_summed(relation, path)
    ]
    if command.rows and values:
        any_there = " OR ".join(f"{value.sql} IS NOT NULL" for _, value in values)
        total = " + ".join(f"coalesce({value.sql}, 0)" for _, value in values)
        relation.define(command.name, number(f"CASE WHEN {any_there} THEN {total} END"))
        relation.show(command.name)
        values.append((command.name, relation.columns[command.name]))
    if command.columns and values:
        _summary(building, relation, values)
    return relation


def _is_summed(relation: Relation, path: tuple[str, ...]) -> bool:
    """Times, and what AWS adds to events by itself, are no numbers to sum."""
    return relation.value(path).kind in ("number", "any") and not path[0].startswith("@")


def _summary(building: Building, relation: Relation, values: list[tuple[str, Value]]) -> None:
    """One row more, behind all others, with the sums of the columns."""
    settle_matched(building, relation)
    rows, last = relation.statement.share(relation.body), relation.statement.name()
    sums = ", ".join(f"sum({value.sql}) AS {value.sql}" for _, value in values)
    relation.body = f"SELECT *, FALSE AS {last} FROM {rows} UNION ALL BY NAME SELECT {sums}, TRUE AS {last} FROM {rows}"
    relation.order = [(last, False), *(relation.order or [(name, True) for name in CURSOR])]
    for name, value in values:
        relation.columns[name] = value
        if (name, (name,)) not in relation.displayed:
            relation.shown = [(one, (one,)) if one == name else (one, path) for one, path in relation.displayed]
