"""A question to DuckDB: the views over hot and cold records, the limits, and values that fit a frame."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from trunkline.engines.telemetry.worker.hot_logs import LOG_SCHEMA, HotLogs

_SPILL_MB = 4096
_ANSWER_BYTES = 32 << 20
_ROWS_AT_ONCE = 256
_COLUMNS = ", ".join(LOG_SCHEMA.names)
_LARGEST_INT = 1 << 63


def ask(spill: Path, memory_mb: int, params: dict[str, Any]) -> list[Any]:
    """`params`: sql, params, scans, tables, files, rows, timeout_s, memory_mb. Answers columns, rows and counts."""
    connection = connect(spill, min(memory_mb, params["memory_mb"]), params["files"])
    late = threading.Timer(params["timeout_s"], connection.interrupt)
    late.daemon = True
    late.start()
    try:
        sources = [source for name, scan in params["scans"].items() for source in _view(connection, name, scan)]
        for name, rows in params["tables"].items():
            connection.register(name, pa.Table.from_pylist(rows))
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        found = connection.execute(params["sql"], params["params"])
        columns = [column[0] for column in found.description or ()]
        rows = _rows(found, params["rows"])
    finally:
        late.cancel()
        connection.close()
    return [columns, rows, sum(source.records for source in sources), sum(source.size_bytes for source in sources)]


def _rows(found: duckdb.DuckDBPyConnection, limit: int) -> list[list[Any]]:
    """Up to `limit` rows, or as many as fit an answer."""
    rows: list[list[Any]] = []
    size = 0
    while len(rows) < limit and size < _ANSWER_BYTES:
        some = [[_plain(value) for value in row] for row in found.fetchmany(min(_ROWS_AT_ONCE, limit - len(rows)))]
        if not some:
            break
        rows += some
        size += sum(len(value) for row in some for value in row if isinstance(value, str | bytes))
    return rows


def connect(spill: Path, memory_mb: int, files: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """A database in memory that may read `files` and nothing else once access is switched off."""
    spill.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": 2,
            "temp_directory": str(spill),
            "max_temp_directory_size": f"{_SPILL_MB}MB",
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute(f"SET allowed_paths=[{', '.join(map(quoted, files))}]")
    connection.execute("SET TimeZone='UTC'")
    return connection


def _view(connection: duckdb.DuckDBPyConnection, name: str, scan: dict[str, Any]) -> list[HotLogs]:
    """One relation of everything that a scan covers, and the hot sources it will read."""
    window = (scan["start_ms"], scan["end_ms"])
    sources, parts = [], []
    for number, (path, start_s) in enumerate(scan["hot"]):
        source = HotLogs(path, start_s, scan["groups"], *window)
        sources.append(source)
        connection.register(f"{name}_hot_{number}", source)
        parts.append(f"SELECT {_COLUMNS} FROM {identifier(f'{name}_hot_{number}')}")
    parts += _cold(scan, *window)
    if not parts:
        connection.register(f"{name}_nothing", LOG_SCHEMA.empty_table())
        parts.append(f"SELECT {_COLUMNS} FROM {identifier(f'{name}_nothing')}")
    connection.execute(f"CREATE VIEW {identifier(name)} AS {' UNION ALL '.join(parts)}")
    return sources


def _cold(scan: dict[str, Any], start_ms: int, end_ms: int) -> list[str]:
    """Selections from Parquet files: one for all that nothing was deleted from, and one for each other."""
    whole = [path for path, gone in scan["cold"] if not gone]
    parts = [(whole, "")] if whole else []
    for path, gone in scan["cold"]:
        if gone:
            pairs = ", ".join(f"({quoted(group)}, {quoted(stream)})" for group, stream in gone)
            parts.append(([path], f" AND (grp, stream) NOT IN ({pairs})"))
    groups = ", ".join(map(quoted, scan["groups"]))
    return [
        f"SELECT {_COLUMNS} FROM read_parquet([{', '.join(map(quoted, paths))}])"
        f" WHERE grp IN ({groups}) AND time_ms >= {int(start_ms)} AND time_ms < {int(end_ms)}{without}"
        for paths, without in parts
    ]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(value: Any) -> Any:
    """What the interface promises of values: exact where a frame can carry it, a float or text where not."""
    if value is None or isinstance(value, str | float | bool | bytes):
        return value
    if isinstance(value, int):
        return value if -_LARGEST_INT <= value < _LARGEST_INT else float(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)
