"""A segment document as PutTraceSegments takes it: checked, or rejected with the code that X-Ray gives.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from trunkline.aws.service import Doc

MAX_BYTES = 64 * 1024
KEPT_S = 30 * 86_400
"""How long X-Ray keeps traces, counted from their arrival."""
_AHEAD_S = 600
"""How far a document's times may lie in the future: clocks differ."""
_DEEPEST = 100
"""Levels of JSON: what is attached to one another later must still be written as one document."""

_ID = re.compile(r"[0-9a-fA-F]{16}")
_TRACE_ID = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
"""The first number may be a time; it is not asked for, because the ids that OpenTelemetry makes have none."""
_NAME = re.compile(r"[\w\s.:/%&#=+\\\-@]{1,200}")
_OBJECTS = ("http", "aws", "annotations", "metadata", "service", "sql")


class Rejected(Exception):
    """A document that is not stored: the entry of UnprocessedTraceSegments."""

    def __init__(self, code: str, *, id: object = None, kind: str = "segment") -> None:
        super().__init__(code)
        self.code = code
        self.id = id if isinstance(id, str) else None
        self.message = f"Invalid {kind}. ErrorCode: {code}, Cause: null"


def read(text: str, now: float) -> list[Doc]:
    """The segments or subsegments of one document: an object, or an array of subsegments."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise Rejected("DocumentSizeExceeded")
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Rejected("ParseError") from error
    if text.count("{") + text.count("[") > _DEEPEST and _depth(parsed) > _DEEPEST:
        raise Rejected("ParseError")
    documents = parsed if isinstance(parsed, list) else [parsed]
    if not documents:
        raise Rejected("MissingId")
    for document in documents:
        _check(document, now)
    return documents


def is_subsegment(document: Doc) -> bool:
    return document.get("type") == "subsegment"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def is_trace_id(text: str) -> bool:
    return _TRACE_ID.fullmatch(text) is not None


def subsegments(entity: Doc) -> list[Doc]:
    found: list[Doc] | None = entity.get("subsegments")
    return found or []


def walk(document: Doc) -> Iterator[tuple[Doc, Doc | None]]:
    """Every subsegment inside a document, with what it lies in, outermost first. The document itself comes first."""
    pending: list[tuple[Doc, Doc | None]] = [(document, None)]
    while pending:
        entity, parent = pending.pop()
        yield entity, parent
        pending.extend((one, entity) for one in reversed(subsegments(entity)))


def _check(document: object, now: float) -> None:
    if not isinstance(document, dict):
        raise Rejected("ParseError")
    kind = "subsegment" if is_subsegment(document) else "segment"
    own_id = document.get("id")
    try:
        _check_top(document, now)
        _check_entity(document)
    except _Wrong as wrong:
        raise Rejected(wrong.args[0], id=own_id, kind=kind) from None
    try:
        pending = [document]
        while pending:
            inner = pending.pop().get("subsegments")
            if inner is None:
                continue
            if not isinstance(inner, list) or not all(isinstance(one, dict) for one in inner):
                raise _Wrong("InvalidSubsegments")
            for one in inner:
                _check_entity(one)
            pending += inner
    except _Wrong as wrong:
        raise Rejected(wrong.args[0], id=own_id, kind="subsegment") from None


def _depth(value: object) -> int:
    deepest = 0
    pending = [(value, 1)]
    while pending:
        one, depth = pending.pop()
        if isinstance(one, (dict, list)):
            deepest = max(deepest, depth)
            pending += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest


class _Wrong(Exception):
    pass


def _check_top(document: Doc, now: float) -> None:
    trace_id = document.get("trace_id")
    if not trace_id:
        raise _Wrong("MissingTraceId")
    if not isinstance(trace_id, str) or not is_trace_id(trace_id):
        raise _Wrong("InvalidTraceId")
    if document.get("type") not in (None, "", "subsegment"):
        raise _Wrong("InvalidType")
    parent_id = document.get("parent_id")
    if parent_id:
        if not isinstance(parent_id, str) or _ID.fullmatch(parent_id) is None:
            raise _Wrong("InvalidParentId")
    elif is_subsegment(document):
        raise _Wrong("MissingParentId")
    start = document.get("start_time")
    if isinstance(start, (int, float)) and start > now + _AHEAD_S:
        raise _Wrong("InvalidStartTime")


def _check_entity(entity: Doc) -> None:
    id_ = entity.get("id")
    if not id_:
        raise _Wrong("MissingId")
    if not isinstance(id_, str) or _ID.fullmatch(id_) is None:
        raise _Wrong("InvalidId")
    name = entity.get("name")
    if not name:
        raise _Wrong("MissingName")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise _Wrong("InvalidName")
    if entity.get("start_time") is None:
        raise _Wrong("MissingStartTime")
    if not _is_time(entity["start_time"]):
        raise _Wrong("InvalidStartTime")
    if entity.get("end_time") is None:
        if entity.get("in_progress") is not True:
            raise _Wrong("MissingEndTime")
    elif not _is_time(entity["end_time"]):
        raise _Wrong("InvalidEndTime")
    for member in _OBJECTS:
        if not isinstance(entity.get(member) or {}, dict):
            raise _Wrong(f"Invalid{member.capitalize()}")
    for member in ("request", "response"):
        if not isinstance((entity.get("http") or {}).get(member) or {}, dict):
            raise _Wrong("InvalidHttp")
    if not isinstance(entity.get("cause") or {}, (dict, str)):
        raise _Wrong("InvalidCause")


def _is_time(value: object) -> bool:
    """Up to the year 9999, which is as far as answers can tell it."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2.5e11
