"""Which slice files exist, which one takes new records, and when an empty one goes."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.db import Database
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

    def is_empty(self) -> bool:
        return self.samples.is_empty() and self.db.one("SELECT 1 FROM log_batches LIMIT 1") is None


class Slices:
    def __init__(self, directory: Path, clock: Clock, *, slice_s: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._slice_s = slice_s
        self._lock = threading.Lock()
        self._retired: list[Slice] = []
        starts = sorted(_start_of(found[1]) for path in directory.iterdir() if (found := _FILE.fullmatch(path.name)))
        self._open: tuple[Slice, ...] = tuple(self._slice(start) for start in starts)

    def newest(self) -> Slice:
        """The slice for records that arrive now. A clock set back does not reopen an older one."""
        start = int(self._clock.time()) // self._slice_s * self._slice_s
        if not self._open or self._open[-1].start_s < start:
            with self._lock:
                if not self._open or self._open[-1].start_s < start:
                    self._open = (*self._open, self._slice(start))
        return self._open[-1]

    def all(self) -> Sequence[Slice]:
        """Every slice, the oldest first."""
        return self._open

    def drop_empty(self) -> None:
        """Remove the files of closed slices in which nothing is left.

        They are only closed at the next call: a reader in another thread may still hold one.
        """
        with self._lock:
            for slice_ in self._retired:
                slice_.db.close()
                for suffix in ("", "-wal", "-shm"):
                    slice_.path.with_name(slice_.path.name + suffix).unlink(missing_ok=True)
            closed, newest = self._open[:-1], self._open[-1:]
            self._retired = [slice_ for slice_ in closed if slice_.is_empty()]
            self._open = (*(slice_ for slice_ in closed if slice_ not in self._retired), *newest)

    def close(self) -> None:
        for slice_ in (*self._open, *self._retired):
            slice_.db.close()
        self._open = ()

    def _slice(self, start_s: int) -> Slice:
        stamp = datetime.fromtimestamp(start_s, UTC).strftime(_STAMP)
        return Slice(self._directory / f"hot-{stamp}Z.sqlite", start_s)


def _start_of(stamp: str) -> int:
    return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
