"""Publishing: one message, or up to ten."""

import base64
from typing import Any

import orjson

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.sns import wording
from trunkline.services.sns.api.topics import invalid, known_topic
from trunkline.services.sns.model import MAX_MESSAGE_BYTES, Message
from trunkline.services.sns.outbox import Outbox, stamp

_MOST_ENTRIES = 10


def _target(call: Call, req: Doc) -> str:
    return str(req.get("TopicArn") or req.get("TargetArn") or "*")


class PublishApi:
    """Operations that send messages."""

    kit: Kit
    outbox: Outbox

    @operation(_target, mutates=False)
    async def publish(self, call: Call, req: Doc) -> Doc:
        if "PhoneNumber" in req:
            raise Refused("Trunkline sends no text messages; publish to a topic.")
        arn = req.get("TopicArn") or req.get("TargetArn")
        if not arn:
            raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
        message, texts = self._message(req, arn)
        await self._send([(message, texts)], arn)
        return {"MessageId": message.id}

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
                message, texts = self._message(entry, req["TopicArn"])
            except AwsError as error:
                code = "InvalidParameter" if error.code == "InvalidParameterException" else error.code
                failed.append({"Id": entry["Id"], "Code": code, "Message": error.message, "SenderFault": True})
            else:
                good.append((message, texts))
                successful.append({"Id": entry["Id"], "MessageId": message.id})
        await self._send(good, req["TopicArn"])
        return {"Successful": successful, "Failed": failed}

    async def _send(self, messages: list[tuple[Message, dict[str, str]]], arn: str) -> None:
        def send(tx: Tx) -> None:
            topic = known_topic(tx, arn)
            for message, texts in messages:
                self.outbox.publish(tx, topic, message, texts)

        await self.kit.db.write(send)

    def _message(self, req: Doc, arn: str) -> tuple[Message, dict[str, str]]:
        text, subject = req["Message"], req.get("Subject", "")
        if "MessageGroupId" in req or "MessageDeduplicationId" in req:
            raise invalid(
                "MessageGroupId Reason: The request includes MessageGroupId parameter that is not valid for "
                "this topic type"
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
