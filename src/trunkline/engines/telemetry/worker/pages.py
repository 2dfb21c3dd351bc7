"""Pages of cold log records, by Arrow alone: a row group is named, read, and cut to what was asked for."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_PAGE_COLUMNS = ["time_ms", "slice_start_s", "batch", "place", "message", "ingestion_ms", "stream"]
_OPEN_FILES = 64
_PAGE_BYTES = 4 << 20


@functools.lru_cache(maxsize=_OPEN_FILES)
def _file(path: str) -> Any:
    """Opened once: a file never changes, and its footer is most of the work of a small read."""
    return pq.ParquetFile(path)


def page(params: dict[str, Any]) -> list[Any]:
    """Records of one row group as columns, in the order asked for, and whether there are more.

    `params`: path, row_group, group, streams (None: all), gone (streams left out), start_ms, end_ms, after and before
    (cursors or None), backward, limit.
    """
    file = _file(params["path"])
    table = file.read_row_group(params["row_group"], columns=[*_PAGE_COLUMNS, "grp"], use_threads=False)
    times = table.column("time_ms")
    mask = pc.and_(pc.greater_equal(times, params["start_ms"]), pc.less(times, params["end_ms"]))
    mask = pc.and_(mask, pc.equal(table.column("grp"), params["group"]))
    if params["streams"] is not None:
        mask = pc.and_(mask, pc.is_in(table.column("stream"), pa.array(params["streams"], pa.string())))
    if params["gone"]:
        mask = pc.and_(mask, pc.invert(pc.is_in(table.column("stream"), pa.array(params["gone"], pa.string()))))
    found = table.select(_PAGE_COLUMNS).filter(mask)
    first, last = 0, found.num_rows
    if params["after"] is not None:
        first = _rank(found, params["after"], including=True)
    if params["before"] is not None:
        last = _rank(found, params["before"], including=False)
    count = max(0, last - first)
    limit = _fitting(found.slice(first, count), min(count, params["limit"]), backward=params["backward"])
    part = found.slice(last - limit if params["backward"] else first, limit)
    columns = [column.to_pylist() for column in part.columns]
    if params["backward"]:
        for column in columns:
            column.reverse()
    return [*columns, count > limit]


def _fitting(table: Any, limit: int, *, backward: bool) -> int:
    """How many of the first (or last) `limit` rows make a page that is not too large: one at least."""
    lengths = pc.binary_length(table.column("message")).to_pylist()
    for count, length in enumerate(itertools.accumulate(reversed(lengths) if backward else lengths), start=1):
        if count > limit or length > _PAGE_BYTES:
            return max(1, count - 1)
    return limit


def _rank(table: Any, cursor: Sequence[int], *, including: bool) -> int:
    """How many rows lie before the cursor (or at it, if `including`); the rows are in order."""
    low, high = 0, table.num_rows
    keys = [table.column(name) for name in _PAGE_COLUMNS[:4]]
    wanted = tuple(cursor)
    while low < high:
        middle = (low + high) // 2
        key = tuple(column[middle].as_py() for column in keys)
        if key < wanted or (including and key == wanted):
            low = middle + 1
        else:
            high = middle
    return low
