"""The log records of a hot slice, read from its file as columns.

Decoded while they are read, a few thousand at a time: a slice never is in memory as a whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import pyarrow as pa

LOG_SCHEMA = pa.schema(
    [
        ("grp", pa.string()),
        ("stream", pa.string()),
        ("time_ms", pa.int64()),
        ("ingestion_ms", pa.int64()),
        ("message", pa.string()),
        ("slice_start_s", pa.int64()),
        ("batch", pa.int64()),
        ("place", pa.int32()),
    ]
)
_CHUNK = 8192
_CHUNK_BYTES = 2 << 20
_decode = msgspec.msgpack.Decoder(tuple[list[int], list[str]]).decode


class HotLogs:
    """Part of a slice as something that DuckDB can scan any number of times."""

    def __init__(self, path: str, start_s: int, groups: Sequence[str] | None, start_ms: int, end_ms: int) -> None:
        """All groups unless some are named."""
        self._path = path
        self._start_s = start_s
        self._groups = groups
        self._window = (start_ms, end_ms)
        self.records = 0
        self.size_bytes = 0

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.reader().__arrow_c_stream__(requested_schema)

    def reader(self) -> Any:
        return pa.RecordBatchReader.from_batches(LOG_SCHEMA, self._chunks())

    def _chunks(self) -> Iterator[Any]:
        self.records = self.size_bytes = 0
        rows = _Rows(self._start_s)
        # DuckDB asks from whichever of its threads is free.
        db = sqlite3.connect(f"file:{quote(self._path)}?mode=ro", uri=True, check_same_thread=False)
        try:
            for grp, stream, batch, ingestion_ms, body in db.execute(*self._batches()):
                times, messages = _decode(body)
                rows.add(grp, stream, batch, ingestion_ms, times, messages, self._window)
                rows.size_bytes += len(body)
                if rows.count >= _CHUNK or rows.size_bytes >= _CHUNK_BYTES:
                    yield self._counted(rows)
                    rows = _Rows(self._start_s)
            if rows.count:
                yield self._counted(rows)
        finally:
            db.close()

    def _batches(self) -> tuple[str, list[Any]]:
        sql = (
            "SELECT b.grp, s.stream, b.id, b.ingestion_ms, b.body FROM log_batches AS b"
            " JOIN log_streams AS s ON s.id = b.stream WHERE b.last_ms >= ? AND b.first_ms < ?"
        )
        params: list[Any] = [*self._window]
        if self._groups is not None:
            sql += f" AND b.grp IN ({','.join('?' * len(self._groups))})"
            params += self._groups
        return sql, params

    def _counted(self, rows: _Rows) -> Any:
        self.records += rows.count
        chunk = rows.chunk()
        self.size_bytes += chunk.column(4).nbytes
        return chunk


class _Rows:
    """Records on their way into a chunk."""

    def __init__(self, start_s: int) -> None:
        self._start_s = start_s
        self.count = 0
        self.size_bytes = 0
        self._grp: list[str] = []
        self._stream: list[str] = []
        self._time: list[int] = []
        self._ingestion: list[int] = []
        self._message: list[str] = []
        self._batch: list[int] = []
        self._place: list[int] = []

    def add(
        self,
        grp: str,
        stream: str,
        batch: int,
        ingestion_ms: int,
        times: list[int],
        messages: list[str],
        window: tuple[int, int],
    ) -> None:
        start, end = window
        places: Sequence[int] = range(len(times))
        if times[0] < start or times[-1] >= end:
            places = [place for place in places if start <= times[place] < end]
            times, messages = [times[place] for place in places], [messages[place] for place in places]
        count = len(times)
        self.count += count
        self._grp += [grp] * count
        self._stream += [stream] * count
        self._time += times
        self._ingestion += [ingestion_ms] * count
        self._message += messages
        self._batch += [batch] * count
        self._place += places

    def chunk(self) -> Any:
        columns = [self._grp, self._stream, self._time, self._ingestion, self._message]
        columns += [[self._start_s] * self.count, self._batch, self._place]
        return pa.record_batch(
            [pa.array(column, kind.type) for column, kind in zip(columns, LOG_SCHEMA, strict=True)], schema=LOG_SCHEMA
        )
