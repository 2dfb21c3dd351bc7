"""What cold files there are, what each holds, and what of it has been deleted since.

A slice goes from hot to cold in one commit here: from then on its hot file is left-over, before it the new files were.
Deleted streams are rows that are not `live`: reads leave them out at once, the next merge of the file leaves them out
for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson

from trunkline.core.db import Database, Tx
from trunkline.engines.telemetry.interface import Metric

SCHEMA = (
    """
    CREATE TABLE cold_files (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL,
        first_slice_s INTEGER NOT NULL, last_slice_s INTEGER NOT NULL, first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL, rows INTEGER NOT NULL, size_bytes INTEGER NOT NULL, live INTEGER NOT NULL DEFAULT 1
    );
    -- the slices that are cold: a hot file of that start is left-over
    CREATE TABLE cold_slices (start_s INTEGER PRIMARY KEY);
    CREATE TABLE cold_streams (
        grp TEXT NOT NULL, stream TEXT NOT NULL, file INTEGER NOT NULL, first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL, ingestion_ms INTEGER NOT NULL, events INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
        position TEXT, live INTEGER NOT NULL DEFAULT 1, parts BLOB NOT NULL, PRIMARY KEY (grp, stream, file)
    ) WITHOUT ROWID;
    CREATE INDEX cold_streams_file ON cold_streams (file, live);
    CREATE TABLE cold_groups (
        grp TEXT NOT NULL, file INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
        rows INTEGER NOT NULL, size_bytes INTEGER NOT NULL, live INTEGER NOT NULL DEFAULT 1, parts BLOB NOT NULL,
        PRIMARY KEY (grp, file)
    ) WITHOUT ROWID;
    CREATE INDEX cold_groups_file ON cold_groups (file);
    CREATE TABLE cold_expiry (grp TEXT PRIMARY KEY, before_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE cold_series (
        id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
        name TEXT NOT NULL, dimensions TEXT NOT NULL, unit TEXT NOT NULL,
        UNIQUE (account, region, namespace, name, dimensions, unit)
    );
    CREATE TABLE cold_spans (
        series INTEGER NOT NULL, file INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
        PRIMARY KEY (series, file)
    ) WITHOUT ROWID;
    CREATE INDEX cold_spans_file ON cold_spans (file);
    """,
)
LOGS, SAMPLES = "logs", "samples"

encode_parts = msgspec.msgpack.Encoder().encode
decode_parts = msgspec.msgpack.Decoder(list[list[int]]).decode


class ColdFile(NamedTuple):
    id: int
    kind: str
    path: Path
    first_slice_s: int
    last_slice_s: int
    first_ms: int
    last_ms: int
    rows: int


class StreamRow(NamedTuple):
    """What a new file knows of a stream."""

    grp: str
    stream: str
    first_ms: int
    last_ms: int
    ingestion_ms: int
    events: int
    size_bytes: int
    position: str | None
    parts: bytes


class Written(NamedTuple):
    """A new file that a worker has written. `doc` is what it said of it."""

    path: Path
    first_slice_s: int
    last_slice_s: int
    doc: dict[str, Any]


class Manifest:
    def __init__(self, directory: Path) -> None:
        self.folder = directory / "cold"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.db = Database(directory / "cold.sqlite")
        self.db.migrate("telemetry-cold", SCHEMA)
        dead = [row[0] for row in self.db.all("SELECT id FROM cold_files WHERE NOT live")]
        if dead:
            self.db.write_blocking(lambda tx: _forget(tx, dead))
        kept = {file.path for file in self.files()}
        for path in self.folder.iterdir():
            if path not in kept:
                path.unlink()

    def files(self) -> list[ColdFile]:
        """Those that count, in the order of their slices."""
        rows = self.db.all(
            "SELECT id, kind, name, first_slice_s, last_slice_s, first_ms, last_ms, rows FROM cold_files WHERE live"
            " ORDER BY last_slice_s, id"
        )
        return [ColdFile(row[0], row[1], self.folder / row[2], *tuple(row)[3:]) for row in rows]

    def slices(self) -> set[int]:
        return {row[0] for row in self.db.all("SELECT start_s FROM cold_slices")}

    async def series_numbers(self, series: Sequence[tuple[str, ...]]) -> list[int]:
        """The numbers under which cold files know series: (account, region, namespace, name, dimensions, unit)."""
        where = "account=? AND region=? AND namespace=? AND name=? AND dimensions=? AND unit=?"

        def intern(tx: Tx) -> list[int]:
            tx.executemany(
                "INSERT OR IGNORE INTO cold_series (account, region, namespace, name, dimensions, unit)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                series,
            )
            return [row[0] for one in series if (row := tx.one(f"SELECT id FROM cold_series WHERE {where}", one))]

        return await self.db.write(intern)

    def series(self, metric: Metric) -> list[tuple[int, str]]:
        """Number and unit of each series of a metric."""
        dimensions = orjson.dumps(metric.dimensions).decode()
        rows = self.db.all(
            "SELECT id, unit FROM cold_series WHERE account=? AND region=? AND namespace=? AND name=? AND dimensions=?",
            (*metric[:4], dimensions),
        )
        return [(row[0], row[1]) for row in rows]

    def forget(self, files: Iterable[int]) -> None:
        """Drop what is known of files that nobody reads any more; from a thread."""
        ids = list(files)
        self.db.write_blocking(lambda tx: _forget(tx, ids))

    # -- within the commit that changes what exists

    def add_logs(self, tx: Tx, new: Written, streams: Collection[StreamRow], gone: Collection[tuple[str, str]]) -> int:
        """`gone`: streams that have been deleted since the worker read them."""
        groups = new.doc["groups"]
        spans = [(min(p[1] for p in parts), max(p[2] for p in parts)) for _, parts in groups]
        file = self._add(tx, LOGS, new, spans)
        tx.executemany(
            "INSERT INTO cold_groups (grp, file, first_ms, last_ms, rows, size_bytes, parts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (grp, file, *span, sum(p[3] for p in parts), sum(p[4] for p in parts), encode_parts(parts))
                for (grp, parts), span in zip(groups, spans, strict=True)
            ],
        )
        tx.executemany(
            "INSERT INTO cold_streams (grp, stream, file, first_ms, last_ms, ingestion_ms, events, size_bytes,"
            " position, live, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*row[:2], file, *row[2:8], (row.grp, row.stream) not in gone, row.parts) for row in streams],
        )
        return file

    def add_samples(self, tx: Tx, new: Written) -> int:
        spans = [(first, last) for _, first, last in new.doc["series"]]
        file = self._add(tx, SAMPLES, new, spans)
        tx.executemany(
            "INSERT INTO cold_spans VALUES (?, ?, ?, ?)",
            [(series, file, first, last) for series, first, last in new.doc["series"]],
        )
        return file

    def _add(self, tx: Tx, kind: str, new: Written, spans: list[tuple[int, int]]) -> int:
        tx.execute(
            "INSERT INTO cold_files (kind, name, first_slice_s, last_slice_s, first_ms, last_ms, rows, size_bytes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                kind,
                new.path.name,
                new.first_slice_s,
                new.last_slice_s,
                min((first for first, _ in spans), default=0),
                max((last for _, last in spans), default=0),
                new.doc["rows"],
                new.doc["size_bytes"],
            ),
        )
        row = tx.one("SELECT last_insert_rowid()")
        assert row is not None
        return int(row[0])

    @staticmethod
    def add_slice(tx: Tx, start_s: int) -> None:
        tx.execute("INSERT INTO cold_slices VALUES (?)", (start_s,))

    @staticmethod
    def remove(tx: Tx, files: Iterable[int]) -> None:
        tx.executemany("UPDATE cold_files SET live=0 WHERE id=?", [(file,) for file in files])


def _forget(tx: Tx, files: Sequence[int]) -> None:
    for table, column in (
        ("cold_streams", "file"),
        ("cold_groups", "file"),
        ("cold_spans", "file"),
        ("cold_files", "id"),
    ):
        tx.executemany(f"DELETE FROM {table} WHERE {column}=?", [(file,) for file in files])
