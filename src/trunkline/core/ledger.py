"""The append-only record of everything that happened.

An event is appended in the same transaction as the state it tells of, so there is never one without the other.
Rules, DORA figures, drift, audit and the live console are readers of this one table.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from trunkline.core.db import Database, Row, Tx
from trunkline.core.events import Event

_STEPS = [
    """
    CREATE TABLE ledger (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, detail_type TEXT NOT NULL,
      account TEXT NOT NULL, region TEXT NOT NULL, time REAL NOT NULL, resources BLOB NOT NULL, detail BLOB NOT NULL
    );
    CREATE INDEX ledger_kind ON ledger (detail_type, source, seq);
    """,
]
_COLUMNS = "seq, id, source, detail_type, account, region, time, resources, detail"


class Ledger:
    """Append inside a write; read from anywhere."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.on_append: Callable[[Event], None] = lambda event: None
        db.migrate("ledger", _STEPS)

    def append(self, tx: Tx, event: Event) -> None:
        """Record `event` with the rest of the transaction. Appending the same event id twice records it once."""
        tx.execute(
            "INSERT OR IGNORE INTO ledger (id, source, detail_type, account, region, time, resources, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.id,
                event.source,
                event.detail_type,
                event.account,
                event.region,
                event.time.timestamp(),
                orjson.dumps(event.resources),
                orjson.dumps(event.detail, default=_json),
            ),
        )
        tx.after_commit(lambda: self.on_append(event))

    def last(self) -> int:
        """The place of the newest event, 0 in an empty ledger."""
        row = self._db.one("SELECT max(seq) AS seq FROM ledger")
        return int(row["seq"] or 0) if row else 0

    def before(self, time: float) -> int:
        """The place of the last event that is older than an epoch instant, 0 if there is none: where to read on."""
        low, high = 0, self.last()
        while low < high:
            middle = (low + high) // 2
            row = self._db.one("SELECT seq, time FROM ledger WHERE seq > ? ORDER BY seq LIMIT 1", (middle,))
            if row is not None and row["time"] < time:
                low = row["seq"]
            else:
                high = middle
        return low

    def read(
        self,
        after_seq: int = 0,
        *,
        sources: tuple[str, ...] = (),
        detail_types: tuple[str, ...] = (),
        limit: int = 1000,
    ) -> list[Event]:
        """Events behind `after_seq` in the order they were committed, of any of the sources and detail types given."""
        sql = f"SELECT {_COLUMNS} FROM ledger WHERE seq > ?"
        params: list[object] = [after_seq]
        for column, values in (("source", sources), ("detail_type", detail_types)):
            if values:
                sql += f" AND {column} IN ({', '.join('?' for _ in values)})"
                params.extend(values)
        rows = self._db.all(f"{sql} ORDER BY seq LIMIT ?", (*params, limit))
        return [_event(row) for row in rows]

    def read_back(
        self, before_seq: int | None = None, *, detail_type: str, account: str, region: str, limit: int = 1000
    ) -> list[Event]:
        """Events of one kind, account and region before a place (None: the end), the newest first."""
        end = self.last() + 1 if before_seq is None else before_seq
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM ledger WHERE seq < ? AND detail_type = ? AND account = ? AND region = ?"
            " ORDER BY seq DESC LIMIT ?",
            (end, detail_type, account, region, limit),
        )
        return [_event(row) for row in rows]


def _event(row: Row) -> Event:
    return Event(
        source=row["source"],
        detail_type=row["detail_type"],
        detail=orjson.loads(row["detail"]),
        account=row["account"],
        region=row["region"],
        resources=tuple(orjson.loads(row["resources"])),
        id=row["id"],
        time=datetime.fromtimestamp(row["time"], UTC),
        seq=row["seq"],
    )


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
