"""Compiles a query into one SQL statement over the log records that it reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.commands import COMMANDS
from trunkline.services.logs.insights.commands.building import take
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.parser import TOO_DEEP, parse
from trunkline.services.logs.insights.relation import CURSOR, RAW, Relation
from trunkline.services.logs.insights.statement import Scan, Statement
from trunkline.services.logs.insights.translate import Translator

DEFAULT_LIMIT = 10_000
_LOG_EVENTS = f"SELECT {', '.join(RAW)} FROM"
_NAMED_EVENTS = (
    f"SELECT {', '.join(f'l.{name}' for name in RAW)}, s.name AS stream_name, g.name AS log_name FROM {{}} l"
    " LEFT JOIN stream_names s ON s.id = l.stream LEFT JOIN group_names g ON g.id = l.grp"
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """sql and values: the statement and what its $1… are. scans: the relations of log records that it reads.

    columns: name and kind of each column of the results; behind them come, when `has_events`, the group and the cursor
    of the event, and last how many events matched (NULL: all that were read). names: it reads `stream_names` and
    `group_names`, which have the columns id and name. lookups: the lookup tables that it reads, as `lookup0`, `lookup1`
    and so on, with columns `c0`, `c1`….
    """

    sql: str
    values: tuple[object, ...]
    scans: tuple[Scan, ...]
    columns: tuple[tuple[str, str], ...]
    has_events: bool
    names: bool
    lookups: tuple[str, ...]
    limit: int


def compile_query(
    text: str,
    *,
    now_s: float,
    start_ms: int,
    end_ms: int,
    limit: int | None = None,
    lookups: Mapping[str, Collection[str]] | None = None,
    embedded_json: bool = False,
) -> Compiled:
    """The statement of a query; MalformedQuery where it is none.

    lookups: the columns of the lookup tables there are. embedded_json: JSON within a line of text is discovered too, as
    AWS does for Lambda's logs.
    """
    statement = Statement(text, now_s, start_ms, end_ms, embedded_json)
    try:
        return _compiled(statement, lookups or {}, limit)
    except RecursionError:
        raise MalformedQuery(TOO_DEEP) from None


def _compiled(statement: Statement, lookups: Mapping[str, Collection[str]], limit: int | None) -> Compiled:
    statement.lookups = {name: tuple(columns) for name, columns in lookups.items()}
    query = parse(statement.text)
    compiler = Compiler(statement, query)
    relation = compiler.relation(query, outermost=True)
    own = next((command.count for command in reversed(query.commands) if isinstance(command, tree.Limit)), None)
    most = min(limit or DEFAULT_LIMIT if own is None else own, limit or own or DEFAULT_LIMIT)
    take(compiler, relation, most)
    columns = [(name, relation.value(path)) for name, path in relation.displayed]
    selected = [f"{value.sql} AS r{place}" for place, (_, value) in enumerate(columns)]
    if relation.events:
        selected += ["grp", *CURSOR]
    selected.append(f"({statement.matched or 'NULL'}) AS matched")
    body = f"SELECT {', '.join(selected)} FROM ({relation.body}){relation.ordering}"
    return Compiled(
        *statement.whole(body),
        tuple(statement.scans),
        tuple((name, value.kind) for name, value in columns),
        relation.events,
        compiler.names,
        tuple(statement.read_lookups),
        most,
    )


class Compiler:
    """Puts commands into SQL, one after the other; nested queries too."""

    def __init__(self, statement: Statement, query: tree.Query) -> None:
        self.statement = statement
        self.names = "@log" in statement.text or "@aws" in statement.text
        self.query = query
        self.outermost = True
        self._under_way: list[tuple[tree.Source | None, tuple[tree.Command, ...]]] = []

    def relation(self, query: tree.Query, *, outermost: bool = False) -> Relation:
        before, self.outermost = self.outermost, outermost
        try:
            return self._run(query, 0)
        finally:
            self.outermost = before

    def shifted(self, back_ms: int) -> Relation:
        """The commands before the one at work, over as long a time that lies so much further back."""
        source, commands = self._under_way[-1]
        before, self.outermost = self.outermost, False
        try:
            return self._run(tree.Query(source, commands), back_ms)
        finally:
            self.outermost = before

    def _run(self, query: tree.Query, back_ms: int) -> Relation:
        relation = self.events(query.source, back_ms)
        for place, command in enumerate(query.commands):
            self._under_way.append((query.source, query.commands[:place]))
            relation = COMMANDS[type(command)](self, relation, command)
            self._under_way.pop()
        return relation

    def events(self, source: tree.Source | None, shift_ms: int = 0) -> Relation:
        name = self.statement.scan(source, shift_ms)
        body = _NAMED_EVENTS.format(name) if self.names else f"{_LOG_EVENTS} {name}"
        return Relation(self.statement, body, embedded=self.statement.embedded)

    def translator(self, relation: Relation) -> Translator:
        return Translator(relation, self._column)

    def _column(self, query: tree.Query) -> str:
        """The values of the first field that a nested query gives, computed once."""
        relation = self.relation(query)
        relation.limit(DEFAULT_LIMIT)
        value = relation.value(relation.displayed[0][1])
        return f"SELECT v FROM {self.statement.share(f'SELECT {value.text} AS v FROM ({relation.body})')}"
