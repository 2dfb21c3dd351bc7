"""DuckDB itself on the same Parquet files, with the same memory and threads as a worker of Trunkline's has."""

from pathlib import Path

import duckdb
from benchmarks.observability.measuring import timed

_MEMORY = "96MB"


class Direct:
    def __init__(self, telemetry: Path) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": _MEMORY})
        self._files = sorted(str(path) for path in (telemetry / "cold").glob("logs-*.parquet"))

    def per_minute(self, where: str) -> float:
        """The best of three, in seconds."""
        sql = f"SELECT time_ms // 60000 AS minute, count(*) FROM read_parquet(?) {f'WHERE {where}' if where else ''}"
        _, took = timed(lambda: self._connection.execute(f"{sql} GROUP BY minute", [self._files]).fetchall(), times=3)
        return min(took.seconds)
