"""Reads a whole query: a source, and commands between bars."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.lexer import Lexer, Token
from trunkline.services.logs.insights.parser_rows import Rows

_MAX_STATS = 10
_MAX_COMMANDS = 100
_MAX_SUBQUERIES = 10
_REFUSED = ("relevantfields",)
TOO_DEEP = "the query is nested too deeply"


def parse(text: str) -> tree.Query:
    """The tree of a query; MalformedQuery where it is none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedQuery("the query is not valid Unicode", error.start, error.end) from None
    try:
        return Parser(text).whole()
    except RecursionError:
        raise MalformedQuery(TOO_DEEP) from None


class Parser(Rows):
    """One method a command; the simple ones here."""

    def __init__(self, text: str) -> None:
        lexer = Lexer(text)
        super().__init__(lexer, self._subquery)
        self._subqueries = 0
        self._commands: dict[str, Callable[[], tree.Command]] = {
            "fields": self._fields,
            "display": self._display,
            "filter": self._filter,
            "where": self._filter,
            "filterindex": self._filter_index,
            "stats": self._stats,
            "sort": self._sort,
            "limit": self._limit,
            "dedup": self._dedup,
            "parse": self.parse,
            "json": self.json,
            "unnest": self.unnest,
            "expand": self.expand,
            "pattern": lambda: tree.Pattern(self.sum()),
            "diff": self._diff,
            "logcompare": self._log_compare,
            "anomaly": tree.Anomaly,
            "unmask": lambda: tree.Unmask(self.fields()),
            "join": self.join,
            "lookup": self.lookup,
            "cidrlookup": self.cidr_lookup,
            "appendcols": self.append_columns,
            "addtotals": self.add_totals,
            "autoregress": self.autoregress,
            "filldown": self.fill_down,
            "fillmissing": self.fill_missing,
            "outlier": self.outlier,
            "accum": self.accumulate,
            "sessionize": self.sessionize,
            "countfrequent": lambda: tree.CountFrequent(self.fields()),
        }

    def whole(self) -> tree.Query:
        found = self.query()
        if self.lexer.peek.kind != "end":
            raise self.lexer.unexpected()
        return found

    def query(self) -> tree.Query:
        source = self.source() if self.lexer.peek.word == "source" else None
        commands: list[tree.Command] = []
        if source is not None and not self.accept("|"):
            return tree.Query(source, ())
        while True:
            token = self.lexer.next()
            commands.append(self._command(token, commands))
            if not self.accept("|"):
                return tree.Query(source, tuple(commands))

    def _command(self, token: Token, before: list[tree.Command]) -> tree.Command:
        read = self._commands.get(token.word.replace("_", ""))
        after_dedup = bool(before) and isinstance(before[-1], tree.Dedup) and token.word != "limit"
        if token.word in _REFUSED:
            raise MalformedQuery(f"Trunkline does not support the command {token.word}", token.start, token.end)
        if read is None or after_dedup:
            raise self.lexer.unexpected(token)
        if len(before) >= _MAX_COMMANDS:
            raise MalformedQuery(f"a query has at most {_MAX_COMMANDS} commands", token.start, token.end)
        command: tree.Command = read()
        if isinstance(command, tree.Diff | tree.Anomaly) and not _after_pattern(command, before):
            name = "Diff" if isinstance(command, tree.Diff) else "Anomaly"
            message = f"{name} compilation Failed : {name} operation has to be used after Pattern"
            raise MalformedQuery(message, token.start, token.end)
        if isinstance(command, tree.Stats) and sum(isinstance(one, tree.Stats) for one in before) >= _MAX_STATS:
            raise MalformedQuery(f"a query has at most {_MAX_STATS} stats commands", token.start, token.end)
        return command

    def _subquery(self) -> tree.Query:
        self._subqueries += 1
        token = self.lexer.peek
        if self._subqueries > _MAX_SUBQUERIES:
            raise MalformedQuery(f"a query has at most {_MAX_SUBQUERIES} subqueries", token.start, token.end)
        if self.within:
            raise MalformedQuery("nested subqueries are not supported", token.start, token.end)
        self.within = True
        try:
            return self.query()
        finally:
            self.within = False

    # -- commands

    def _fields(self) -> tree.Fields:
        return tree.Fields(self.columns())

    def _display(self) -> tree.Display:
        return tree.Display(self.columns())

    def _filter(self) -> tree.Filter:
        return tree.Filter(self.expression())

    def _filter_index(self) -> tree.Filter:
        start = self.lexer.peek
        condition = self.expression()
        if not _is_index_condition(condition):
            message = "filterIndex takes conditions of the form field = value and field in [values]"
            raise MalformedQuery(message, start.start, self.lexer.last_end)
        return tree.Filter(condition, by_index=True)

    def _stats(self) -> tree.Stats:
        aggregates = self.columns()
        keys: tuple[tree.Column, ...] = ()
        offset = None
        if self.accept("by"):
            keys = self.columns()
            if self.accept("offset"):
                offset = self.period()
        return tree.Stats(aggregates, keys, offset)

    def _sort(self) -> tree.Sort:
        keys = [self._sort_key()]
        while self.accept(","):
            keys.append(self._sort_key())
        return tree.Sort(tuple(keys))

    def _sort_key(self) -> tree.SortKey:
        expression = self.sum()
        if self.accept("desc"):
            return tree.SortKey(expression, True)
        self.accept("asc")
        return tree.SortKey(expression, False)

    def _limit(self) -> tree.Limit:
        self.accept("any")
        token = self.lexer.next()
        if token.kind != "number" or not token.text.isdigit():
            raise self.lexer.unexpected(token)
        if not 1 <= int(token.text) <= 100_000:
            raise MalformedQuery("limit must be between 1 and 100000", token.start, token.end)
        return tree.Limit(int(token.text))

    def _dedup(self) -> tree.Dedup:
        return tree.Dedup(self.fields())

    def _diff(self) -> tree.Diff:
        found = self.accept("previousday", "previousweek", "previousmonth")
        return tree.Diff(found.word if found else "previous")

    def _log_compare(self) -> tree.Diff:
        self.expect("timeshift")
        return tree.Diff(self.period())


def _after_pattern(command: tree.Command, before: list[tree.Command]) -> bool:
    """logcompare brings its own pattern; diff and anomaly need one."""
    is_compare = isinstance(command, tree.Diff) and isinstance(command.against, tree.Period)
    return is_compare or any(isinstance(one, tree.Pattern) for one in before)


def _is_index_condition(condition: tree.Expression) -> bool:
    if isinstance(condition, tree.Binary) and condition.operator in ("and", "or"):
        return _is_index_condition(condition.left) and _is_index_condition(condition.right)
    if isinstance(condition, tree.Binary):
        return condition.operator == "=" and isinstance(condition.left, tree.Field)
    return isinstance(condition, tree.In) and isinstance(condition.value, tree.Field) and not condition.negated
