"""What commands may ask of the compiler."""

from __future__ import annotations

from typing import Protocol

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.relation import CURSOR, Relation
from trunkline.services.logs.insights.statement import Statement
from trunkline.services.logs.insights.translate import Translator


class Building(Protocol):
    statement: Statement
    outermost: bool
    query: tree.Query

    def relation(self, query: tree.Query, *, outermost: bool = False) -> Relation: ...

    def events(self, source: tree.Source | None, shift_ms: int = 0) -> Relation: ...

    def shifted(self, back_ms: int) -> Relation: ...

    def translator(self, relation: Relation) -> Translator: ...


def take(building: Building, relation: Relation, count: int) -> None:
    """The first rows in order.

    Filtered events in order of time are counted in the same pass: most queries end so, and would read all of it twice.
    """
    statement, columns = building.statement, {name for name, _ in relation.order} or set(CURSOR)
    downwards = {down for _, down in relation.order} or {True}
    is_simple = " WHERE " in relation.body and relation.events and columns == set(CURSOR) and len(downwards) == 1
    if not (is_simple and building.outermost and statement.matched is None):
        settle_matched(building, relation)
        relation.limit(count)
        return
    first = "max_by" if True in downwards else "min_by"
    rows = f"SELECT count(*) AS matched, {first}(e, [{', '.join(CURSOR)}], {count}) AS first FROM ({relation.body}) e"
    taken = statement.share(rows)
    statement.matched = f"SELECT matched FROM {taken}"
    relation.body = f"SELECT unnest(e) FROM (SELECT unnest(first) AS e FROM {taken})"


def settle_matched(building: Building, relation: Relation) -> None:
    """Before rows are dropped or merged: events that have come so far are those that matched."""
    if building.outermost and building.statement.matched is None and relation.events:
        building.statement.matched = f"SELECT count(*) FROM ({relation.body})"
