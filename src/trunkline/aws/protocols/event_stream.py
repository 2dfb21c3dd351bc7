"""Answers that are streams of events: application/vnd.amazon.eventstream.

A message is: total length, length of the headers, checksum of these eight bytes, headers, payload, checksum of all of
it. https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import binascii
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.models import Member, Shape

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7
Event = tuple[str, dict[str, Any]]
_CONTENT_TYPES = {"string": "text/plain", "blob": "application/octet-stream"}


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One encoded message; all its headers are strings."""
    packed = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", len(packed) + len(payload) + 16, len(packed))
    prelude += struct.pack("!I", binascii.crc32(prelude))
    body = prelude + packed + payload
    return body + struct.pack("!I", binascii.crc32(body))


async def encoded(
    stream: Shape,
    events: AsyncIterator[Event],
    dumps: Callable[[Any], bytes],
    *,
    content_type: str = "application/json",
    initial: bytes | None = None,
) -> AsyncIterator[bytes]:
    """The operation's events as they come. An AwsError ends the stream with an exception message.

    initial: the answer's other members, sent first by the RPC protocols.
    """
    if initial is not None:
        headers = {":message-type": "event", ":event-type": "initial-response", ":content-type": content_type}
        yield message(headers, initial)
    try:
        async for name, doc in events:
            yield _event(stream.members[name], doc, dumps, content_type)
    except AwsError as error:
        declared = next((m for m in stream.members.values() if error.code in (m.name, m.shape.name)), None)
        if declared is not None:
            headers = {":message-type": "exception", ":exception-type": declared.name, ":content-type": content_type}
            yield message(headers, dumps({"message": error.message, **error.members}))
        else:
            yield message({":message-type": "error", ":error-code": error.code, ":error-message": error.message}, b"")


def _event(member: Member, doc: dict[str, Any], dumps: Callable[[Any], bytes], content_type: str) -> bytes:
    headers = {":message-type": "event", ":event-type": member.name}
    payload = next((m for m in member.shape.members.values() if m.traits.get("eventpayload")), None)
    for inner in member.shape.members.values():
        if inner.traits.get("eventheader") and doc.get(inner.name) is not None:
            headers[inner.wire_name] = str(doc[inner.name])
    if payload is not None:
        value = doc.get(payload.name)
        headers[":content-type"] = _CONTENT_TYPES.get(payload.shape.type, content_type)
        if isinstance(value, bytes):
            return message(headers, value)
        return message(headers, value.encode() if isinstance(value, str) else dumps(value if value is not None else {}))
    if member.shape.members:
        headers[":content-type"] = content_type
        return message(headers, dumps({key: value for key, value in doc.items() if value is not None}))
    return message(headers, b"")
