"""The journal's tables: what was started, what it did so far, what was sent to it.

They live in core.db beside the state of the services, so that a journal entry can share a commit with what it tells of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from trunkline.core.db import Reader, Tx
from trunkline.engines.workflows.interface import Doc, WorkflowStatus

MIGRATIONS = (
    """CREATE TABLE workflows (
         id TEXT PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, input BLOB NOT NULL,
         status TEXT NOT NULL, output BLOB, error TEXT, started_at REAL NOT NULL, ended_at REAL
       ) WITHOUT ROWID""",
    "CREATE INDEX workflows_by_status ON workflows (status, started_at)",
    """CREATE TABLE workflow_journal (
         workflow_id TEXT NOT NULL, position TEXT NOT NULL, name TEXT NOT NULL,
         done INTEGER NOT NULL, due REAL, value BLOB, failure BLOB,
         PRIMARY KEY (workflow_id, position)
       ) WITHOUT ROWID""",
    """CREATE TABLE workflow_messages (
         seq INTEGER PRIMARY KEY AUTOINCREMENT, workflow_id TEXT NOT NULL, topic TEXT NOT NULL,
         message_id TEXT NOT NULL, body BLOB NOT NULL, was_read INTEGER NOT NULL DEFAULT 0,
         UNIQUE (workflow_id, message_id)
       )""",
    "CREATE INDEX workflow_messages_unread ON workflow_messages (workflow_id, seq) WHERE was_read = 0",
)


@dataclass(frozen=True, slots=True)
class Started:
    """One row of `workflows`."""

    id: str
    name: str
    version: int
    input: Doc
    status: WorkflowStatus
    output: Doc | None
    error: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation's place in the journal. Not `done` means begun, with its deadline in `due`."""

    name: str
    done: bool
    due: float | None
    value: Any
    failure: Doc | None


def encode(value: Any) -> bytes:
    return orjson.dumps(value)


def decode(data: bytes | None) -> Any:
    return None if data is None else orjson.loads(data)


def insert(tx: Tx, workflow_id: str, name: str, input: Doc, *, version: int, now: float) -> bool:
    return bool(
        tx.execute(
            "INSERT INTO workflows (id, name, version, input, status, started_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            (workflow_id, name, version, encode(input), WorkflowStatus.RUNNING.value, now),
        )
    )


def finish(
    tx: Tx, workflow_id: str, status: WorkflowStatus, now: float, *, output: bytes | None = None, error: str = ""
) -> None:
    tx.execute(
        "UPDATE workflows SET status = ?, output = ?, error = ?, ended_at = ? WHERE id = ?",
        (status.value, output, error, now, workflow_id),
    )


def started(reader: Reader, workflow_id: str) -> Started | None:
    row = reader.one("SELECT * FROM workflows WHERE id = ?", (workflow_id,))
    return _started(row) if row else None


def unfinished(reader: Reader) -> list[Started]:
    """Oldest first, so that those which were already running get their places before those that were queued."""
    rows = reader.all(
        "SELECT * FROM workflows WHERE status = ? ORDER BY started_at, id", (WorkflowStatus.RUNNING.value,)
    )
    return [_started(row) for row in rows]


def _started(row: Any) -> Started:
    return Started(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        input=decode(row["input"]),
        status=WorkflowStatus(row["status"]),
        output=decode(row["output"]),
        error=row["error"] or "",
    )


def journal(reader: Reader, workflow_id: str) -> dict[str, Entry]:
    rows = reader.all(
        "SELECT position, name, done, due, value, failure FROM workflow_journal WHERE workflow_id = ?", (workflow_id,)
    )
    return {
        row["position"]: Entry(row["name"], bool(row["done"]), row["due"], decode(row["value"]), decode(row["failure"]))
        for row in rows
    }


def record(
    tx: Tx,
    workflow_id: str,
    position: str,
    name: str,
    *,
    done: bool = True,
    due: float | None = None,
    value: bytes | None = None,
    failure: Doc | None = None,
) -> None:
    tx.execute(
        "INSERT INTO workflow_journal (workflow_id, position, name, done, due, value, failure)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow_id, position) DO UPDATE"
        " SET done = excluded.done, value = excluded.value, failure = excluded.failure",
        (workflow_id, position, name, int(done), due, value, encode(failure) if failure else None),
    )


def add_message(tx: Tx, workflow_id: str, topic: str, message_id: str, body: Doc) -> None:
    tx.execute(
        "INSERT INTO workflow_messages (workflow_id, topic, message_id, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (workflow_id, message_id) DO NOTHING",
        (workflow_id, topic, message_id, encode(body)),
    )


def has_message(reader: Reader, workflow_id: str, topics: Iterable[str]) -> bool:
    return _oldest(reader, workflow_id, tuple(topics)) is not None


def take_message(tx: Tx, workflow_id: str, topics: Iterable[str]) -> tuple[str, Doc] | None:
    row = _oldest(tx, workflow_id, tuple(topics))
    if row is None:
        return None
    tx.execute("UPDATE workflow_messages SET was_read = 1 WHERE seq = ?", (row["seq"],))
    return row["topic"], decode(row["body"])


def _oldest(reader: Reader, workflow_id: str, topics: tuple[str, ...]) -> Any:
    marks = ", ".join("?" * len(topics))
    return reader.one(
        "SELECT seq, topic, body FROM workflow_messages"
        f" WHERE workflow_id = ? AND was_read = 0 AND topic IN ({marks}) ORDER BY seq LIMIT 1",
        (workflow_id, *topics),
    )


def prune(tx: Tx, ended_before: float, limit: int) -> int:
    """Forget workflows that ended long ago, a bounded number at a time so that the writer is never held up."""
    rows = tx.all(
        "SELECT id FROM workflows WHERE status IN (?, ?) AND ended_at < ? LIMIT ?",
        (WorkflowStatus.SUCCEEDED.value, WorkflowStatus.FAILED.value, ended_before, limit),
    )
    ids = [(row["id"],) for row in rows]
    tx.executemany("DELETE FROM workflow_journal WHERE workflow_id = ?", ids)
    tx.executemany("DELETE FROM workflow_messages WHERE workflow_id = ?", ids)
    tx.executemany("DELETE FROM workflows WHERE id = ?", ids)
    return len(ids)
