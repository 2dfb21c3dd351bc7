"""Log batches: one row and one encoded body per append, decoded only when read.

A row per event would cost twenty times the CPU of the append. The price is paid by reads: batches of a stream may
overlap in time, so a read walks them by their first time (or last, backward) and holds events back until no later batch
can contain an earlier one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import msgspec

from trunkline.core.db import Row, Tx
from trunkline.engines.telemetry.interface import AlreadyAppended, Cursor, LogRecord, StreamStats
from trunkline.engines.telemetry.merging import Source
from trunkline.engines.telemetry.sqlite.slices import DAY_S, Slice

MAX_SPAN_MS = DAY_S * 1000
_FOREVER_MS = 1 << 62
_PAGE = 16
_PURGE_AT_ONCE = 200

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[int], list[str]]).decode


class Batch(NamedTuple):
    group: str
    stream: str
    times_ms: Sequence[int]
    messages: Sequence[str]
    ingestion_ms: int
    size_bytes: int
    position: str | None


@dataclass(frozen=True, slots=True)
class Window:
    start_ms: int
    end_ms: int | None
    after: Cursor | None
    before: Cursor | None

    @property
    def low_ms(self) -> int:
        return self.start_ms if self.after is None else max(self.start_ms, self.after.time_ms)

    @property
    def high_ms(self) -> int:
        """The first time that is too late."""
        end = _FOREVER_MS if self.end_ms is None else self.end_ms
        return end if self.before is None else min(end, self.before.time_ms + 1)

    def holds(self, cursor: Cursor) -> bool:
        return (self.after is None or cursor > self.after) and (self.before is None or cursor < self.before)


async def append(slice_: Slice, elsewhere: str | None, batch: Batch) -> None:
    """`elsewhere` is the position that older slices hold, which counts if this one has none."""
    first, last = batch.times_ms[0], batch.times_ms[-1]
    if last - first > MAX_SPAN_MS:
        raise ValueError("a batch may span 24 hours at most: reads rely on it")
    body = _encode((batch.times_ms, batch.messages))
    position = batch.position
    if position is not None and elsewhere == position:
        raise AlreadyAppended(position)
    key = (batch.group, batch.stream)
    known = slice_.streams.get(key)

    def insert(tx: Tx) -> int:
        stream = _intern(tx, batch, first, last) if known is None else known
        if position is not None:
            row = tx.one("SELECT position FROM log_streams WHERE id=?", (stream,))
            if row is not None and row[0] == position:
                raise AlreadyAppended(position)
        update = (first, last, batch.ingestion_ms, len(batch.messages), batch.size_bytes, position)
        while not tx.execute(_UPDATE, (*update, stream)):
            stream = _intern(tx, batch, first, last)  # deleted since it was remembered
        tx.execute(
            "INSERT INTO log_batches (grp, stream, first_ms, last_ms, ingestion_ms, body) VALUES (?, ?, ?, ?, ?, ?)",
            (batch.group, stream, first, last, batch.ingestion_ms, body),
        )
        return stream

    slice_.streams[key] = await slice_.db.write(insert)


_UPDATE = (
    "UPDATE log_streams SET first_ms=min(first_ms, ?), last_ms=max(last_ms, ?), ingestion_ms=?, events=events+?,"
    " size_bytes=size_bytes+?, position=coalesce(?, position) WHERE id=?"
)


def _intern(tx: Tx, batch: Batch, first: int, last: int) -> int:
    tx.execute(
        "INSERT OR IGNORE INTO log_streams (grp, stream, first_ms, last_ms, ingestion_ms, events, size_bytes)"
        " VALUES (?, ?, ?, ?, ?, 0, 0)",
        (batch.group, batch.stream, first, last, batch.ingestion_ms),
    )
    row = tx.one("SELECT id FROM log_streams WHERE grp=? AND stream=?", (batch.group, batch.stream))
    assert row is not None
    return int(row[0])


def stats(slice_: Slice, group: str, streams: Collection[str] | None) -> list[tuple[str, StreamStats]]:
    sql = "SELECT stream, first_ms, last_ms, ingestion_ms, events, size_bytes, position FROM log_streams WHERE grp=?"
    if streams is None:
        rows = slice_.db.all(sql, (group,))
    else:
        rows = [row for name in streams for row in slice_.db.all(f"{sql} AND stream=?", (group, name))]
    return [(row[0], StreamStats(*tuple(row)[1:])) for row in rows]


def source(
    slice_: Slice, group: str, streams: Collection[str] | None, window: Window, *, backward: bool
) -> Source | None:
    """The records of a slice; None where it has none of the window."""
    rows = slice_.db.all("SELECT id, stream, first_ms, last_ms FROM log_streams WHERE grp=?", (group,))
    rows = [
        row
        for row in rows
        if row[3] >= window.low_ms and row[2] < window.high_ms and (streams is None or row[1] in streams)
    ]
    if not rows:
        return None
    edge = max(row[3] for row in rows) if backward else min(row[2] for row in rows)
    names = {row[0]: row[1] for row in rows}
    return Source(edge, partial(_read, slice_, group, names, window, named=streams is not None, backward=backward))


def _read(
    slice_: Slice, group: str, names: Mapping[int, str], window: Window, *, named: bool, backward: bool
) -> Iterator[LogRecord]:
    pending: list[LogRecord] = []  # always in the order asked for
    for row in _batches(slice_, group, names if named else None, window, backward):
        if row["stream"] not in names:
            continue  # deleted, not yet purged
        # Nothing from this batch on lies before its first time (backward: after its last), so all up to there is due.
        if backward:
            due = bisect_right(pending, -row["last_ms"] - 1, key=lambda record: -record[0][0])
        else:
            due = bisect_left(pending, row["first_ms"], key=lambda record: record[0][0])
        yield from pending[:due]
        del pending[:due]
        pending += _records(slice_, row, names[row["stream"]], window)
        pending.sort(reverse=backward)
    yield from pending


def _records(slice_: Slice, row: Row, stream: str, window: Window) -> list[LogRecord]:
    batch, ingestion, start = row["id"], row["ingestion_ms"], slice_.start_s
    times, messages = _decode(row["body"])
    low, high = window.low_ms, window.high_ms
    found = [
        LogRecord(Cursor(time, start, batch, index), message, ingestion, stream)
        for index, (time, message) in enumerate(zip(times, messages, strict=True))
        if low <= time < high
    ]
    if window.after is None and window.before is None:
        return found
    return [record for record in found if window.holds(record.cursor)]


def _batches(
    slice_: Slice, group: str, streams: Collection[int] | None, window: Window, backward: bool
) -> Iterator[Row]:
    """The batches that may hold records of the window, by first time (backward: by last time, descending).

    Page by page, each a query of its own: a read transaction left open between two records would keep the WAL growing.
    """
    edge, order, past = ("last", "DESC", "<") if backward else ("first", "ASC", ">")
    if streams is not None and len(streams) == 1:
        index, where = f"log_batches_stream_{edge}", f"stream={next(iter(streams))}"
    else:
        index, where = f"log_batches_group_{edge}", "grp=:group"
        if streams is not None:
            where += f" AND stream IN ({','.join(map(str, streams))})"
    sql = (
        f"SELECT id, stream, first_ms, last_ms, ingestion_ms, body FROM log_batches INDEXED BY {index}"
        f" WHERE {where} AND first_ms >= :low - {MAX_SPAN_MS} AND first_ms < :high"
        f" AND last_ms >= :low AND last_ms < :high + {MAX_SPAN_MS}"
    )
    low, high = window.low_ms, min(window.high_ms, _FOREVER_MS)
    params: dict[str, object] = {"group": group, "low": low, "high": high}
    resume = ""
    while True:
        rows = slice_.db.all(f"{sql}{resume} ORDER BY {edge}_ms {order}, id {order} LIMIT {_PAGE}", params)
        yield from rows
        if len(rows) < _PAGE:
            return
        # Spelt out, because SQLite does not use an index's order for a comparison of row values in both directions.
        resume = f" AND {edge}_ms {past}= :edge AND NOT ({edge}_ms = :edge AND id {'>=' if backward else '<='} :id)"
        params |= {"edge": rows[-1][f"{edge}_ms"], "id": rows[-1]["id"]}


async def forget(slice_: Slice, group: str, stream: str | None) -> list[int]:
    """Make a stream (or all of a group) disappear at once; the numbers of what is to be purged."""
    where, params = ("grp=?", (group,)) if stream is None else ("grp=? AND stream=?", (group, stream))

    def hide(tx: Tx) -> list[int]:
        ids = [row[0] for row in tx.all(f"SELECT id FROM log_streams WHERE {where}", params)]
        tx.execute(f"DELETE FROM log_streams WHERE {where}", params)
        return ids

    ids = await slice_.db.write(hide)
    for key in [key for key, id_ in slice_.streams.items() if id_ in set(ids)]:
        del slice_.streams[key]
    return ids


async def purge(slice_: Slice, ids: Collection[int]) -> None:
    """In small writes, so that no other writer waits long."""
    for id_ in ids:
        await _purge(slice_, "stream=?", (id_,))


async def expire(slice_: Slice, group: str, before_ms: int) -> None:
    await _purge(slice_, "grp=? AND last_ms<?", (group, before_ms))


async def _purge(slice_: Slice, where: str, params: tuple[object, ...]) -> None:
    sql = f"DELETE FROM log_batches WHERE id IN (SELECT id FROM log_batches WHERE {where} LIMIT {_PURGE_AT_ONCE})"
    while await slice_.db.write(lambda tx: tx.execute(sql, params)) == _PURGE_AT_ONCE:
        pass
