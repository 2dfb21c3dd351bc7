"""A step of a query as SQL: rows, the fields known by name, their order and what of them is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from trunkline.services.logs.insights import discovered
from trunkline.services.logs.insights.statement import Statement
from trunkline.services.logs.insights.values import MISSING, Value

CURSOR = ("time_ms", "slice_start_s", "batch", "place")
RAW = ("grp", "stream", *CURSOR, "ingestion_ms", "message")
"""The columns of events, as the telemetry engine gives them."""

Shown = tuple[str, tuple[str, ...]]
"""What a column is called, and the path of the field that it shows: looked up last, when few rows are left."""
_DEFAULT: list[Shown] = [("@timestamp", ("@timestamp",)), ("@message", ("@message",))]
_SIMPLE = 40  # longer SQL is worth a column when it is used more than once


def normal(written: str) -> str:
    """The spelling under which a column that has no alias is found again: `count( * )` is `count(*)`."""
    return "".join(written.split()).lower()


@dataclass
class Relation:
    """body: a SELECT. columns: the fields made so far. events: rows are still log events, with fields to discover."""

    statement: Statement
    body: str
    events: bool = True
    embedded: bool = False
    columns: dict[str, Value] = field(default_factory=dict)
    unnamed: dict[str, Value] = field(default_factory=dict)
    order: list[tuple[str, bool]] = field(default_factory=list)
    shown: list[Shown] | None = None
    extra: list[Shown] = field(default_factory=list)
    aliases: tuple[str, ...] = ()
    bins: dict[str, int] = field(default_factory=dict)
    """The columns made by bin() with a period of fixed length, and that length in milliseconds."""

    # -- changes

    def let(self, sql: str) -> str:
        """A new column; its name."""
        name = self.statement.name()
        self.body = f"SELECT *, {sql} AS {name} FROM ({self.body})"
        return name

    def once(self, value: Value) -> Value:
        """The same value, fit for being used several times."""
        if len(value.sql) <= _SIMPLE:
            return value
        return replace(value, sql=self.let(value.sql))

    def define(self, name: str, value: Value) -> None:
        """From now on a field of this name is this value."""
        self.columns[name] = replace(value, sql=self.let(value.sql), constant=None)

    def where(self, condition: str) -> None:
        self.body = f"SELECT * FROM ({self.body}) WHERE {condition}"

    def limit(self, count: int) -> None:
        self.body = f"SELECT * FROM ({self.body}){self.ordering} LIMIT {count}"

    def show(self, name: str, path: tuple[str, ...] | None = None) -> None:
        """A command that makes a field shows it, beside what is shown by default or already."""
        shown = self.extra if self.shown is None else self.shown
        one = (name, path or (name,))
        if one not in shown:
            shown.append(one)

    # -- reading

    @property
    def ordering(self) -> str:
        keys = self.order or ([(name, True) for name in CURSOR] if self.events else [])
        parts = [f"{sql} {'DESC' if down else 'ASC'} NULLS LAST" for sql, down in keys]
        return f" ORDER BY {', '.join(parts)}" if parts else ""

    @property
    def displayed(self) -> list[Shown]:
        if self.shown is not None:
            return self.shown
        return [*(_DEFAULT if self.events else ()), *self.extra]

    def field(self, path: tuple[str, ...]) -> Value | None:
        """A field by its path; None when there can be none of that name."""
        name = ".".join(path)
        if name in self.columns:
            return self.columns[name]
        for cut in range(len(path) - 1, 0, -1):
            holder = self.columns.get(".".join(path[:cut]))
            if holder is not None and (holder.members or holder.kind == "json"):
                return self._member(holder, path[cut:])
        if len(path) > 1 and path[0] in self.aliases:
            return self.field(path[1:])
        if self.events:
            return self._discovered(path)
        return None

    def value(self, path: tuple[str, ...]) -> Value:
        return self.field(path) or MISSING

    def _member(self, holder: Value, path: tuple[str, ...]) -> Value:
        found = f"json_extract_string(TRY_CAST({holder.sql} AS JSON), {self.statement.add(discovered.pointer(path))})"
        return Value(found, "any", members=True)

    def _discovered(self, path: tuple[str, ...]) -> Value:
        known = discovered.known(".".join(path))
        json = None
        if path[0].startswith("@@"):  # how AWS writes a member whose own name begins with @
            path = (path[0][1:], *path[1:])
        if not path[0].startswith("@") or known is None:
            json = discovered.json_field(path, self.statement.add, embedded=self.embedded)
        if known is None:
            return Value(str(json), "any", is_json=True)
        return known if json is None else Value(f"coalesce({json}, {known.sql})", "any")
