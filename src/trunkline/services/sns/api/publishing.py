"""Publishing: one message, or up to ten."""

import base64
import hashlib
import time
from typing import Any, ClassVar

import orjson

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.sns import store, wording
from trunkline.services.sns.api.topics import invalid, known_topic
from trunkline.services.sns.model import DEDUPLICATION_S, MAX_MESSAGE_BYTES, Message, Topic
from trunkline.services.sns.outbox import Outbox, stamp

_MOST_ENTRIES = 10
_FIRST_SEQUENCE = 10_000_000_000_000_000_000


def _target(call: Call, req: Doc) -> str:
    return str(req.get("TopicArn") or req.get("TargetArn") or "*")


class PublishApi:
    """Operations that send messages."""

    kit: Kit
    outbox: Outbox
    last_sequence: ClassVar[int] = 0

    @operation(_target, mutates=False)
    async def publish(self, call: Call, req: Doc) -> Doc:
        if "PhoneNumber" in req:
            raise Refused("Trunkline sends no text messages; publish to a topic.")
        arn = req.get("TopicArn") or req.get("TargetArn")
        if not arn:
            raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
        message, texts = self._message(call, req, arn)
        ((message_id, sequence),) = await self._send([(message, texts)], arn)
        return {"MessageId": message_id, "SequenceNumber": sequence or None}

    @operation("{TopicArn}", mutates=False)
    async def publish_batch(self, call: Call, req: Doc) -> Doc:
        entries: list[Doc] = req["PublishBatchRequestEntries"]
        if not entries:
            raise AwsError("EmptyBatchRequestException", "The batch request doesn't contain any entries.")
        if len(entries) > _MOST_ENTRIES:
            raise AwsError(
                "TooManyEntriesInBatchRequestException",
                f"The batch request contains more entries than permissible: {len(entries)}.",
            )
        if len({entry["Id"] for entry in entries}) != len(entries):
            raise AwsError(
                "BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id."
            )
        if sum(_size(entry) for entry in entries) > MAX_MESSAGE_BYTES:
            raise AwsError(
                "BatchRequestTooLongException",
                "The length of all the batch messages put together is more than the limit.",
            )
        good: list[tuple[Message, dict[str, str]]] = []
        successful: list[Doc] = []
        failed: list[Doc] = []
        for entry in entries:
            try:
                message, texts = self._message(call, entry, req["TopicArn"])
            except AwsError as error:
                code = "InvalidParameter" if error.code == "InvalidParameterException" else error.code
                failed.append({"Id": entry["Id"], "Code": code, "Message": error.message, "SenderFault": True})
            else:
                good.append((message, texts))
                successful.append({"Id": entry["Id"]})
        sent = await self._send(good, req["TopicArn"])
        for answer, (message_id, sequence) in zip(successful, sent, strict=True):
            answer |= {"MessageId": message_id, "SequenceNumber": sequence or None}
        return {"Successful": successful, "Failed": failed}

    async def _send(self, messages: list[tuple[Message, dict[str, str]]], arn: str) -> list[tuple[str, str]]:
        """Send them; the id and sequence number of each, or of the earlier message that it repeats."""

        def send(tx: Tx) -> list[tuple[str, str]]:
            topic = known_topic(tx, arn)
            return [self._publish(tx, topic, message, texts) for message, texts in messages]

        return await self.kit.db.write(send)

    def _publish(self, tx: Tx, topic: Topic, message: Message, texts: dict[str, str]) -> tuple[str, str]:
        if topic.fifo:
            by_content = topic.attributes.get("ContentBasedDeduplication") == "true"
            if not message.deduplication and not by_content:
                raise invalid(
                    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                    "explicitly"
                )
            message.deduplication = message.deduplication or hashlib.sha256(message.text.encode()).hexdigest()
            key, now = message.deduplication, self.kit.clock.time()
            if topic.attributes.get("FifoThroughputScope") == "MessageGroup":
                key = f"{message.group} {key}"
            known = store.repeated(tx, topic.arn, key, now)
            if known is not None:
                return known
            message.sequence = self._sequence()
            store.remember(tx, topic.arn, key, now + DEDUPLICATION_S, message)
        self.outbox.publish(tx, topic, message, texts)
        return message.id, message.sequence

    def _sequence(self) -> str:
        """Twenty digits that only grow, over restarts too: they follow the clock."""
        PublishApi.last_sequence = max(PublishApi.last_sequence + 1, time.time_ns())
        return str(_FIRST_SEQUENCE + PublishApi.last_sequence)

    def _message(self, call: Call, req: Doc, arn: str) -> tuple[Message, dict[str, str]]:
        text, subject = req["Message"], req.get("Subject", "")
        fifo, group = arn.endswith(".fifo"), req.get("MessageGroupId", "")
        if fifo and not group:
            raise invalid("The MessageGroupId parameter is required for FIFO topics")
        if not fifo and "MessageDeduplicationId" in req:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
                "valid for this topic type"
            )
        if not text:
            raise invalid("Empty message")
        if _size(req) > MAX_MESSAGE_BYTES:
            raise invalid("Message too long")
        if subject and (len(subject) > 100 or not subject.isascii() or not subject.isprintable() or subject[0] == " "):
            raise invalid("Subject")
        texts: dict[str, str] = {}
        structure = req.get("MessageStructure")
        if structure is not None:
            if structure != "json":
                raise invalid("MessageStructure")
            texts = _structured(text)
            text = texts["default"]
        attributes = {name: _attribute(name, value) for name, value in req.get("MessageAttributes", {}).items()}
        published = stamp(self.kit.clock.now())
        message = Message(wording.NOTIFICATION, ids.uuid(), arn, text, published, subject, attributes=attributes)
        message.group, message.deduplication = group, req.get("MessageDeduplicationId", "")
        message.trace_header = call.headers.get("x-amzn-trace-id", "")
        return message, texts


def _structured(text: str) -> dict[str, str]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid("Message Structure - JSON message body failed to parse") from None
    if not isinstance(document, dict) or not isinstance(document.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {name: value for name, value in document.items() if isinstance(value, str)}


def _attribute(name: str, given: dict[str, Any]) -> dict[str, str]:
    kind = given["DataType"]
    if not kind.startswith(("String", "Number", "Binary")):
        raise AwsError(
            "InvalidParameterValueException",
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String.",
        )
    if kind.startswith("Binary"):
        value = base64.b64encode(given.get("BinaryValue", b"")).decode()
    else:
        value = given.get("StringValue", "")
    if not value:
        raise AwsError(
            "InvalidParameterValueException",
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{kind}'.",
        )
    if kind.startswith(("Number", "String.Array")):
        _check_json(name, kind, value)
    return {"Type": kind, "Value": value}


def _check_json(name: str, kind: str, value: str) -> None:
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        parsed = None
    expected: Any = list if kind.startswith("String.Array") else (int, float)
    if isinstance(parsed, bool) or not isinstance(parsed, expected):
        raise AwsError(
            "InvalidParameterValueException",
            f"Could not cast message attribute '{name}' value to {'array' if expected is list else 'number'}.",
        )


def _size(req: Doc) -> int:
    size = len(req["Message"].encode())
    for name, value in req.get("MessageAttributes", {}).items():
        size += len(name.encode()) + len(value.get("DataType", "")) + len(value.get("StringValue", "").encode())
        size += len(value.get("BinaryValue", b""))
    return size
