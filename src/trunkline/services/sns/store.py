"""The tables of topics, subscriptions and undelivered messages."""

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.sns.model import (
    DEDUPLICATION_S,
    Delivery,
    Message,
    Subscription,
    Topic,
    subscription_parts,
    topic_parts,
)

TOPICS = Table("sns_topics", Topic, key=("account", "region", "name"))
SUBSCRIPTIONS = Table("sns_subscriptions", Subscription, key=("topic_arn", "id"), index=("account", "token"))
DELIVERIES = Table("sns_deliveries", Delivery, key=("id",), index=("due",))
ORDERED = Table("sns_ordered_deliveries", Delivery, key=("lane", "seq"))

MIGRATIONS = [
    TOPICS.ddl,
    SUBSCRIPTIONS.ddl,
    DELIVERIES.ddl,
    ORDERED.ddl
    + """
    CREATE TABLE sns_deduplication (
      topic TEXT NOT NULL, key TEXT NOT NULL, until REAL NOT NULL, message_id TEXT NOT NULL, sequence TEXT NOT NULL,
      PRIMARY KEY (topic, key)
    ) WITHOUT ROWID;
    """,
]


def topic(reader: Reader, arn: str) -> Topic | None:
    """A topic by its ARN."""
    parts = topic_parts(arn)
    return None if parts is None else TOPICS.get(reader, *parts)


def subscription(reader: Reader, arn: str) -> Subscription | None:
    """A subscription by its ARN."""
    parts = subscription_parts(arn)
    return None if parts is None else SUBSCRIPTIONS.get(reader, *parts)


def due(reader: Reader, now: float, limit: int) -> list[Delivery]:
    """Deliveries whose time has come, oldest first."""
    rows = reader.all("SELECT id FROM sns_deliveries WHERE due <= ? ORDER BY due LIMIT ?", (now, limit))
    found = [DELIVERIES.get(reader, row["id"]) for row in rows]
    ready = [delivery for delivery in found if delivery is not None]
    return ready + [delivery for delivery in _heads(reader) if delivery.due <= now][:limit]


def _heads(reader: Reader) -> list[Delivery]:
    """The first of every lane: the others wait for it."""
    rows = reader.all("SELECT lane, min(seq) AS seq FROM sns_ordered_deliveries GROUP BY lane")
    found = [ORDERED.get(reader, row["lane"], row["seq"]) for row in rows]
    return [delivery for delivery in found if delivery is not None]


def keep(tx: Tx, delivery: Delivery) -> None:
    """Store a delivery; a new one of a lane goes to its end."""
    if not delivery.lane:
        DELIVERIES.put(tx, delivery)
        return
    if not delivery.seq:
        row = tx.one("SELECT max(seq) AS last FROM sns_ordered_deliveries")
        delivery.seq = ((row["last"] if row else 0) or 0) + 1
    ORDERED.put(tx, delivery)


def drop(tx: Tx, delivery: Delivery) -> None:
    """A delivery has arrived, or was given up."""
    if delivery.lane:
        ORDERED.delete(tx, delivery.lane, delivery.seq)
    else:
        DELIVERIES.delete(tx, delivery.id)


def repeated(tx: Tx, topic: str, key: str, now: float) -> tuple[str, str] | None:
    """The id and sequence number of the message that this one repeats."""
    row = tx.one("SELECT * FROM sns_deduplication WHERE topic = ? AND key = ? AND until > ?", (topic, key, now))
    return None if row is None else (row["message_id"], row["sequence"])


def remember(tx: Tx, topic: str, key: str, until: float, message: Message) -> None:
    """So that a repetition is known; what is past its time is forgotten with it."""
    tx.execute("DELETE FROM sns_deduplication WHERE topic = ? AND until <= ?", (topic, until - DEDUPLICATION_S))
    tx.execute(
        "INSERT OR REPLACE INTO sns_deduplication VALUES (?, ?, ?, ?, ?)",
        (topic, key, until, message.id, message.sequence),
    )


def next_due(reader: Reader) -> float | None:
    """When the next delivery is due."""
    row = reader.one("SELECT min(due) AS due FROM sns_deliveries")
    times = [] if row is None or row["due"] is None else [float(row["due"])]
    return min(times + [delivery.due for delivery in _heads(reader)], default=None)
