"""Reads the commands that look at several rows: addtotals, accum, autoregress, filldown, fillmissing and so on."""

from __future__ import annotations

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.parser_enrich import Enriching

_MAX_LAG = 100


class Rows(Enriching):
    def add_totals(self) -> tree.AddTotals:
        name, flags = "Total", {"row": True, "col": False}
        while (option := self.accept("fieldname", "row", "col")) is not None:
            self.expect("=")
            if option.word == "fieldname":
                name = self.name()
            else:
                flags[option.word] = self._flag()
        return tree.AddTotals(self._optional_fields(), name, flags["row"], flags["col"])

    def _flag(self) -> bool:
        return self.expect("true", "false").word == "true"

    def _optional_fields(self) -> tuple[tree.Field, ...]:
        return self.fields() if self.lexer.peek.kind == "path" else ()

    def autoregress(self) -> tree.Autoregress:
        field = self.field()
        name = self.name() if self.accept("as") else ""
        first = last = 1
        if self.accept("p"):
            self.expect("=")
            first = last = self.number(1, _MAX_LAG)
            if self.accept("-"):
                last = self.number(first, _MAX_LAG)
        return tree.Autoregress(field, name, first, last)

    def fill_down(self) -> tree.FillDown:
        patterns: list[str] = []
        while self.lexer.peek.kind == "path" or self.lexer.peek.text == "*":
            token = self.lexer.next()
            text = ".".join(token.segments) if token.kind == "path" else "*"
            while token.kind == "path" and self.lexer.peek.text == "*" and self.lexer.peek.start == token.end:
                text += self.lexer.next().text
            patterns.append(text)
            self.accept(",")
        return tree.FillDown(tuple(patterns))

    def fill_missing(self) -> tree.FillMissing:
        values: list[tuple[str, tree.Literal]] = []
        if self.accept("with"):
            while not values or self.accept(","):
                start = self.lexer.peek
                value = self.sum()
                if not isinstance(value, tree.Literal):
                    raise MalformedQuery("fillmissing takes constant values", start.start, self.lexer.last_end)
                self.expect("for")
                values.append((self.name(), value))
        return tree.FillMissing(tuple(values))

    def outlier(self) -> tree.Outlier:
        remove, multiplier, flags = False, 2.5, {"uselower": False, "mark": False}
        while (option := self.accept("action", "param", "uselower", "mark")) is not None:
            self.expect("=")
            if option.word == "action":
                remove = self.expect("remove", "transform").word == "remove"
            elif option.word == "param":
                token = self.lexer.next()
                if token.kind != "number":
                    raise self.lexer.unexpected(token)
                multiplier = float(token.text)
            else:
                flags[option.word] = self._flag()
        fields = [self.field()]
        while self.accept(",") or self.lexer.peek.kind == "path":
            fields.append(self.field())
        return tree.Outlier(tuple(fields), remove, multiplier, flags["uselower"], flags["mark"])

    def accumulate(self) -> tree.Accumulate:
        field = self.field()
        return tree.Accumulate(field, self.name() if self.accept("as") else field.name)

    def sessionize(self) -> tree.Sessionize:
        fields = self.fields()
        gap = self.period() if self.accept("maxspan") else tree.Period(30, "m")
        return tree.Sessionize(fields, gap, self.name() if self.accept("as") else "session_id")
