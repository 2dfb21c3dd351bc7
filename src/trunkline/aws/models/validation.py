"""Checking requests that are made of Python values: calls of one service by another."""

from typing import Any

import msgspec

from trunkline.aws.models.check import Invalid, check
from trunkline.aws.models.refusals import refusal
from trunkline.aws.models.scalars import PYTHON, Mismatch
from trunkline.aws.models.service import Operation
from trunkline.aws.models.timestamps import from_wire
from trunkline.aws.models.types import type_of
from trunkline.core.ids import uuid

Doc = dict[str, Any]


def validate(operation: Operation, doc: Doc) -> Doc:
    """A request made of Python values (aware datetimes, bytes), for calls inside the process. Raises the AwsError that
    a client would get; the result has its idempotency tokens filled in."""
    shape = operation.input
    if shape is None:
        return {}
    streaming = operation.streaming_input
    body = doc.get(streaming) if streaming else None
    if body is not None and not isinstance(body, bytes | str):
        doc = {**doc, str(streaming): b""}  # a stream is not looked at
    try:
        valid: Doc = msgspec.convert(doc, type_of(shape), dec_hook=from_wire, builtin_types=(bytes,))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        try:
            valid = check(shape, doc, PYTHON)
        except (Mismatch, Invalid) as error:
            raise refusal(operation, error) from None
    if streaming and body is not None:
        valid[streaming] = body
    return fill_tokens(operation, valid)


def fill_tokens(operation: Operation, doc: Doc) -> Doc:
    for name in operation.idempotency_tokens:
        if name not in doc:
            doc[name] = uuid()
    return doc
