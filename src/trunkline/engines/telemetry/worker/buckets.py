"""Observations of cold series put together by period."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import duckdb

from trunkline.engines.telemetry.worker.asking import connect, quoted


@functools.lru_cache(maxsize=1)
def _connection(spill: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    connection = connect(spill, memory_mb, [])
    connection.execute("SET parquet_metadata_cache=true")
    return connection


def buckets(spill: Path, memory_mb: int, params: dict[str, Any]) -> dict[str, Any]:
    """Sums by series and period as columns of eight-byte numbers, and the single values if they are asked for.

    The last column tells how many values a period has; all values follow in that order.

    `params`: files, series, start_ms, end_ms, period_ms, values. Numbers only, but for paths of our own making.
    """
    connection = _connection(spill, memory_mb)
    start, period = int(params["start_ms"]), int(params["period_ms"])
    source = (
        f"SELECT series, (time_ms - {start}) // {period} AS bucket, value, coalesce(count, 1.0) AS count, total,"
        f" minimum, maximum FROM read_parquet([{', '.join(map(quoted, params['files']))}])"
        f" WHERE series IN ({', '.join(str(int(n)) for n in params['series'])})"
        f" AND time_ms >= {start} AND time_ms < {int(params['end_ms'])}"
    )
    sums = connection.execute(
        "SELECT series, bucket, sum(count), sum(coalesce(total, value * count)), min(coalesce(minimum, value)),"
        " max(coalesce(maximum, value)), sum(CASE WHEN total IS NULL THEN 0.0 ELSE count END), count(value)"
        f" FROM ({source}) GROUP BY series, bucket ORDER BY series, bucket"
    ).fetchnumpy()
    found: dict[str, Any] = {"sums": [column.tobytes() for column in sums.values()]}
    if params["values"]:
        values = connection.execute(
            f"SELECT value, count FROM ({source}) WHERE value IS NOT NULL ORDER BY series, bucket, value"
        ).fetchnumpy()
        found["values"] = [column.tobytes() for column in values.values()]
    return found
