"""What the language costs: queries of Logs Insights beside SQL that somebody wrote for DuckDB, on the same Parquet.

    .venv/bin/python -m benchmarks.observability.insights [millions of events]

Both run in one DuckDB with two threads, in turn; the figure is CPU time, the best of three. One JSON line a query.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from trunkline.services.logs.insights import compile_query

_START_MS = 1_700_000_000_000
_EVENT = """'{"level":"' || (CASE WHEN i % 10 = 0 THEN 'ERROR' ELSE 'INFO' END) || '","latency":' || (i % 1000)
    || ',"path":"/api/' || (i % 50) || '","msg":"request handled by worker number ' || i
    || '","user":{"id":"u' || (i % 5000) || '"}}'"""
_TIME = "time_ms // 60000 * 60000"
QUERIES = (
    ("stats count(*) by bin(1m)", f"SELECT {_TIME}, count(*) FROM logs0 GROUP BY 1"),
    (
        "filter @message like 'ERROR' | stats count(*) by bin(1m)",
        f"SELECT {_TIME}, count(*) FROM logs0 WHERE contains(message, 'ERROR') GROUP BY 1",
    ),
    (
        r"filter @message like /number \d+7/ | stats count(*) by bin(1m)",
        rf"SELECT {_TIME}, count(*) FROM logs0 WHERE regexp_matches(message, 'number \d+7') GROUP BY 1",
    ),
    (
        "filter level = 'ERROR' | stats count(*) by bin(1m)",
        f"SELECT {_TIME}, count(*) FROM logs0 WHERE json_extract_string(message, '$.level') = 'ERROR' GROUP BY 1",
    ),
    ("stats count(*) by path", "SELECT json_extract_string(message, '$.path'), count(*) FROM logs0 GROUP BY 1"),
    (
        "fields @timestamp, @message | filter @message like 'ERROR' | limit 20",
        "SELECT time_ms, message FROM logs0 WHERE contains(message, 'ERROR') ORDER BY time_ms DESC LIMIT 20",
    ),
    (
        "parse @message '*latency\":*,*' as a, b, c | stats avg(b)",
        "SELECT avg(CAST(regexp_extract(message, 'latency\":(.*?),', 1) AS DOUBLE)) FROM logs0",
    ),
)


def main(millions: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        connection = duckdb.connect()
        connection.execute("SET threads = 2")
        events = Path(folder) / "events.parquet"
        connection.execute(
            f"COPY (SELECT 'g' AS grp, 's' || (i % 20) AS stream, {_START_MS} + i * 10 AS time_ms,"
            f" {_START_MS} + i * 10 AS ingestion_ms, {_EVENT} AS message, 0 AS slice_start_s, i // 100 AS batch,"
            f" CAST(i % 100 AS INTEGER) AS place FROM range({int(millions * 1e6)}) t(i))"
            f" TO '{events}' (COMPRESSION ZSTD)"
        )
        connection.execute(f"CREATE VIEW logs0 AS SELECT * FROM '{events}'")
        for query, sql in QUERIES:
            made = compile_query(query, now_s=0, start_ms=0, end_ms=1 << 42)
            ours = _best(lambda made=made: connection.execute(made.sql, list(made.values)).fetchall())  # type: ignore[misc]
            plain = _best(lambda sql=sql: connection.execute(sql).fetchall())  # type: ignore[misc]
            line = {"query": query, "insights_cpu_s": ours, "sql_cpu_s": plain, "ratio": round(ours / plain, 2)}
            print(json.dumps(line))


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return round(min(times), 3)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
