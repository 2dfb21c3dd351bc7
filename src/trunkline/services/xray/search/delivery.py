"""Spans put to the log group aws/spans, and which traces are indexed besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trunkline.aws.service import Caller, Doc, Kit
from trunkline.services.xray.search import spans

LOG_GROUP = "aws/spans"
LOG_STREAM = "default"
PRINCIPAL = "xray.amazonaws.com"

_MOST_EVENTS = 1_000
_MOST_BYTES = 900_000
_EVENT_OVERHEAD = 26
_LOT = 1_000_000


def is_indexed(trace_id: str, share_pct: float) -> bool:
    """By the trace's id, so that a trace is indexed as a whole or not at all."""
    return int(trace_id[-8:], 16) % _LOT < share_pct / 100 * _LOT


async def deliver(kit: Kit, account: str, region: str, documents: Sequence[Doc]) -> None:
    events = [
        {"timestamp": span["startTimeUnixNano"] // 1_000_000, "message": spans.message(span)}
        for document in documents
        for span in spans.spans(document)
    ]
    events.sort(key=lambda event: event["timestamp"])
    caller = Caller.service(PRINCIPAL, account, region)
    named = {"logGroupName": LOG_GROUP, "logStreamName": LOG_STREAM}
    for some in _batches(events):
        await kit.call("logs", "PutLogEvents", {**named, "logEvents": some}, as_=caller)


def _batches(events: Sequence[Doc]) -> Iterable[list[Doc]]:
    some: list[Doc] = []
    size = 0
    for event in events:
        more = len(event["message"].encode()) + _EVENT_OVERHEAD
        if some and (len(some) >= _MOST_EVENTS or size + more > _MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(event)
        size += more
    if some:
        yield some
