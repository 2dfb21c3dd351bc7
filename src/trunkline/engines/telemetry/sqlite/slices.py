"""Which slice files exist, and which one takes new records."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.engines.telemetry.interface import StreamStats
from trunkline.engines.telemetry.sqlite.samples import SampleStore

DAY_S = 86_400

# AUTOINCREMENT: the number of a deleted stream must not come back while its batches are still being purged.
LOGS_SCHEMA = (
    """
    CREATE TABLE log_streams (
        id INTEGER PRIMARY KEY AUTOINCREMENT, grp TEXT NOT NULL, stream TEXT NOT NULL,
        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, ingestion_ms INTEGER NOT NULL,
        events INTEGER NOT NULL, size_bytes INTEGER NOT NULL, position TEXT,
        UNIQUE (grp, stream)
    );
    CREATE TABLE log_batches (
        id INTEGER PRIMARY KEY, grp TEXT NOT NULL, stream INTEGER NOT NULL,
        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, ingestion_ms INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE INDEX log_batches_group_first ON log_batches (grp, first_ms);
    CREATE INDEX log_batches_group_last ON log_batches (grp, last_ms);
    CREATE INDEX log_batches_stream_first ON log_batches (stream, first_ms);
    CREATE INDEX log_batches_stream_last ON log_batches (stream, last_ms);
    """,
)

_FILE = re.compile(r"hot-(\d{8}T\d{6})Z\.sqlite")
_STAMP = "%Y%m%dT%H%M%S"


class Slice:
    """One open file."""

    def __init__(self, path: Path, start_s: int) -> None:
        self.path = path
        self.start_s = start_s
        self.db = Database(path)
        self.db.migrate("telemetry-logs", LOGS_SCHEMA)
        self.samples = SampleStore(self.db)
        self.streams: dict[tuple[str, str], int] = {}
        """The numbers that this slice has given to streams, as far as they have been asked for."""
        row = self.db.one("SELECT coalesce(sum(events), 0) FROM log_streams")
        self.records = row[0] if row else 0
        """About how many records have been put here."""
        self.writers = 0
        """Writes under way: until there is none, a slice that is not the newest may still get records."""

    @contextlib.contextmanager
    def taking(self, records: int) -> Iterator[Slice]:
        self.writers += 1
        try:
            yield self
            self.records += records
        finally:
            self.writers -= 1

    def all_streams(self) -> list[tuple[str, str, StreamStats]]:
        """Group, stream, and what is known of it."""
        rows = self.db.all(
            "SELECT grp, stream, first_ms, last_ms, ingestion_ms, events, size_bytes, position FROM log_streams"
        )
        return [(row[0], row[1], StreamStats(*tuple(row)[2:])) for row in rows]

    def destroy(self) -> None:
        self.db.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def is_empty(self) -> bool:
        return self.samples.is_empty() and self.db.one("SELECT 1 FROM log_batches LIMIT 1") is None


class Slices:
    """The hot files of a directory. Starts are never used twice: they are part of every cursor."""

    def __init__(
        self, directory: Path, clock: Clock, *, slice_s: int, slice_records: int, cold: Collection[int] = ()
    ) -> None:
        """`cold` are the starts of the slices that need no hot file any more."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._slice_s = slice_s
        self._slice_records = slice_records
        self._lock = threading.Lock()
        self._cold_until_s = max(cold, default=-1)
        starts = sorted(_start_of(found[1]) for path in directory.iterdir() if (found := _FILE.fullmatch(path.name)))
        for start in starts:
            if start in cold:
                for left in directory.glob(f"{self._path(start).name}*"):
                    left.unlink()
        self._open: tuple[Slice, ...] = tuple(self._slice(start) for start in starts if start not in cold)

    def newest(self) -> Slice:
        """The slice for records that arrive now. A clock set back does not reopen an older one."""
        if self._is_over():
            with self._lock:
                if self._is_over():
                    self._begin()
        return self._open[-1]

    def roll(self) -> None:
        """Close the newest slice, although its time is not over."""
        with self._lock:
            self._begin()

    def all(self) -> Sequence[Slice]:
        """Every slice, the oldest first."""
        return self._open

    def remove(self, slice_: Slice) -> None:
        """Leave a slice out of all that follows. Its file stays until `destroy`."""
        with self._lock:
            self._open = tuple(other for other in self._open if other is not slice_)
            self._cold_until_s = max(self._cold_until_s, slice_.start_s)

    def close(self) -> None:
        for slice_ in self._open:
            slice_.db.close()
        self._open = ()

    def _is_over(self) -> bool:
        if not self._open:
            return True
        newest = self._open[-1]
        return newest.start_s < self._aligned_s() or newest.records >= self._slice_records

    def _aligned_s(self) -> int:
        return int(self._clock.time()) // self._slice_s * self._slice_s

    def _begin(self) -> None:
        last = max(self._cold_until_s, self._open[-1].start_s if self._open else -1)
        start = self._aligned_s()
        if start <= last:
            start = max(last + 1, int(self._clock.time()))
        self._open = (*self._open, self._slice(start))

    def _slice(self, start_s: int) -> Slice:
        return Slice(self._path(start_s), start_s)

    def _path(self, start_s: int) -> Path:
        stamp = datetime.fromtimestamp(start_s, UTC).strftime(_STAMP)
        return self._directory / f"hot-{stamp}Z.sqlite"


def _start_of(stamp: str) -> int:
    return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
