"""Queues and messages, and how both are named. Pure.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError

MAX_BYTES = 1_048_576
MAX_IN_FLIGHT = 120_000
MAX_VISIBILITY_S = 43_200
MAX_ENTRIES = 10
DEDUPLICATION_S = 300.0
DEFAULTS = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": str(MAX_BYTES),
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
}
FIFO_DEFAULTS = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}\.fifo")


@dataclass(slots=True)
class Redrive:
    """Where messages go that were received too often."""

    arn: str
    most: int


@dataclass(slots=True)
class Queue:
    """A queue. `id` tells it from an earlier one of its name; `attributes` holds those that were set, as text."""

    account: str
    region: str
    name: str
    id: str
    created: float
    modified: float
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    purged: float = 0.0

    @property
    def arn(self) -> str:
        return arns.arn("sqs", self.region, self.account, self.name)

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")

    def effective(self) -> dict[str, str]:
        """All settings, those that were never set too."""
        found = {**DEFAULTS, **(FIFO_DEFAULTS if self.fifo else {}), **self.attributes}
        if "KmsMasterKeyId" in found:
            found.setdefault("KmsDataKeyReusePeriodSeconds", "300")
        found.setdefault("SqsManagedSseEnabled", "false" if "KmsMasterKeyId" in found else "true")
        return found

    def number(self, name: str) -> int:
        """A setting in seconds or bytes."""
        return int(self.attributes.get(name) or DEFAULTS[name])

    @property
    def redrive(self) -> Redrive | None:
        text = self.attributes.get("RedrivePolicy")
        if not text:
            return None
        given = json.loads(text)
        return Redrive(given["deadLetterTargetArn"], int(given.get("maxReceiveCount", 10)))

    def takes_from(self, source: str) -> bool:
        """Whether its redrive allow policy lets the queue `source` use it for dead letters."""
        given = json.loads(self.attributes.get("RedriveAllowPolicy") or "{}")
        permission = given.get("redrivePermission", "allowAll")
        return permission == "allowAll" or (permission == "byQueue" and source in given.get("sourceQueueArns", ()))


@dataclass(slots=True)
class Message:
    """What was sent. `attributes`: name → DataType and StringValue or BinaryValue."""

    id: str
    body: str
    sender: str
    md5: str
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    system: dict[str, str] = field(default_factory=dict)
    md5_attributes: str = ""
    group: str = ""
    deduplication: str = ""
    dead_letter_source: str = ""

    @property
    def bytes(self) -> int:
        return size(self.body, self.attributes)


@dataclass(slots=True)
class MoveTask:
    """Messages of a dead-letter queue on their way back. `seq` and `until` bound what was there when it began."""

    account: str
    region: str
    source: str
    started: float
    id: str
    status: str
    destination: str = ""
    per_second: int = 0
    to_move: int = 0
    moved: int = 0
    until: int = 0
    failure: str = ""


def size(body: str, attributes: dict[str, dict[str, Any]]) -> int:
    """What counts toward the limit of a message."""
    total = len(body.encode())
    for name, value in attributes.items():
        total += len(name.encode()) + len(value["DataType"].encode())
        total += len(value.get("StringValue", "").encode()) + len(value.get("BinaryValue", b""))
    return total


def check_name(name: str, *, fifo: bool) -> None:
    """Refuse a name that no queue can have."""
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
            ".fifo suffix and be 1 to 80 in length"
        )
    if not fifo and not _NAME.fullmatch(name):
        raise invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")


def place(url: str) -> tuple[str, str]:
    """The account and the name in a queue's URL."""
    pieces = urlsplit(url).path.strip("/").split("/")
    if len(pieces) < 2 or not pieces[-2].isdigit():
        raise AwsError("InvalidAddress", f"The address {url} is not valid for this endpoint.")
    return pieces[-2], pieces[-1]


def handle(queue: Queue, seq: int, count: int) -> str:
    """The receipt handle of one reception."""
    return base64.urlsafe_b64encode(f"{queue.id}:{seq}:{count}:{queue.name}".encode()).decode()


def read_handle(queue: Queue, text: str) -> tuple[int, int]:
    """The message and the reception that a receipt handle means; refused when it is none of this queue."""
    try:
        queue_id, seq, count, _ = base64.urlsafe_b64decode(text.encode()).decode().split(":", 3)
        found = int(seq), int(count)
    except (ValueError, binascii.Error):
        raise AwsError(
            "ReceiptHandleIsInvalid", f'The input receipt handle "{text}" is not a valid receipt handle.'
        ) from None
    if queue_id != queue.id:
        raise AwsError("ReceiptHandleIsInvalid", f'The input receipt handle "{text}" is not valid for this queue.')
    return found


def invalid(message: str) -> AwsError:
    """SQS's error for a parameter whose value cannot be; no operation declares it."""
    return AwsError("InvalidParameterValue", message, status=400)


def missing(name: str) -> AwsError:
    return AwsError("MissingParameter", f"The request must contain the parameter {name}.", status=400)


def unknown_queue() -> AwsError:
    return AwsError("QueueDoesNotExist", "The specified queue does not exist.")
