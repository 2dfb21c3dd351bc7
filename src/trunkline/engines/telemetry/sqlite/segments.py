"""Trace segments: documents by trace, and beside them the facts of every batch as it was put.

Documents are read by trace. Whoever asks about a time range (which traces, which services called which) reads facts:
one row a batch, so that hundreds of thousands of segments are a few thousand rows, and joining them is the reader's
vectorised work instead of a query.

Segments live in files of their own, one for every few days of arrival: expiry removes a file, and a trace whose late
segments fell into the next file is put together by the reader.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.engines.telemetry.interface import SegmentBatch, SegmentFacts

SLICE_S = 3 * 86_400

_SCHEMA = (
    """
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, trace TEXT NOT NULL, segment TEXT NOT NULL,
        final INTEGER NOT NULL, body TEXT NOT NULL
    );
    CREATE UNIQUE INDEX segments_trace ON segments (owner, trace, segment);
    CREATE TABLE segment_facts (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
        received_ms INTEGER NOT NULL, facts BLOB NOT NULL
    );
    CREATE INDEX segment_facts_time ON segment_facts (owner, last_ms, first_ms);
    CREATE INDEX segment_facts_arrival ON segment_facts (owner, received_ms);
    CREATE TABLE segment_labels (
        owner TEXT NOT NULL, number INTEGER NOT NULL, label TEXT NOT NULL, PRIMARY KEY (owner, number)
    ) WITHOUT ROWID;
    """,
)
_PUT = (
    "INSERT INTO segments (owner, trace, segment, final, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (owner, trace, segment) DO UPDATE SET final=excluded.final, body=excluded.body"
    " WHERE excluded.final OR NOT segments.final"
)
_FILE = re.compile(r"segments-(\d{8})\.sqlite")
_STAMP = "%Y%m%d"
_TRACES_AT_ONCE = 500
_LABELS_REMEMBERED = 50_000


class _Slice:
    def __init__(self, path: Path, start_s: int) -> None:
        self.path = path
        self.start_s = start_s
        self._db: Database | None = None
        self._opening = threading.Lock()
        self._labelled: set[tuple[str, int]] = set()

    @property
    def db(self) -> Database:
        """Opened when first needed: each open file costs a thread, and most of them are never asked."""
        if self._db is None:
            with self._opening:
                if self._db is None:
                    db = Database(self.path)
                    db.migrate("telemetry-segments", _SCHEMA)
                    self._db = db
        return self._db

    async def put(self, batch: SegmentBatch) -> None:
        owner = batch.owner
        rows = [(owner, one.trace, one.segment, one.final, one.body) for one in batch.documents]
        fresh = [(owner, number, label) for number, label in batch.labels.items()]
        fresh = [row for row in fresh if row[:2] not in self._labelled]

        def write(tx: Tx) -> None:
            tx.executemany(_PUT, rows)
            tx.execute(
                "INSERT INTO segment_facts (owner, first_ms, last_ms, received_ms, facts) VALUES (?, ?, ?, ?, ?)",
                (owner, batch.first_ms, batch.last_ms, batch.received_ms, batch.facts),
            )
            if fresh:
                tx.executemany("INSERT OR IGNORE INTO segment_labels VALUES (?, ?, ?)", fresh)

        await self.db.write(write)
        if len(self._labelled) > _LABELS_REMEMBERED:
            self._labelled.clear()
        self._labelled.update((row[0], row[1]) for row in fresh)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


class SegmentStore:
    """Every slice of segments, the oldest first."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._retired: list[_Slice] = []
        found = sorted((match[1], path) for path in directory.iterdir() if (match := _FILE.fullmatch(path.name)))
        self._slices = tuple(_Slice(path, _start_of(stamp)) for stamp, path in found)

    async def put(self, batch: SegmentBatch) -> None:
        await self._newest().put(batch)

    def documents(self, owner: str, traces: Collection[str]) -> dict[str, list[str]]:
        found: dict[str, dict[str, tuple[int, str]]] = {}
        wanted = list(traces)
        for slice_ in self._slices:
            for at in range(0, len(wanted), _TRACES_AT_ONCE):
                some = wanted[at : at + _TRACES_AT_ONCE]
                sql = (
                    "SELECT trace, segment, final, body FROM segments WHERE owner=?"
                    f" AND trace IN ({','.join('?' * len(some))}) ORDER BY id"
                )
                for trace, segment, final, body in slice_.db.all(sql, (owner, *some)):
                    of_trace = found.setdefault(trace, {})
                    there = of_trace.get(segment)
                    if there is None or final or not there[0]:
                        of_trace[segment] = (final, body)
        return {trace: [body for _, body in found[trace].values()] for trace in wanted if trace in found}

    def facts(self, owner: str, start_ms: int, end_ms: int, by_arrival: bool) -> list[SegmentFacts]:
        where = "received_ms >= ? AND received_ms < ?" if by_arrival else "last_ms >= ? AND first_ms < ?"
        sql = f"SELECT received_ms, facts FROM segment_facts WHERE owner=? AND {where} ORDER BY id"
        return [
            SegmentFacts(received_ms, facts)
            for slice_ in self._slices
            for received_ms, facts in slice_.db.all(sql, (owner, start_ms, end_ms))
        ]

    def labels(self, owner: str) -> Mapping[int, str]:
        return {
            number: label
            for slice_ in self._slices
            for number, label in slice_.db.all("SELECT number, label FROM segment_labels WHERE owner=?", (owner,))
        }

    def owners(self) -> Sequence[str]:
        """Everybody who has labels has segments."""
        sql = "SELECT DISTINCT owner FROM segment_labels"
        return sorted({row[0] for slice_ in self._slices for row in slice_.db.all(sql)})

    def expire(self, before_ms: int) -> None:
        """Remove the files in which everything arrived before; closed at the next call, as a reader may hold one."""
        with self._lock:
            for slice_ in self._retired:
                slice_.close()
                for suffix in ("", "-wal", "-shm"):
                    slice_.path.with_name(slice_.path.name + suffix).unlink(missing_ok=True)
            self._retired = [one for one in self._slices if (one.start_s + SLICE_S) * 1000 <= before_ms]
            self._slices = tuple(one for one in self._slices if one not in self._retired)

    def close(self) -> None:
        for slice_ in (*self._slices, *self._retired):
            slice_.close()

    def _newest(self) -> _Slice:
        """The slice for what arrives now. A clock set back does not reopen an older one."""
        start = int(self._clock.time()) // SLICE_S * SLICE_S
        if not self._slices or self._slices[-1].start_s < start:
            with self._lock:
                if not self._slices or self._slices[-1].start_s < start:
                    stamp = datetime.fromtimestamp(start, UTC).strftime(_STAMP)
                    fresh = _Slice(self._directory / f"segments-{stamp}.sqlite", start)
                    self._slices = (*self._slices, fresh)
        return self._slices[-1]


def _start_of(stamp: str) -> int:
    return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
