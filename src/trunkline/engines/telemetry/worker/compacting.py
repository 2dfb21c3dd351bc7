"""Turn a closed hot slice into Parquet files: its log records by group and time, its samples by series and time.

Group after group and interval after interval, so that no more than some megabytes are in memory at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pyarrow as pa

from trunkline.engines.telemetry.worker.hot_logs import LOG_SCHEMA, HotLogs
from trunkline.engines.telemetry.worker.parquet import SAMPLE_SCHEMA, LogIndex, OrderedWriter, SeriesIndex

_AT_ONCE_BYTES = 3 << 20
_FOREVER_MS = 1 << 62
_ORDER = [("time_ms", "ascending"), ("batch", "ascending"), ("place", "ascending")]
_CHUNK = 8192

_decode_put = msgspec.msgpack.Decoder(tuple[list[int], list[int], list[Any]]).decode
_decode_filed = msgspec.msgpack.Decoder(tuple[list[int], list[Any]]).decode
_SPREAD = 0

Observation = tuple[int, float | None, float | None, float | None, float | None, float | None]


def compact(params: dict[str, Any]) -> dict[str, Any]:
    """`params`: hot (path), start_s, logs and samples (paths to write), series (hot number → number in cold files).

    Answers what `written` says of each file; None where there was nothing to write.
    """
    hot = params["hot"]
    with _opened(hot) as db:
        logs = _compact_logs(db, hot, params["start_s"], Path(params["logs"]))
        samples = _compact_samples(db, dict(params["series"]), Path(params["samples"]))
    db.close()
    return {"logs": logs, "samples": samples}


def written(writer: OrderedWriter, index: LogIndex | SeriesIndex) -> dict[str, Any]:
    """Close the file; its size, and what lies where."""
    size = writer.close()
    return {"rows": writer.rows, "size_bytes": size, **index.to_doc()}


def _opened(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None)
    db.execute("BEGIN")  # one state of the file for everything: streams may be deleted meanwhile
    return db


def _compact_logs(db: sqlite3.Connection, hot: str, start_s: int, out: Path) -> dict[str, Any] | None:
    groups = [row[0] for row in db.execute("SELECT DISTINCT grp FROM log_batches ORDER BY grp")]
    if not groups:
        return None
    index = LogIndex()
    writer = OrderedWriter(out, LOG_SCHEMA, ["grp", "stream", "slice_start_s"], index.note)
    for group in groups:
        for start_ms, end_ms in _intervals(db, group):
            table = HotLogs(hot, start_s, [group], start_ms, end_ms).reader().read_all()
            writer.add(table.sort_by(_ORDER))
    found = written(writer, index)
    if writer.rows:
        return found
    out.unlink()  # everything had been deleted
    return None


def _intervals(db: sqlite3.Connection, group: str) -> Iterator[tuple[int, int]]:
    """Intervals of time that hold a few megabytes of the group each."""
    start, size = -_FOREVER_MS, 0
    sql = "SELECT first_ms, length(body) FROM log_batches WHERE grp=? ORDER BY first_ms"
    for first_ms, length in db.execute(sql, (group,)):
        if size > _AT_ONCE_BYTES and first_ms > start:
            yield start, first_ms
            start, size = first_ms, 0
        size += length
    yield start, _FOREVER_MS


def _compact_samples(db: sqlite3.Connection, numbers: dict[int, int], out: Path) -> dict[str, Any] | None:
    unfiled = _unfiled(db)
    index = SeriesIndex()
    writer = None
    rows: list[tuple[int, *Observation]] = []
    for number, hot in sorted((number, hot) for hot, number in numbers.items()):
        found = unfiled.pop(hot, [])
        for (body,) in db.execute("SELECT body FROM samples WHERE series=?", (hot,)):
            for time_ms, value in zip(*_decode_filed(body), strict=True):
                found += _observations(time_ms, value)
        found.sort(key=lambda observation: observation[0])
        rows += [(number, *observation) for observation in found]
        if rows and writer is None:
            writer = OrderedWriter(out, SAMPLE_SCHEMA, [], index.note)
        while writer is not None and len(rows) >= _CHUNK:
            writer.add(_table(rows[:_CHUNK]))
            del rows[:_CHUNK]
    if writer is None:
        return None
    if rows:
        writer.add(_table(rows))
    return written(writer, index)


def _unfiled(db: sqlite3.Connection) -> dict[int, list[Observation]]:
    """The journal that has not been filed by series."""
    found: dict[int, list[Observation]] = {}
    for (body,) in db.execute("SELECT body FROM sample_puts WHERE id > (SELECT up_to FROM samples_filed) ORDER BY id"):
        for series, time_ms, value in zip(*_decode_put(body), strict=True):
            found.setdefault(series, []).extend(_observations(time_ms, value))
    return found


def _observations(time_ms: int, value: Any) -> list[Observation]:
    """Rows of one sample; `value` as the hot slice encodes it."""
    if not isinstance(value, list):
        return [(time_ms, value, None, None, None, None)]
    if value[0] == _SPREAD:
        return [(time_ms, v, float(n), None, None, None) for v, n in zip(value[1], value[2], strict=True)]
    _, samples, total, minimum, maximum = value
    return [(time_ms, None, samples, total, minimum, maximum)]


def _table(rows: list[tuple[int, *Observation]]) -> Any:
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SAMPLE_SCHEMA, strict=True)], schema=SAMPLE_SCHEMA)
