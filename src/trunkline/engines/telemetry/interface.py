"""What a telemetry store promises, whichever engine keeps the records.

Order of calls: nothing before use; `close` last. Every method may be called at any time from any task.
`put_samples` and `append` return after the records are durable. Reads see every record whose write has returned; they
are synchronous, safe from any thread, and a caller that expects to read a lot, or to read what is hours old, runs them
in a thread of its own: the first read of cold data waits for a process to start.

What may be repeated: reads, deletes and expiry. `put_samples` counts twice what is put twice. `append` does too, unless
the caller gives a `position` (see there).

Times are milliseconds since the epoch. Groups and streams are opaque ids that are never used again after a delete, so
that a log group made anew under an old name starts empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Metric(NamedTuple):
    """The identity of a metric. `dimensions` are sorted by name, so that one metric has one spelling."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


class StatisticSet(NamedTuple):
    samples: float
    total: float
    minimum: float
    maximum: float


class Spread(NamedTuple):
    """Many observations of one instant: `counts[i]` times `values[i]`."""

    values: Sequence[float]
    counts: Sequence[float]


class Sample(NamedTuple):
    metric: Metric
    time_ms: int
    value: float | Spread | StatisticSet
    unit: str = "None"


@dataclass(slots=True)
class Bucket:
    """All observations of one metric in one period."""

    start_ms: int
    count: float
    total: float
    minimum: float
    maximum: float
    values: list[tuple[float, float]] = field(default_factory=list)
    """(value, count) pairs, unsorted; only when asked for, and without those that arrived as statistic sets."""
    summarised: float = 0.0
    """How many observations arrived as statistic sets, whose single values nobody knows."""


class Cursor(NamedTuple):
    """The place of a log event in the one order that all reads share. Strictly increasing, never reused."""

    time_ms: int
    slice_start_s: int
    batch: int
    place: int


class LogRecord(NamedTuple):
    cursor: Cursor
    message: str
    ingestion_ms: int
    stream: str

    @property
    def time_ms(self) -> int:
        return self.cursor.time_ms


@dataclass(frozen=True, slots=True)
class StreamStats:
    first_ms: int
    last_ms: int
    ingestion_ms: int
    events: int
    size_bytes: int
    position: str | None = None


class SegmentDocument(NamedTuple):
    """One document of a trace. `final`: what it replaces may be unfinished, and nothing unfinished replaces it."""

    trace: str
    segment: str
    final: bool
    body: str


class SegmentBatch(NamedTuple):
    """Documents put together, and what a reader of time ranges needs of them.

    `owner`, `facts` and `labels` are opaque here: the caller packs facts as it likes to unpack them. `labels` tell what
    numbers in facts stand for; a number always means the same. `first_ms` and `last_ms` span the times of all facts.
    """

    owner: str
    documents: Sequence[SegmentDocument]
    facts: bytes
    first_ms: int
    last_ms: int
    received_ms: int
    labels: Mapping[int, str]


class SegmentFacts(NamedTuple):
    received_ms: int
    facts: bytes


class LogScan(NamedTuple):
    """The log records of some groups with start ≤ time < end, as a relation that `ask` can read."""

    groups: tuple[str, ...]
    start_ms: int
    end_ms: int


class Limits(NamedTuple):
    """What a question may cost. A store may set lower limits of its own on memory."""

    timeout_s: float = 60.0
    rows: int = 10_000
    """An answer is cut after so many rows, or where its texts are larger than some ten megabytes."""
    memory_mb: int = 256


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Answer:
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    """Values are None, bool, int, float, str, bytes, aware datetimes, and lists and dicts of these."""
    records_scanned: int
    """Log records that were looked at; those of a row group count together."""
    bytes_scanned: int


class QueryError(Exception):
    """The question makes no sense, or met a value that it cannot work on; in the words of the database."""


class QueryTimedOut(QueryError):
    """It took longer than its limit."""


class QueryTooLarge(QueryError):
    """It needed more memory, or more room on disk, than there is for one question."""


class AlreadyAppended(Exception):
    """The stream's stored position already is the one given: this batch was committed before."""

    def __init__(self, position: str) -> None:
        super().__init__(position)
        self.position = position


