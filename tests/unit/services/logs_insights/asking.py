"""Runs a query on a few log events in a DuckDB of the test's own, as the telemetry engine would."""

import json

import duckdb

from trunkline.services.logs.insights import compile_query
from trunkline.services.logs.insights.results import rows

START_MS = 1_795_392_000_000  # 2026-11-23 00:00:00
HOUR_MS = 3_600_000
ACCOUNT = "000000000000"
_COLUMNS = "grp, stream, time_ms, ingestion_ms, message, slice_start_s, batch, place"


class Asked(list):
    """Rows as dicts without @ptr; what the query matched beside them."""

    matched: int | None = None
    pointers: list[str]


def ask(query, events, *, others=None, lookups=None, limit=None, lambda_logs=False, hours=1):
    """events: messages, or (milliseconds after the start, message), or dicts. others: the same by group name."""
    connection = duckdb.connect()
    compiled = compile_query(
        query,
        now_s=START_MS / 1000 + 3600 * hours,
        start_ms=START_MS,
        end_ms=START_MS + hours * HOUR_MS,
        limit=limit,
        lookups={name: list(table[0]) for name, table in (lookups or {}).items()},
        embedded_json=lambda_logs,
    )
    for scan in compiled.scans:
        wanted = events if scan.source is None or scan.source.names == () else others[scan.source.names[0]]
        _make_logs(connection, scan.name, wanted, scan.shift_ms, hours)
    if compiled.names:
        connection.execute(f"CREATE TABLE group_names AS SELECT 'g' AS id, '{ACCOUNT}:/app' AS name")
        connection.execute("CREATE TABLE stream_names AS SELECT 's' AS id, 'web/1' AS name")
    for place, name in enumerate(compiled.lookups):
        header, *lines = lookups[name]
        columns = ", ".join(f"c{n} VARCHAR" for n in range(len(header)))
        connection.execute(f"CREATE TABLE lookup{place} ({columns})")
        connection.executemany(f"INSERT INTO lookup{place} VALUES ({', '.join('?' for _ in header)})", lines)
    found = connection.execute(compiled.sql, list(compiled.values)).fetchall()
    shown = rows(compiled, found, lambda group, *cursor: "/".join(map(str, (group, *cursor))))
    asked = Asked({c["field"]: c["value"] for c in row if c["field"] != "@ptr"} for row in shown)
    asked.matched = found[0][-1] if found else None
    asked.pointers = [c["value"] for row in shown for c in row if c["field"] == "@ptr"]
    return asked


def _make_logs(connection, name, events, shift_ms, hours):
    connection.execute(
        f"CREATE TABLE {name} (grp VARCHAR, stream VARCHAR, time_ms BIGINT, ingestion_ms BIGINT, message VARCHAR,"
        " slice_start_s BIGINT, batch BIGINT, place INTEGER)"
    )
    lines = []
    for place, event in enumerate(events):
        after_ms, message = event if isinstance(event, tuple) else (place * 1000, event)
        message = json.dumps(message) if isinstance(message, dict | list) else message
        if -shift_ms <= after_ms < hours * HOUR_MS - shift_ms:
            lines.append(("g", "s", START_MS + after_ms, START_MS + after_ms + 5, message, 0, 0, place))
    if lines:
        connection.executemany(f"INSERT INTO {name} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", lines)


def column(asked, name):
    return [row.get(name) for row in asked]
