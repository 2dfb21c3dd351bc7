"""The tables of topics, subscriptions and undelivered messages."""

from trunkline.core.db import Reader, Table
from trunkline.services.sns.model import Delivery, Subscription, Topic, subscription_parts, topic_parts

TOPICS = Table("sns_topics", Topic, key=("account", "region", "name"))
SUBSCRIPTIONS = Table("sns_subscriptions", Subscription, key=("topic_arn", "id"), index=("account", "token"))
DELIVERIES = Table("sns_deliveries", Delivery, key=("id",), index=("due",))

MIGRATIONS = [TOPICS.ddl, SUBSCRIPTIONS.ddl, DELIVERIES.ddl]


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
    return [delivery for delivery in found if delivery is not None]


def next_due(reader: Reader) -> float | None:
    """When the next delivery is due."""
    row = reader.one("SELECT min(due) AS due FROM sns_deliveries")
    return None if row is None or row["due"] is None else float(row["due"])
