"""Log records in cold files: the manifest knows which row groups a read needs, their pages come from a worker."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.db import Tx
from trunkline.engines.telemetry.cold.manifest import ColdFile, Manifest, decode_parts
from trunkline.engines.telemetry.interface import Cursor, LogRecord, LogScan, StreamStats
from trunkline.engines.telemetry.merging import Source
from trunkline.engines.telemetry.sqlite.logs import Window
from trunkline.engines.telemetry.worker.client import Worker

Files = Mapping[int, ColdFile]

_FIRST_PAGE = 128
_LARGEST_PAGE = 8192


@dataclass(slots=True)
class _Part:
    """What of one file a read needs."""

    file: ColdFile
    group: str
    streams: list[str] | None
    gone: list[str] = field(default_factory=list)
    row_groups: dict[int, tuple[int, int]] = field(default_factory=dict)
    """First and last time of each row group."""

    def add(self, parts: bytes, low: int, high: int) -> None:
        for number, first, last, *_ in decode_parts(parts):
            if last >= low and first < high:
                old = self.row_groups.get(number)
                self.row_groups[number] = (min(old[0], first), max(old[1], last)) if old else (first, last)


def sources(
    manifest: Manifest,
    files: Files,
    worker: Worker,
    group: str,
    streams: Collection[str] | None,
    window: Window,
    *,
    backward: bool,
) -> list[Source]:
    """One for each file that may hold records of the window; nothing is read before it is due."""
    found = []
    for part in _parts(manifest, files, group, streams, window):
        if part.row_groups:
            spans = part.row_groups.values()
            edge = max(last for _, last in spans) if backward else min(first for first, _ in spans)
            found.append(Source(edge, _Opener(worker, part, window, backward)))
    return found


def _parts(
    manifest: Manifest, files: Files, group: str, streams: Collection[str] | None, window: Window
) -> Collection[_Part]:
    found: dict[int, _Part] = {}
    low, high = window.low_ms, window.high_ms
    within = "live AND grp=? AND last_ms>=? AND first_ms<?"
    if streams is None:
        for file, parts in manifest.db.all(f"SELECT file, parts FROM cold_groups WHERE {within}", (group, low, high)):
            if file in files:
                found[file] = _Part(files[file], group, None)
                found[file].add(parts, low, high)
        for file, stream in manifest.db.all("SELECT file, stream FROM cold_streams WHERE grp=? AND NOT live", (group,)):
            if file in found:
                found[file].gone.append(stream)
        return found.values()
    sql = f"SELECT file, parts FROM cold_streams WHERE {within} AND stream=?"
    for stream in streams:
        for file, parts in manifest.db.all(sql, (group, low, high, stream)):
            if file in files:
                part = found.setdefault(file, _Part(files[file], group, []))
                assert part.streams is not None
                part.streams.append(stream)
                part.add(parts, low, high)
    return found.values()


@dataclass(slots=True)
class _Opener:
    """Reads a part, page by page, each page larger than the one before."""

    worker: Worker
    part: _Part
    window: Window
    backward: bool

    def __call__(self) -> Iterator[LogRecord]:
        limit = _FIRST_PAGE
        numbers = sorted(self.part.row_groups, key=self.part.row_groups.__getitem__, reverse=self.backward)
        for number in numbers:
            last: Cursor | None = None
            more = True
            while more:
                *columns, more = self.worker.call("page", self._question(number, last, limit))
                for time_ms, slice_s, batch, place, message, ingestion_ms, stream in zip(*columns, strict=True):
                    last = Cursor(time_ms, slice_s, batch, place)
                    yield LogRecord(last, message, ingestion_ms, stream)
                limit = min(limit * 4, _LARGEST_PAGE)

    def _question(self, row_group: int, last: Cursor | None, limit: int) -> dict[str, Any]:
        after, before = self.window.after, self.window.before
        if last is not None:
            after, before = (after, last) if self.backward else (last, before)
        return {
            "path": str(self.part.file.path),
            "row_group": row_group,
            "group": self.part.group,
            "streams": self.part.streams,
            "gone": self.part.gone,
            "start_ms": self.window.low_ms,
            "end_ms": self.window.high_ms,
            "after": after,
            "before": before,
            "backward": self.backward,
            "limit": limit,
        }


def stats(
    manifest: Manifest, files: Files, group: str, streams: Collection[str] | None
) -> list[tuple[int, str, StreamStats]]:
    """(last slice, stream, what one file knows of it)."""
    sql = (
        "SELECT file, stream, first_ms, last_ms, ingestion_ms, events, size_bytes, position FROM cold_streams"
        " WHERE live AND grp=?"
    )
    if streams is None:
        rows = manifest.db.all(sql, (group,))
    else:
        rows = [row for stream in streams for row in manifest.db.all(f"{sql} AND stream=?", (group, stream))]
    return [(files[row[0]].last_slice_s, row[1], StreamStats(*tuple(row)[2:])) for row in rows if row[0] in files]


async def delete(manifest: Manifest, group: str, stream: str | None) -> None:
    """Out of sight at once; out of the files when they are next merged."""

    def hide(tx: Tx) -> None:
        if stream is not None:
            tx.execute("UPDATE cold_streams SET live=0 WHERE grp=? AND stream=?", (group, stream))
            return
        tx.execute("UPDATE cold_streams SET live=0 WHERE grp=?", (group,))
        tx.execute("UPDATE cold_groups SET live=0 WHERE grp=?", (group,))
        tx.execute("DELETE FROM cold_expiry WHERE grp=?", (group,))

    await manifest.db.write(hide)


async def expire(manifest: Manifest, group: str, before_ms: int) -> None:
    """What lies wholly before goes out of sight; the rest goes when the file is next merged."""

    def hide(tx: Tx) -> None:
        tx.execute(
            "INSERT INTO cold_expiry VALUES (?, ?) ON CONFLICT (grp) DO UPDATE SET before_ms=excluded.before_ms",
            (group, before_ms),
        )
        tx.execute("UPDATE cold_streams SET live=0 WHERE grp=? AND last_ms<? AND live", (group, before_ms))
        tx.execute("UPDATE cold_groups SET live=0 WHERE grp=? AND last_ms<? AND live", (group, before_ms))

    await manifest.db.write(hide)


def scan(manifest: Manifest, files: Files, of: LogScan) -> tuple[list[tuple[str, list[tuple[str, str]]]], int, int]:
    """Files that a question has to look at, each with its deleted (group, stream) pairs; records and bytes in them."""
    marks = ",".join("?" * len(of.groups))
    gone: dict[int, list[tuple[str, str]]] = {}
    sql = f"SELECT file, grp, stream FROM cold_streams WHERE NOT live AND grp IN ({marks})"
    for file, grp, stream in manifest.db.all(sql, of.groups):
        gone.setdefault(file, []).append((grp, stream))
    found: dict[int, list[tuple[str, str]]] = {}
    records = size = 0
    rows = manifest.db.all(
        f"SELECT file, parts FROM cold_groups WHERE live AND grp IN ({marks}) AND last_ms>=? AND first_ms<?",
        (*of.groups, of.start_ms, of.end_ms),
    )
    for file, encoded in rows:
        if file in files:
            parts = [p for p in decode_parts(encoded) if p[2] >= of.start_ms and p[1] < of.end_ms]
            records, size = records + sum(p[3] for p in parts), size + sum(p[4] for p in parts)
            found[file] = gone.get(file, [])
    return [(str(files[file].path), pairs) for file, pairs in found.items()], records, size
