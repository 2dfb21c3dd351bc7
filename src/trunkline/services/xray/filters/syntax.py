"""The parts of a filter expression, and the keywords that there are."""

from __future__ import annotations

from dataclasses import dataclass

Value = str | float | bool


class BadFilter(Exception):
    """The expression cannot be read. Says where."""


BOOLEANS = frozenset({"ok", "error", "fault", "throttle", "partial", "inferred", "first", "last", "remote", "root"})
NUMBERS = frozenset({"responsetime", "duration", "http.status", "index", "coverage"})
STRINGS = frozenset(
    {"http.url", "http.method", "http.useragent", "http.clientip", "user", "name", "type", "message"}
    | {"availabilityzone", "instance.id", "resource.arn", "account.id"}
)
OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "CONTAINS", "BEGINSWITH", "ENDSWITH", "IN"})


@dataclass(frozen=True, slots=True)
class Keyword:
    """`http.status`, or of an annotation its key."""

    name: str
    annotation: bool = False


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


@dataclass(frozen=True, slots=True)
class Present:
    """A keyword alone: set, or true if it is a boolean."""

    keyword: Keyword


@dataclass(frozen=True, slots=True)
class Compare:
    keyword: Keyword
    operator: str
    values: tuple[Value, ...]
    """One value, or those of IN."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Which nodes: any that agrees in all that is given."""

    name: str | None = None
    type: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    selector: Selector
    inner: Expression | None


@dataclass(frozen=True, slots=True)
class Edge:
    source: Selector
    destination: Selector
    inner: Expression | None


@dataclass(frozen=True, slots=True)
class RootCause:
    """`kind`: fault, error, responsetime; `level`: service, entity, exception."""

    kind: str
    level: str
    inner: Expression | None


@dataclass(frozen=True, slots=True)
class RootCauseJson:
    """Root causes of one kind (or of any) that look like this; `operator` is = or !=."""

    kind: str | None
    operator: str
    pattern: object


@dataclass(frozen=True, slots=True)
class GroupNamed:
    """The expression of a group, looked up by name or arn."""

    by: str
    operator: str
    value: str


Expression = All | Any | Not | Present | Compare | Service | Edge | RootCause | RootCauseJson | GroupNamed
