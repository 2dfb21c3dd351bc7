"""Reads the commands that take fields out of text and lists: parse, json, unnest, expand; and SOURCE."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.expressions import RESERVED, Expressions
from trunkline.services.logs.insights.lexer import Lexer
from trunkline.services.logs.insights.regexes import group_names
from trunkline.services.logs.insights.units import period

_MESSAGE = tree.Field(("@message",))
_MAX_PREFIXES = 5
_MAX_ACCOUNTS = 20


class Parsing(Expressions):
    def __init__(self, lexer: Lexer, subquery: Callable[[], tree.Query]) -> None:
        super().__init__(lexer, subquery)
        self.lexer = lexer
        self.within = False

    # -- lists of things

    def columns(self) -> tuple[tree.Column, ...]:
        found = [self.column()]
        while self.accept(","):
            found.append(self.column())
        return tuple(found)

    def fields(self) -> tuple[tree.Field, ...]:
        found = [self.field()]
        while self.accept(","):
            found.append(self.field())
        return tuple(found)

    def names(self) -> tuple[str, ...]:
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        return tuple(found)

    def period(self) -> tree.Period:
        token = self.lexer.next()
        if token.kind != "duration":
            raise self.lexer.unexpected(token)
        return period(token)

    # -- parse

    def parse(self) -> tree.Parse:
        token = self.lexer.peek
        source = self.field() if token.kind == "path" and token.word not in ("logfmt", "csv") else _MESSAGE
        pattern = self.lexer.regex()
        if pattern is not None:
            return self._by_regex(source, pattern, token.start)
        if self.accept("logfmt"):
            self.expect("as")
            return tree.Parse("logfmt", source, (self.name(),))
        if self.accept("csv"):
            self.expect("as")
            return tree.Parse("csv", source, self.names())
        text = self.lexer.next()
        if text.kind != "string":
            raise self.lexer.unexpected(text)
        self.expect("as")
        names = self.names()
        if text.value.count("*") != len(names):
            message = f"the pattern has {text.value.count('*')} wildcards for {len(names)} fields"
            raise MalformedQuery(message, text.start, text.end)
        return tree.Parse("glob", source, names, text.value)

    def _by_regex(self, source: tree.Field, pattern: str, start: int) -> tree.Parse:
        named, groups = group_names(pattern, start)
        names = self.names() if self.accept("as") else ()
        multi = self.accept("multi") is not None
        names = names or named
        if not names or (not named and len(names) != groups):
            raise MalformedQuery("parse needs as many capture groups as fields", start, self.lexer.last_end)
        return tree.Parse("regex", source, names, pattern, multi)

    def json(self) -> tree.Parse:
        self.expect("field")
        self.expect("=")
        source = self.field()
        path = self.lexer.next()
        if path.kind != "string":
            raise self.lexer.unexpected(path)
        self.expect("as")
        return tree.Parse("json", source, (self.name(),), path.value)

    def unnest(self) -> tree.Unnest:
        field = self.field()
        self.expect("into")
        return tree.Unnest(field, self.name())

    def expand(self) -> tree.Unnest:
        field = self.field()
        return tree.Unnest(field, field.name)

    # -- SOURCE

    def source(self) -> tree.Source:
        self.lexer.next()
        if self.accept("loggroups"):
            return self._groups()
        if self.accept("datasource"):
            raise MalformedQuery("data sources are not supported: name log groups", self.lexer.last_end)
        names = [self._group_name()]
        while self.accept(","):
            names.append(self._group_name())
        times = {}
        while (word := self.accept("start", "end")) is not None:
            self.expect("=")
            times[word.word] = self._moment()
        return tree.Source(tuple(names), start=times.get("start"), end=times.get("end"))

    def _group_name(self) -> str:
        token = self.lexer.next()
        if token.kind == "string":
            return token.value
        if token.kind != "path" or token.word in RESERVED:
            raise self.lexer.unexpected(token)
        return ".".join(token.segments)

    def _moment(self) -> str:
        minus = self.accept("-")
        token = self.lexer.next()
        if token.kind not in ("duration", "number") and token.word != "now":
            raise self.lexer.unexpected(token)
        return ("-" if minus else "") + token.text.lower()

    def _groups(self) -> tree.Source:
        self.expect("(")
        given: dict[str, tuple[str, ...]] = {}
        while not self.accept(")"):
            if given:
                self.expect(",")
            token = self.expect("nameprefix", "accountidentifiers", "accountidentifier", "class", "loggroupclass")
            self.expect(":")
            given[token.word] = self._texts()
        prefixes, classes = given.get("nameprefix", ()), given.get("class", given.get("loggroupclass", ("STANDARD",)))
        accounts = given.get("accountidentifiers", given.get("accountidentifier", ()))
        if len(prefixes) > _MAX_PREFIXES or len(accounts) > _MAX_ACCOUNTS or len(classes) != 1:
            message = f"SOURCE takes {_MAX_PREFIXES} prefixes, {_MAX_ACCOUNTS} accounts and one class at most"
            raise MalformedQuery(message, self.lexer.last_end)
        return tree.Source(prefixes=prefixes, accounts=accounts, log_class=classes[0])

    def _texts(self) -> tuple[str, ...]:
        self.expect("[")
        found: list[str] = []
        while not self.accept("]"):
            if found:
                self.expect(",")
            token = self.lexer.next()
            if token.kind != "string":
                raise self.lexer.unexpected(token)
            found.append(token.value)
        return tuple(found)
