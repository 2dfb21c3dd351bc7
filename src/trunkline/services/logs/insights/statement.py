"""What a whole query shares while it is put into SQL: parameters, names, time, and the records that it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.tree import Source

_MAX_SQL = 200_000
_MARK = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Scan:
    """A relation of log records: of the query's own groups unless it has a source, at a time shifted back."""

    name: str
    source: Source | None
    shift_ms: int = 0


@dataclass
class Statement:
    """text: the query. Times: what now(), queryStartTime() and queryEndTime() say. embedded: see compile_query."""

    text: str
    now_s: float
    start_ms: int
    end_ms: int
    embedded: bool = False
    values: list[object] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    lookups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns of lookup tables by name; `read_lookups` are those that the statement reads."""
    read_lookups: list[str] = field(default_factory=list)
    shared: list[tuple[str, str]] = field(default_factory=list)
    """Common table expressions: name and SELECT."""
    matched: str | None = None
    """SQL of how many events matched; None as long as every event read does."""
    _names: int = 0

    def add(self, value: object) -> str:
        """A mark for a value that the user wrote."""
        self.values.append(value)
        return f"${len(self.values)}"

    def name(self, prefix: str = "c") -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def scan(self, source: Source | None, shift_ms: int = 0) -> str:
        """The name of a relation with the records of a source."""
        name = f"logs{len(self.scans)}"
        self.scans.append(Scan(name, source, shift_ms))
        return name

    def lookup(self, name: str) -> tuple[str, tuple[str, ...]]:
        """The relation of a lookup table, whose columns are c0, c1…, and what these are called."""
        if name not in self.lookups:
            raise MalformedQuery(f"The lookup table {name} does not exist.")
        if name not in self.read_lookups:
            self.read_lookups.append(name)
        return f"lookup{self.read_lookups.index(name)}", self.lookups[name]

    def share(self, body: str) -> str:
        """The name of a SELECT that is computed once and may be read several times."""
        name = self.name("shared")
        self.shared.append((name, body))
        return name

    def whole(self, body: str) -> tuple[str, tuple[object, ...]]:
        """The text of the statement and the values of its marks: those that were not thrown away on the way."""
        shared = ", ".join(f"{name} AS MATERIALIZED ({select})" for name, select in self.shared)
        sql = f"WITH {shared} {body}" if shared else body
        if len(sql) > _MAX_SQL:
            raise MalformedQuery("the query is too complex")
        used = sorted({int(mark) for mark in _MARK.findall(sql)})
        places = {mark: place for place, mark in enumerate(used, start=1)}
        values = tuple(self.values[mark - 1] for mark in used)
        return _MARK.sub(lambda found: f"${places[int(found[1])]}", sql), values
