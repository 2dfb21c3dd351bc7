"""The syntax tree of a query: a source, and commands in a row."""

from __future__ import annotations

from dataclasses import dataclass

# -- expressions


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its path; one segment, in most cases."""

    path: tuple[str, ...]
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Literal:
    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Period:
    """`5m`: a count of one of ms s m h d w mo q y."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Regex:
    pattern: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class Star:
    """The argument of count(*)."""


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str  # not, -
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str  # and or = != < <= > >= + - * / % ^
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Like:
    value: Expression
    pattern: Expression
    negated: bool


@dataclass(frozen=True, slots=True)
class In:
    value: Expression
    items: tuple[Expression, ...] | Query
    negated: bool


@dataclass(frozen=True, slots=True)
class FunctionCall:
    name: str  # in lower case, without underscores
    arguments: tuple[Expression, ...]
    start: int
    end: int
    written: str = ""


Expression = Field | Literal | Period | Regex | Star | Unary | Binary | Like | In | FunctionCall


@dataclass(frozen=True, slots=True)
class Column:
    """An expression and the name of its column: the alias, or what was written."""

    expression: Expression
    name: str
    aliased: bool


# -- sources


@dataclass(frozen=True, slots=True)
class Source:
    """SOURCE: groups by name, or all that fit."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    log_class: str | None = None
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    source: Source | None
    commands: tuple[Command, ...]


# -- commands


@dataclass(frozen=True, slots=True)
class Fields:
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Display:
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression
    by_index: bool = False


@dataclass(frozen=True, slots=True)
class Stats:
    aggregates: tuple[Column, ...]
    keys: tuple[Column, ...]
    offset: Period | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Parse:
    """how: glob, regex, logfmt, csv or json (then `pattern` is the path)."""

    how: str
    source: Expression
    names: tuple[str, ...]
    pattern: str = ""
    multi: bool = False


@dataclass(frozen=True, slots=True)
class Unnest:
    field: Field
    into: str


@dataclass(frozen=True, slots=True)
class Pattern:
    field: Expression


@dataclass(frozen=True, slots=True)
class Diff:
    """against: previous, previousday, previousweek, previousmonth, or a period to shift by."""

    against: str | Period


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Adds to each pattern what is unusual about it."""


@dataclass(frozen=True, slots=True)
class Unmask:
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Join:
    kind: str  # inner, left
    left: str
    right: str
    keys: tuple[tuple[Field, Field], ...]  # of the left side, of the right side
    query: Query


@dataclass(frozen=True, slots=True)
class Lookup:
    table: str
    keys: tuple[tuple[str, Field], ...]  # column of the table, field of the event
    outputs: tuple[tuple[str, str], ...]  # column of the table, name in the result
    only_new: bool = False
    cidr: bool = False


@dataclass(frozen=True, slots=True)
class AddTotals:
    fields: tuple[Field, ...]
    name: str = "Total"
    rows: bool = True
    columns: bool = False


@dataclass(frozen=True, slots=True)
class Autoregress:
    field: Field
    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FillDown:
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FillMissing:
    values: tuple[tuple[str, Literal], ...]


@dataclass(frozen=True, slots=True)
class Outlier:
    fields: tuple[Field, ...]
    remove: bool = False
    multiplier: float = 2.5
    lower: bool = False
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Accumulate:
    field: Field
    name: str


@dataclass(frozen=True, slots=True)
class AppendColumns:
    query: Query
    override: bool = False
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class Sessionize:
    fields: tuple[Field, ...]
    gap: Period
    name: str


@dataclass(frozen=True, slots=True)
class CountFrequent:
    fields: tuple[Field, ...]


Command = (
    Fields
    | Display
    | Filter
    | Stats
    | Sort
    | Limit
    | Dedup
    | Parse
    | Unnest
    | Pattern
    | Diff
    | Anomaly
    | Unmask
    | Join
    | Lookup
    | AddTotals
    | Autoregress
    | FillDown
    | FillMissing
    | Outlier
    | Accumulate
    | AppendColumns
    | Sessionize
    | CountFrequent
)
