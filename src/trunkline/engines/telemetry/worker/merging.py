"""Put several cold files together into one, leaving out what has been deleted or has expired.

All files are sorted, so an interval of the result is made of the same interval of each: a few row groups at a time are
in memory, however large the files are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trunkline.engines.telemetry.worker.compacting import written
from trunkline.engines.telemetry.worker.hot_logs import LOG_SCHEMA
from trunkline.engines.telemetry.worker.parquet import (
    ROW_GROUP,
    SAMPLE_SCHEMA,
    LogIndex,
    OrderedWriter,
    SeriesIndex,
)

_AT_ONCE_BYTES = 4 << 20
_ROW_BYTES = 64
"""What a row has beside its message."""
_FOREVER = 1 << 62
_LOG_ORDER = [(name, "ascending") for name in ("time_ms", "slice_start_s", "batch", "place")]
_SAMPLE_ORDER = [("series", "ascending"), ("time_ms", "ascending")]


class _Source:
    """One file to merge, with the row group that was read last: the next interval mostly needs it again."""

    def __init__(self, path: str) -> None:
        self._file = pq.ParquetFile(path)
        self._held: tuple[int, Any] | None = None

    def row_group(self, number: int) -> Any:
        if self._held is None or self._held[0] != number:
            self._held = (number, self._file.read_row_group(number, use_threads=False))
        return self._held[1]

    def series_of_row_groups(self) -> Iterator[tuple[int, int, int]]:
        """Number, first and last series of each row group."""
        for number in range(self._file.num_row_groups):
            statistics = self._file.metadata.row_group(number).column(0).statistics
            yield number, statistics.min, statistics.max


def merge_logs(params: dict[str, Any]) -> dict[str, Any]:
    """`params`: files (path, groups with their parts, gone: [group, stream] pairs), expired_ms by group, out."""
    sources = [(_Source(file["path"]), dict(file["groups"]), _by_group(file["gone"])) for file in params["files"]]
    expired = params["expired_ms"]
    index = LogIndex()
    writer = OrderedWriter(Path(params["out"]), LOG_SCHEMA, ["grp", "stream", "slice_start_s"], index.note)
    for group in sorted({group for _, groups, _ in sources for group in groups}, key=str.encode):
        parts = [part for _, groups, _ in sources for part in groups.get(group, ())]
        for low, high in _intervals([(part[1], part[3] * _ROW_BYTES + part[4]) for part in parts]):
            start = max(low, expired.get(group, low))
            tables = [
                _log_rows(source.row_group(number), group, gone.get(group, ()), start, high)
                for source, groups, gone in sources
                for number, first, last, *_ in groups.get(group, ())
                if last >= start and first < high
            ]
            if tables:
                writer.add(pa.concat_tables(tables).sort_by(_LOG_ORDER))
    return written(writer, index)


def merge_samples(params: dict[str, Any]) -> dict[str, Any]:
    """`params`: files (paths), expired_ms, out."""
    sources = [_Source(path) for path in params["files"]]
    spans = [(source, *span) for source in sources for span in source.series_of_row_groups()]
    index = SeriesIndex()
    writer = OrderedWriter(Path(params["out"]), SAMPLE_SCHEMA, [], index.note)
    for low, high in _intervals([(first, ROW_GROUP * _ROW_BYTES) for _, _, first, _ in spans]):
        tables = []
        for source, number, first, last in spans:
            if last >= low and first < high:
                table = source.row_group(number)
                series, times = table.column("series"), table.column("time_ms")
                mask = pc.and_(pc.greater_equal(series, low), pc.less(series, high))
                tables.append(table.filter(pc.and_(mask, pc.greater_equal(times, params["expired_ms"]))))
        if tables:
            writer.add(pa.concat_tables(tables).sort_by(_SAMPLE_ORDER))
    return written(writer, index)


def _by_group(pairs: list[list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group, stream in pairs:
        found.setdefault(group, []).append(stream)
    return found


def _intervals(parts: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Half-open intervals of the key with some row groups each; `parts` are first keys and sizes."""
    start, size = -_FOREVER, 0
    for first, part_size in sorted(parts):
        if size >= _AT_ONCE_BYTES and first > start:
            yield start, first
            start, size = first, 0
        size += part_size
    yield start, _FOREVER


def _log_rows(table: Any, group: str, gone: Any, start: int, end: int) -> Any:
    times = table.column("time_ms")
    mask = pc.and_(pc.greater_equal(times, start), pc.less(times, end))
    mask = pc.and_(mask, pc.equal(table.column("grp"), group))
    if gone:
        mask = pc.and_(mask, pc.invert(pc.is_in(table.column("stream"), pa.array(gone, pa.string()))))
    return table.filter(mask)
