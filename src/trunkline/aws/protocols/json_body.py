"""Reading and writing JSON bodies, for json 1.0/1.1 and for the bodies of rest-json.

Requests are decoded, typed and checked by one msgspec decoder. Answers are written by orjson as the operation returned
them, with timestamps and blobs converted on the way; only an answer that contains a null is walked, to leave out
members that are None and to write numbers that JSON has not.
"""

import base64
import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import orjson

from trunkline.aws.models import Operation, Shape
from trunkline.aws.models.refusals import unreadable
from trunkline.aws.models.scalars import JSON
from trunkline.aws.models.timestamps import epoch, from_wire
from trunkline.aws.models.types import part_of, type_of
from trunkline.aws.protocols.wire import Doc, explained

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def reader(operation: Operation, shape: Shape, names: frozenset[str] | None = None) -> Callable[[bytes], Doc]:
    """Reads a body into a structure; names: only these of its members are in the body."""
    kind = type_of(shape) if names is None else part_of(shape, names)
    decode = msgspec.json.Decoder(kind, dec_hook=from_wire).decode

    def read(body: bytes) -> Doc:
        try:
            doc: Doc = decode(body or b"{}")
        except (msgspec.MsgspecError, ValueError, RecursionError):
            doc = explained(operation, shape, _loads(operation, body or b"{}"), JSON, names)
        return doc

    return read


def _loads(operation: Operation, body: bytes) -> Any:
    try:
        # The standard library's, for numbers of any size and for NaN; what follows judges them.
        return json.loads(body)
    except (ValueError, RecursionError):
        raise unreadable(operation) from None


def writer(shape: Shape) -> Callable[[Doc], bytes]:
    """Writes a structure as a body."""

    def write(doc: Doc) -> bytes:
        body = orjson.dumps(doc, default=_plain, option=_OPTIONS)
        if b"null" in body:
            body = orjson.dumps(_without_none(shape, doc), default=_plain, option=_OPTIONS)
        return body

    return write


def dumps(value: Any) -> bytes:
    """A document of no particular shape, such as an error."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return epoch(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"an answer contains a {type(value).__name__}")


def _without_none(shape: Shape, value: Any) -> Any:
    match shape.type:
        case "structure" if isinstance(value, dict) and not shape.is_document:
            members = shape.members
            return {
                key: _without_none(members[key].shape, inner) if key in members else inner
                for key, inner in value.items()
                if inner is not None
            }
        case "list" if isinstance(value, list | tuple):
            return [_without_none(shape.member.shape, inner) for inner in value]
        case "map" if isinstance(value, dict):
            inner_shape = shape.value.shape
            return {key: _without_none(inner_shape, inner) for key, inner in value.items() if inner is not None}
        case "float" | "double" if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
