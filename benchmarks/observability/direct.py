"""DuckDB itself on the same Parquet files, with the same memory and threads as a worker of Trunkline's has."""

import time
from pathlib import Path
from typing import NamedTuple

import duckdb
from benchmarks.observability.measuring import timed

_MEMORY = "80MB"


class Took(NamedTuple):
    """The best by wall clock, and the CPU seconds of one on average: what is left of a figure on a busy machine."""

    seconds: float
    cpu_s: float


class Direct:
    def __init__(self, telemetry: Path) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": _MEMORY})
        self._files = sorted(str(path) for path in (telemetry / "cold").glob("logs-*.parquet"))

    def per_minute(self, where: str) -> Took:
        sql = f"SELECT time_ms // 60000 AS minute, count(*) FROM read_parquet(?) {f'WHERE {where}' if where else ''}"
        cpu = time.process_time()
        _, took = timed(lambda: self._connection.execute(f"{sql} GROUP BY minute", [self._files]).fetchall(), times=3)
        return Took(min(took.seconds), (time.process_time() - cpu) / 3)
