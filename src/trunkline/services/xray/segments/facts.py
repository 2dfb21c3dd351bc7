"""What a service graph needs of each segment and subsegment, as records of fixed width.

They are packed when a document arrives and read as one array per time range: 200,000 segments are joined in tenths of a
second, where reading their JSON again takes many.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from trunkline.aws.service import Doc
from trunkline.services.xray.segments import nodes
from trunkline.services.xray.segments.document import is_id, is_subsegment, is_trace_id, walk
from trunkline.services.xray.segments.nodes import Node
from trunkline.services.xray.segments.outcome import ended, is_open, outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ERROR, FAULT, THROTTLE, OPEN, SEGMENT, CALL, LINK = 1, 2, 4, 8, 16, 32, 64

_RECORD = struct.Struct("<QQQQQqddI4x")
FIELDS = [
    ("trace_high", "<u8"),
    ("trace_low", "<u8"),
    ("id", "<u8"),
    ("parent", "<u8"),
    ("segment", "<u8"),
    ("node", "<i8"),
    ("start", "<f8"),
    ("end", "<f8"),
    ("flags", "<u4"),
    ("received", "<u4"),
]
"""`parent` and `segment` are ids in the same trace, 0 where there is none or where it is not known: a subsegment sent
by itself does not know its segment. `node`: what a segment is, or what a call (aws, remote, sql) would be inferred as;
0 for local work. A LINK stands in the trace of the message's sender: its `parent` sent what the node of `id` took.
`received` is filled in by the reader: seconds since the epoch."""


def pack(document: Doc, account: str, labels: dict[int, str]) -> Iterable[bytes]:
    """The records of one document. `labels` gets the nodes that they name."""
    high, low = halves(document["trace_id"])
    top = int(document["id"], 16)
    segment = 0 if is_subsegment(document) else top
    for entity, outer in walk(document):
        node: Node | None
        parent = int((document.get("parent_id") or "0") if outer is None else outer["id"], 16)
        if outer is None and segment:
            flags, node = SEGMENT, nodes.of_segment(entity, account)
        else:
            node = nodes.of_call(entity, account)
            flags = 0 if node is None else CALL
        if node is not None and (number := node.number) not in labels:
            labels[number] = node.label
        how = outcome(entity)
        flags |= (how.error and ERROR) | (how.fault and FAULT) | (how.throttle and THROTTLE)
        flags |= is_open(entity) and OPEN
        yield _RECORD.pack(
            high,
            low,
            int(entity["id"], 16),
            parent,
            segment,
            number if node is not None else 0,
            entity["start_time"],
            ended(entity),
            flags,
        )
        if flags & SEGMENT:
            yield from _links(entity, number)


def _links(segment: Doc, number: int) -> Iterable[bytes]:
    """The messages that a segment says it took. https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html"""
    links = segment.get("links")
    for link in links if isinstance(links, list) else ():
        trace, sender = (link.get("trace_id"), link.get("id")) if isinstance(link, dict) else (None, None)
        if isinstance(trace, str) and isinstance(sender, str) and is_trace_id(trace) and is_id(sender):
            high, low = halves(trace)
            taken = segment["start_time"]
            yield _RECORD.pack(high, low, int(segment["id"], 16), int(sender, 16), 0, number, taken, taken, LINK)


def halves(trace: str) -> tuple[int, int]:
    """A trace id in two numbers."""
    return int(trace[2:10] + trace[11:19], 16), int(trace[19:], 16)


def trace_id(high: int, low: int) -> str:
    return f"1-{high >> 32:08x}-{high & 0xFFFFFFFF:08x}{low:016x}"


def unpack(batches: Iterable[tuple[int, bytes]]) -> NDArray[Any]:
    """The records of batches, given with the millisecond at which each was received, in that order."""
    import numpy as np

    given = list(batches)
    found = np.frombuffer(bytearray(b"".join(facts for _, facts in given)), dtype=FIELDS)
    lengths = [len(facts) // _RECORD.size for _, facts in given]
    found["received"] = np.repeat(np.array([received // 1000 for received, _ in given], dtype="u4"), lengths)
    return found
