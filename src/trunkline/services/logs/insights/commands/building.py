"""What commands may ask of the compiler."""

from __future__ import annotations

from typing import Protocol

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.relation import Relation
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


def settle_matched(building: Building, relation: Relation) -> None:
    """Before rows are dropped or merged: events that have come so far are those that matched."""
    if building.outermost and building.statement.matched is None and relation.events:
        building.statement.matched = f"SELECT count(*) FROM ({relation.body})"
