"""Topics, subscriptions and messages on their way. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PROTOCOLS = ("http", "https", "email", "email-json", "sqs", "lambda")
OWN = ("sqs", "lambda")
"""Protocols whose endpoints are AWS resources: they need no confirmation."""
TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
DEDUPLICATION_S = 300.0
MAX_MESSAGE_BYTES = 256 * 1024
TOKEN_LIFE_S = 3 * 86_400.0


@dataclass(slots=True)
class Topic:
    """A topic. `attributes` holds those that were set, as text."""

    account: str
    region: str
    name: str
    created: datetime
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    deleted_subscriptions: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:sns:{self.region}:{self.account}:{self.name}"

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")


@dataclass(slots=True)
class Subscription:
    """An endpoint of a topic; nothing is sent to it (but the request to confirm) before it is confirmed."""

    topic_arn: str
    id: str
    account: str
    protocol: str
    endpoint: str
    token: str
    token_until: float
    principal: str
    confirmed: bool = False
    authenticated: bool = False
    needs_authentication_to_leave: bool = False
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"{self.topic_arn}:{self.id}"

    @property
    def raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery", "false") == "true"


@dataclass(slots=True)
class Message:
    """What is said to one endpoint. `kind`: Notification, SubscriptionConfirmation or UnsubscribeConfirmation."""

    kind: str
    id: str
    topic_arn: str
    text: str
    published: str
    subject: str = ""
    token: str = ""
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    group: str = ""
    deduplication: str = ""
    sequence: str = ""
    trace_header: str = ""
    """X-Amzn-Trace-Id of whoever published it: handed on to queues, functions and web servers."""


@dataclass(slots=True)
class Delivery:
    """A message to one endpoint that has not arrived yet.

    Those in a `lane` (a subscription to a FIFO topic and a message group) go one after the other, by `seq`.
    """

    id: str
    subscription_arn: str
    due: float
    message: Message
    protocol: str
    endpoint: str
    raw: bool = False
    signature_version: str = "1"
    policy: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    dead_letters: str = ""
    lane: str = ""
    seq: int = 0


def topic_parts(arn: str) -> tuple[str, str, str] | None:
    """(account, region, name) of a topic's ARN, None for what is none."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sns" or not all(parts[3:]):
        return None
    return parts[4], parts[3], parts[5]


def subscription_parts(arn: str) -> tuple[str, str] | None:
    """(topic's ARN, id) of a subscription's ARN, None for what is none."""
    topic, _, subscription = arn.rpartition(":")
    return (topic, subscription) if subscription and topic_parts(topic) else None
