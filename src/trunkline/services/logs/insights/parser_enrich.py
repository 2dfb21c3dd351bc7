"""Reads the commands that bring in other data: join, lookup, cidrlookup, appendcols."""

from __future__ import annotations

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.parser_parse import Parsing


class Enriching(Parsing):
    def join(self) -> tree.Join:
        kind, aliases = "inner", {"left": "left", "right": "right"}
        while (option := self.accept("type", "left", "right")) is not None:
            self.expect("=")
            if option.word == "type":
                kind = self.expect("inner", "left").word
            else:
                aliases[option.word] = self.name()
        self.expect("where", "on")
        keys = [self._key(aliases)]
        while self.accept("and", ","):
            keys.append(self._key(aliases))
        self.expect("(")
        query = self._subquery()
        self.expect(")")
        return tree.Join(kind, aliases["left"], aliases["right"], tuple(keys), query)

    def _key(self, aliases: dict[str, str]) -> tuple[tree.Field, tree.Field]:
        left = self.field()
        self.expect("=")
        right = self.field()
        if left.path[0] == aliases["right"] or right.path[0] == aliases["left"]:
            left, right = right, left
        return _without(left, aliases["left"]), _without(right, aliases["right"])

    def lookup(self) -> tree.Lookup:
        table = self.name()
        keys = [self._lookup_key()]
        while self.accept(","):
            keys.append(self._lookup_key())
        only_new = self.expect("output", "outputnew").word == "outputnew"
        return tree.Lookup(table, tuple(keys), self._outputs(), only_new)

    def _lookup_key(self) -> tuple[str, tree.Field]:
        column = self.field()
        return column.name, self.field() if self.accept("as") else column

    def cidr_lookup(self) -> tree.Lookup:
        table = self.name()
        field = self.field()
        column = self.name() if self.accept("as") else ""
        only_new = self.expect("output", "outputnew").word == "outputnew"
        return tree.Lookup(table, ((column, field),), self._outputs(), only_new, cidr=True)

    def _outputs(self) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        while not found or self.accept(","):
            column = self.name()
            found.append((column, self.name() if self.accept("as") else column))
        return tuple(found)

    def append_columns(self) -> tree.AppendColumns:
        override, most = False, 10_000
        while (option := self.accept("override", "max")) is not None:
            self.expect("=")
            if option.word == "override":
                override = self.expect("true", "false").word == "true"
            else:
                most = self.number(1, 100_000)
        self.expect("(")
        query = self._subquery()
        self.expect(")")
        return tree.AppendColumns(query, override, most)

    def number(self, least: int, most: int) -> int:
        token = self.lexer.next()
        if token.kind != "number" or not token.text.isdigit() or not least <= int(token.text) <= most:
            raise self.lexer.unexpected(token)
        return int(token.text)


def _without(field: tree.Field, alias: str) -> tree.Field:
    return (
        tree.Field(field.path[1:], field.start, field.end) if field.path[:1] == (alias,) and field.path[1:] else field
    )
