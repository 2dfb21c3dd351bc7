"""The tables of buses, rules, deliveries, events sent to custom buses, and schedules' last occurrences."""

from collections.abc import Iterable
from typing import Any

import orjson

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.events.model import BusPolicy, Delivery, EventBus, Rule

BUSES = Table("events_buses", EventBus, key=("account", "region", "name"))
RULES = Table("events_rules", Rule, key=("account", "region", "bus", "name"))
DELIVERIES = Table("events_deliveries", Delivery, key=("event_id", "rule_arn", "target_id"), index=("state", "due"))
POLICIES = Table("events_bus_policies", BusPolicy, key=("account", "region", "bus"))

MIGRATIONS = [
    BUSES.ddl,
    RULES.ddl,
    DELIVERIES.ddl,
    """
    CREATE TABLE events_custom (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, bus TEXT NOT NULL, event BLOB NOT NULL
    );
    CREATE TABLE events_occurrences (rule_arn TEXT PRIMARY KEY, last REAL NOT NULL);
    """,
    POLICIES.ddl,
]

_KEEP_S = 86_400.0


def add_deliveries(tx: Tx, deliveries: Iterable[Delivery]) -> int:
    """Add those not known yet; how many that were."""
    added = 0
    for delivery in deliveries:
        if DELIVERIES.get(tx, delivery.event_id, delivery.rule_arn, delivery.target_id) is None:
            DELIVERIES.insert(tx, delivery)
            added += 1
    return added


def due(reader: Reader, now: float, limit: int) -> list[Delivery]:
    """Waiting deliveries whose time has come, oldest first."""
    rows = reader.all(
        "SELECT event_id, rule_arn, target_id FROM events_deliveries WHERE state = 'waiting' AND due <= ?"
        " ORDER BY due LIMIT ?",
        (now, limit),
    )
    found = [DELIVERIES.get(reader, *row) for row in rows]
    return [delivery for delivery in found if delivery is not None]


def next_due(reader: Reader) -> float | None:
    """When the next waiting delivery is due."""
    row = reader.one("SELECT min(due) AS due FROM events_deliveries WHERE state = 'waiting'")
    return None if row is None or row["due"] is None else float(row["due"])


def forget_old(tx: Tx, now: float) -> int:
    """Drop what ended more than a day ago."""
    return tx.execute("DELETE FROM events_deliveries WHERE state <> 'waiting' AND due < ?", (now - _KEEP_S,))


def add_custom(tx: Tx, bus_arn: str, event: dict[str, Any]) -> None:
    """Queue an event for a custom bus."""
    tx.execute("INSERT INTO events_custom (bus, event) VALUES (?, ?)", (bus_arn, orjson.dumps(event)))


def custom(reader: Reader, limit: int) -> list[tuple[int, str, dict[str, Any]]]:
    """The oldest queued events: (seq, bus ARN, event)."""
    rows = reader.all("SELECT seq, bus, event FROM events_custom ORDER BY seq LIMIT ?", (limit,))
    return [(row["seq"], row["bus"], orjson.loads(row["event"])) for row in rows]


def drop_custom(tx: Tx, seq: int) -> None:
    """Take a queued event out."""
    tx.execute("DELETE FROM events_custom WHERE seq = ?", (seq,))


def last_occurrence(reader: Reader, rule_arn: str) -> float:
    """The epoch of a schedule's last occurrence that was acted on, 0 if none was."""
    row = reader.one("SELECT last FROM events_occurrences WHERE rule_arn = ?", (rule_arn,))
    return 0.0 if row is None else float(row["last"])


def note_occurrence(tx: Tx, rule_arn: str, at: float) -> None:
    """Remember an occurrence."""
    tx.execute("INSERT OR REPLACE INTO events_occurrences VALUES (?, ?)", (rule_arn, at))


def forget_occurrence(tx: Tx, rule_arn: str) -> None:
    """A rule is gone, or its schedule begins anew."""
    tx.execute("DELETE FROM events_occurrences WHERE rule_arn = ?", (rule_arn,))
