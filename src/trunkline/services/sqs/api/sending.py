"""SendMessage and SendMessageBatch."""

import hashlib
import re
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.sqs import checksums
from trunkline.services.sqs.api.context import Context, check_batch, queue_resource, refused
from trunkline.services.sqs.model import MAX_BYTES, Message, Queue, invalid, missing
from trunkline.services.sqs.policies import check_service

_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_NOT_ALLOWED = re.compile("[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOKEN = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_MOST_ATTRIBUTES = 10
_FIRST_SEQUENCE = 18_800_000_000_000_000_000


def sequence_number(seq: int) -> str:
    """The number of a FIFO message as clients see it: twenty digits, growing."""
    return str(_FIRST_SEQUENCE + seq * 256)


class SendOperations(Context):
    """What puts messages into queues."""

    @operation(queue_resource, mutates=False)
    async def send_message(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        check_service(call, queue)
        message, delay_s = _message(call, queue, req)
        return (await self._send(queue, [(message, delay_s)]))[0]

    @operation(queue_resource, mutates=False)
    async def send_message_batch(self, call: Call, req: Doc) -> Doc:
        entries: list[Doc] = req["Entries"]
        queue = self._queue(call, req["QueueUrl"])
        check_service(call, queue)
        check_batch(entries, "SendMessageBatchRequestEntry")
        good: list[tuple[Doc, Message, float]] = []
        failed: list[Doc] = []
        for entry in entries:
            try:
                good.append((entry, *_message(call, queue, entry)))
            except AwsError as error:
                failed.append(refused(entry, error))
        total = sum(message.bytes for _, message, _ in good)
        if total > MAX_BYTES:
            raise AwsError(
                "BatchRequestTooLong",
                f"Batch requests cannot be longer than {MAX_BYTES} bytes. You have sent {total} bytes.",
            )
        sent = await self._send(queue, [(message, delay_s) for _, message, delay_s in good]) if good else []
        successful = [{"Id": entry["Id"], **answer} for (entry, _, _), answer in zip(good, sent, strict=True)]
        return {"Successful": successful, "Failed": failed}

    async def _send(self, queue: Queue, messages: list[tuple[Message, float]]) -> list[Doc]:
        now = self._now()

        def send(tx: Tx) -> list[tuple[str, int]]:
            self._same_queue(tx, queue)
            tx.after_commit(lambda: self._waiters.wake(queue.id, len(messages)))
            return [self._messages.add(tx, queue, message, now, delay_s) for message, delay_s in messages]

        stored = await self._db.write(send)
        for message, _ in messages:
            self._metrics.sent(queue, message.bytes)
        return [
            {
                "MessageId": message_id,
                "MD5OfMessageBody": message.md5,
                "MD5OfMessageAttributes": message.md5_attributes or None,
                "MD5OfMessageSystemAttributes": _system_md5(message),
                "SequenceNumber": sequence_number(seq) if queue.fifo else None,
            }
            for (message, _), (message_id, seq) in zip(messages, stored, strict=True)
        ]


def _system_md5(message: Message) -> str | None:
    if not message.system:
        return None
    given = {name: {"DataType": "String", "StringValue": value} for name, value in message.system.items()}
    return checksums.of_attributes(given)


def _message(call: Call, queue: Queue, req: Doc) -> tuple[Message, float]:
    """The message that a request (or an entry of a batch) sends, and its delay."""
    body: str = req["MessageBody"]
    if not body:
        raise missing("MessageBody")
    if _NOT_ALLOWED.search(body):
        raise AwsError("InvalidMessageContents", "The message contains characters outside the allowed set.")
    attributes = {name: _attribute(name, value) for name, value in req.get("MessageAttributes", {}).items()}
    if len(attributes) > _MOST_ATTRIBUTES:
        raise invalid(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{_MOST_ATTRIBUTES}]."
        )
    message = Message(
        ids.uuid(),
        body,
        call.caller.principal.id,
        checksums.of_text(body),
        attributes,
        _system(call, req.get("MessageSystemAttributes", {})),
        checksums.of_attributes(attributes) if attributes else "",
        req.get("MessageGroupId", ""),
        req.get("MessageDeduplicationId", ""),
    )
    limit = queue.number("MaximumMessageSize")
    if message.bytes > limit:
        raise invalid(f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.")
    delay_s = req.get("DelaySeconds")
    if delay_s is not None and not 0 <= delay_s <= 900:
        raise invalid(
            f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        )
    if queue.fifo:
        _check_fifo(queue, message, delay_s)
    else:
        _check_standard(message)
    return message, float(queue.number("DelaySeconds") if delay_s is None else delay_s)


def _check_fifo(queue: Queue, message: Message, delay_s: int | None) -> None:
    if not message.group:
        raise missing("MessageGroupId")
    _check_token("MessageGroupId", message.group)
    if delay_s:
        raise invalid(
            f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
            "valid for this queue type."
        )
    if message.deduplication:
        _check_token("MessageDeduplicationId", message.deduplication)
    elif queue.attributes.get("ContentBasedDeduplication") == "true":
        message.deduplication = hashlib.sha256(message.body.encode()).hexdigest()
    else:
        raise invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )


def _check_standard(message: Message) -> None:
    if message.deduplication:
        raise invalid(
            f"Value {message.deduplication} for parameter MessageDeduplicationId is invalid. Reason: The request "
            "include parameter that is not valid for this queue type."
        )
    if message.group:
        _check_token("MessageGroupId", message.group)


def _check_token(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(value):
        raise invalid(
            f"Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and "
            "punctuation characters. 1 to 128 in length."
        )


def _attribute(name: str, given: dict[str, Any]) -> dict[str, Any]:
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise invalid(f"The message attribute name '{name}' is invalid.")
    kind = given["DataType"]
    if kind.split(".", 1)[0] not in ("String", "Number", "Binary"):
        raise invalid(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    member = "BinaryValue" if kind.startswith("Binary") else "StringValue"
    value = given.get(member)
    if not value:
        raise invalid(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{kind}'."
        )
    if kind.startswith("Number"):
        try:
            float(value)
        except ValueError:
            raise invalid(f"Can't cast the value of message (user) attribute '{name}' to a number.") from None
    return {"DataType": kind, member: value}


def _system(call: Call, given: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What travels beside the message: the trace header, as an attribute or as the request's own."""
    for name, value in given.items():
        if name != "AWSTraceHeader":
            raise invalid(f"Message system attribute name '{name}' is invalid.")
        if value["DataType"] != "String" or not value.get("StringValue"):
            raise invalid(f"The message system attribute '{name}' must be a non-empty String.")
    header = call.headers.get("x-amzn-trace-id")
    told = {"AWSTraceHeader": header} if header else {}
    return {**told, **{name: value["StringValue"] for name, value in given.items()}}
