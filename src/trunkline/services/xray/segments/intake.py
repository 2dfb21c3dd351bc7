"""Documents taken in: what is good is stored together, what is not is told."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from trunkline.aws.service import Doc
from trunkline.engines.telemetry import SegmentBatch, SegmentDocument
from trunkline.services.xray.segments import facts
from trunkline.services.xray.segments.document import Rejected, read, walk
from trunkline.services.xray.segments.outcome import ended, is_open


def owner_of(account: str, region: str) -> str:
    """Whose segments the telemetry engine is asked for."""
    return f"{account}/{region}"


def sort_out(texts: Sequence[str], now: float) -> tuple[list[Doc], list[Doc]]:
    """The segments and subsegments of documents that are good; entries of UnprocessedTraceSegments for the others."""
    good: list[Doc] = []
    unprocessed: list[Doc] = []
    for text in texts:
        try:
            good += read(text, now)
        except Rejected as error:
            unprocessed.append({"Id": error.id, "ErrorCode": error.code, "Message": error.message})
    return good, unprocessed


def batch(account: str, region: str, documents: Sequence[Doc], now: float) -> SegmentBatch:
    labels: dict[int, str] = {}
    records = [record for one in documents for record in facts.pack(one, account, labels)]
    entities = [entity for one in documents for entity, _ in walk(one)]
    return SegmentBatch(
        owner=owner_of(account, region),
        documents=[
            SegmentDocument(one["trace_id"].lower(), one["id"], not is_open(one), orjson.dumps(one).decode())
            for one in documents
        ],
        facts=b"".join(records),
        first_ms=int(min(one["start_time"] for one in entities) * 1000),
        last_ms=int(max(ended(one) for one in entities) * 1000),
        received_ms=int(now * 1000),
        labels=labels,
    )
