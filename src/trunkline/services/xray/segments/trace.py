"""A trace put together from its documents.

Subsegments that were sent by themselves are attached where they belong, and services that only calls tell of get an
inferred segment, as X-Ray adds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from trunkline.aws.service import Doc
from trunkline.services.xray.segments import nodes
from trunkline.services.xray.segments.document import is_subsegment, subsegments, walk
from trunkline.services.xray.segments.nodes import Node
from trunkline.services.xray.segments.outcome import Outcome, ended, is_open, outcome

_DEEPEST = 70
"""Subsegments sent one by one may nest without end; deeper ones stay by themselves. A trace must be writable as JSON:
each of these is two levels, and what hangs on the last has up to a hundred of its own."""


@dataclass(slots=True)
class Segment:
    document: Doc
    node: Node
    parent_id: str
    inferred: bool = False
    entities: dict[str, Doc] = field(default_factory=dict)
    """The segment and all its subsegments by id."""

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def start(self) -> float:
        return float(self.document["start_time"])

    @property
    def end(self) -> float:
        return ended(self.document)

    @property
    def outcome(self) -> Outcome:
        return outcome(self.document)


@dataclass(slots=True)
class Trace:
    id: str
    segments: list[Segment]
    """By start; those that are inferred too."""
    orphans: list[Doc]
    """Subsegments whose segment has not come."""
    callers: dict[str, Segment] = field(default_factory=dict)
    """Which segment holds the entity (a segment or a subsegment) of this id."""

    @property
    def start(self) -> float:
        return min([one.start for one in self.segments] + [float(one["start_time"]) for one in self.orphans])

    @property
    def end(self) -> float:
        ends = [ended(entity) for one in self.segments for entity in one.entities.values()]
        return max(ends + [ended(one) for one in self.orphans])

    @property
    def root(self) -> Segment | None:
        """The segment that nothing in the trace called; the earliest of several, one without a parent before others."""
        if not self.segments:
            return None
        candidates = [one for one in self.segments if one.parent_id not in self.callers]
        return min(candidates or self.segments, key=lambda one: (bool(one.parent_id), one.start))

    @property
    def is_partial(self) -> bool:
        return bool(self.orphans) or any(is_open(one) for seg in self.segments for one in seg.entities.values())

    def caller(self, segment: Segment) -> Segment | None:
        return self.callers.get(segment.parent_id)

    def documents(self) -> list[Doc]:
        """As BatchGetTraces gives them."""
        return [one.document for one in self.segments] + self.orphans


def assemble(trace_id: str, texts: Iterable[str], account: str) -> Trace:
    parsed: list[Doc] = [orjson.loads(text) for text in texts]
    waiting = [one for one in parsed if is_subsegment(one)]
    real = [one for one in parsed if not is_subsegment(one)]
    orphans = _attach(real, waiting)
    segments = [
        Segment(one, nodes.of_segment(one, account), one.get("parent_id") or "", bool(one.get("inferred")))
        for one in real
    ]
    callers: dict[str, Segment] = {}
    for segment in segments:
        for entity, _ in walk(segment.document):
            segment.entities[entity["id"]] = entity
            callers[entity["id"]] = segment
    called = {segment.parent_id for segment in segments}
    for segment in list(segments):
        segments += _inferred(trace_id, segment, called, account)
    segments.sort(key=lambda one: one.start)
    return Trace(trace_id, segments, orphans, callers)


def _attach(segments: list[Doc], waiting: list[Doc]) -> list[Doc]:
    """Put subsegments into what they name as their parent, from the segments down; what is never reached is left over.

    Going down from segments, subsegments that name each other in a ring are not followed for ever.
    """
    by_parent: dict[str, list[Doc]] = {}
    for one in waiting:
        by_parent.setdefault(one["parent_id"], []).append(one)
    if not by_parent:
        return []
    pending = [(segment, 0) for segment in segments]
    while pending:
        entity, depth = pending.pop()
        if depth < _DEEPEST and (more := by_parent.pop(entity["id"], None)):
            fresh = {one["id"] for one in more}
            entity["subsegments"] = [one for one in subsegments(entity) if one.get("id") not in fresh] + more
        pending.extend((one, depth + 1) for one in subsegments(entity))
    return [one for left in by_parent.values() for one in left]


def _inferred(trace_id: str, segment: Segment, called: set[str], account: str) -> list[Segment]:
    """Segments for what the subsegments called and what sent none itself."""
    found = []
    for id_, entity in segment.entities.items():
        if id_ in called or entity is segment.document:
            continue
        node = nodes.of_call(entity, account)
        if node is None:
            continue
        own_id = hashlib.blake2b(f"{trace_id}/{id_}".encode(), digest_size=8).hexdigest()
        kept = ("start_time", "end_time", "in_progress", "http", "aws", "error", "fault", "throttle")
        document = {
            "id": own_id,
            "name": node.name,
            **{member: entity[member] for member in kept if member in entity},
            "trace_id": trace_id,
            "parent_id": id_,
            "inferred": True,
            "origin": node.type if node.type != nodes.REMOTE else None,
        }
        document = {key: value for key, value in document.items() if value is not None}
        found.append(Segment(document, node, id_, inferred=True, entities={own_id: document}))
    return found