class Telemetry(Protocol):
    async def start(self) -> None:
        """Begin to compact in the background. Everything else works without."""

    async def compact(self) -> None:
        """Put everything into its cheapest form now, also what arrived a moment ago. No answer changes by it."""

    # -- metrics
    async def put_samples(self, samples: Sequence[Sample]) -> None: ...

    def units(self, metric: Metric) -> list[str]:
        """The units under which this metric has been put; AWS keeps the units of one metric apart."""

    def buckets(
        self,
        metric: Metric,
        start_ms: int,
        end_ms: int,
        period_ms: int,
        *,
        unit: str | None = None,
        values: bool = False,
    ) -> dict[str, list[Bucket]]:
        """Observations with start ≤ time < end, in periods counted from `start_ms`, by unit; an empty one is absent."""

    def buckets_of(
        self,
        metrics: Sequence[Metric],
        start_ms: int,
        end_ms: int,
        period_ms: int,
        *,
        unit: str | None = None,
        values: bool = False,
    ) -> dict[Metric, dict[str, list[Bucket]]]:
        """`buckets` of many metrics at once: the way to read a hundred series of three days."""

    def metrics(
        self, account: str, region: str, *, namespace: str | None = None, name: str | None = None, since_ms: int = 0
    ) -> list[Metric]:
        """Every metric with an observation at or after `since_ms`, sorted."""

    async def expire_samples(self, before_ms: int) -> None:
        """Drop old samples to save space; those stored together with younger ones may stay a while."""

    # -- logs
    async def append(
        self,
        group: str,
        stream: str,
        times_ms: Sequence[int],
        messages: Sequence[str],
        *,
        ingestion_ms: int,
        size_bytes: int = 0,
        position: str | None = None,
    ) -> None:
        """Store one batch, ordered by time.

        `position` makes a resumable source exactly-once: an opaque mark of how far the source has been read, committed
        with the batch. After a crash the source asks `stats` for the position and goes on from there. A batch whose
        position is the stored one is refused with AlreadyAppended and not stored again.
        """

    def stats(self, group: str, streams: Collection[str] | None = None) -> Mapping[str, StreamStats]:
        """What is known of the streams of a group that have records; exact, at no cost per record."""

    def read(
        self,
        group: str,
        streams: Collection[str] | None = None,
        *,
        start_ms: int = 0,
        end_ms: int | None = None,
        after: Cursor | None = None,
        before: Cursor | None = None,
        backward: bool = False,
    ) -> Iterator[LogRecord]:
        """Records with start ≤ time < end, strictly between the cursors, in order (or in reverse order).

        Lazy: what is not consumed is not read. All streams of the group unless `streams` names some.
        """

    def record(self, group: str, cursor: Cursor) -> LogRecord | None:
        """The record at a place that a read or a question gave."""

    async def ask(
        self,
        sql: str,
        params: Sequence[object] = (),
        *,
        logs: Mapping[str, LogScan],
        tables: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Answer:
        """Answer a question in DuckDB's SQL.

        Every key of `logs` is a view with the columns grp VARCHAR, stream VARCHAR, time_ms BIGINT, ingestion_ms BIGINT,
        message VARCHAR, slice_start_s BIGINT, batch BIGINT, place INTEGER; the last three and the time are the record's
        Cursor. `tables` are small relations given by the caller, at least one row each. `params` stand for `?`, or for
        `$1`…: what a user wrote belongs there, and the text of the SQL is the caller's own.

        Runs in a process of its own without access to files and network; cancelling the caller's task ends it. Raises
        QueryError and its kinds. Questions beyond what may run at once wait, and the waiting does not count.
        """

    async def delete_stream(self, group: str, stream: str) -> None: ...

    async def delete_group(self, group: str) -> None: ...

    async def expire_logs(self, group: str, before_ms: int) -> None:
        """Drop batches that lie wholly before. A batch that straddles stays until its last record expires."""

    # -- trace segments
    async def put_segments(self, batch: SegmentBatch) -> None:
        """Store a batch. Put again, its documents replace themselves, its facts are there twice (the reader knows)."""

    def segments(self, owner: str, traces: Collection[str]) -> dict[str, list[str]]:
        """The documents of the traces that there are, in order of arrival."""

    def segment_facts(self, owner: str, start_ms: int, end_ms: int, *, by_arrival: bool = False) -> list[SegmentFacts]:
        """The facts of batches that overlap the range (by_arrival: that were received in it), in order of arrival."""

    def segment_labels(self, owner: str) -> Mapping[int, str]: ...

    def segment_owners(self) -> Sequence[str]: ...

    async def expire_segments(self, before_ms: int) -> None:
        """Drop old segments to save space; those stored together with younger ones may stay a few days."""

    async def close(self) -> None: ...
