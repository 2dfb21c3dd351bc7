"""Queries, scheduled queries, lookup tables and field indexes, and AWS's limits on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.aws import arn

MAX_CONCURRENT = 100
MAX_GROUPS = 50
MAX_SOURCE_GROUPS = 10_000
RESULTS_KEPT_MS = 7 * 86_400_000
MAX_LOOKUP_TABLES = 100
MAX_LOOKUP_BYTES = 10_485_760
MAX_INDEXED_FIELDS = 20
MAX_PAGE_ROWS = 10_000
ALIVE = ("Scheduled", "Running")


@dataclass
class Query:
    """A query that was started. `groups` are the names of the groups it read, `group_ids` what they are by."""

    account: str
    region: str
    id: str
    text: str
    created_ms: int
    start_ms: int
    end_ms: int
    groups: list[str]
    group_ids: list[str]
    user: str
    limit: int | None = None
    status: str = "Scheduled"
    ended_ms: int = 0
    error: str = ""
    rows: int = 0
    matched: int = 0
    scanned: int = 0
    bytes_scanned: int = 0
    unmasked: bool = False


@dataclass
class ResultPage:
    """So many rows of a query's results, compressed; they are read a page at a time."""

    query_id: str
    number: int
    body: bytes


@dataclass
class IndexPolicy:
    group_id: str
    document: str
    fields: list[str]
    facets: list[str]
    updated_ms: int
    account_policy: str = ""
    """The name of the account's policy that this is, when the group has none of its own."""


@dataclass
class LookupTable:
    account: str
    region: str
    name: str
    description: str
    fields: list[str]
    records: int
    size_bytes: int
    updated_ms: int
    kms_key_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("logs", self.region, self.account, f"lookup-table:{self.name}")


@dataclass
class LookupBody:
    account: str
    region: str
    name: str
    body: bytes


@dataclass
class ScheduledQuery:
    """`settings` are the members of the request; `due_s` when it runs next, None when it does not."""

    account: str
    region: str
    name: str
    id: str
    settings: dict[str, object]
    state: str
    created_ms: int
    updated_ms: int
    due_s: float | None = None
    triggered_ms: int | None = None
    status: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("logs", self.region, self.account, f"scheduled-query:{self.id}")


@dataclass
class Run:
    """One execution of a scheduled query."""

    scheduled_id: str
    triggered_ms: int
    status: str
    query_id: str | None = None
    error: str | None = None
    destinations: list[dict[str, str]] = field(default_factory=list)
