"""Where the time of a trace goes: its critical path, told by service and by call.

From the end of the answer backwards: whatever the caller last waited for took the time, and what nobody inside took is
its own. What ran beside the path does not count; it delayed nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

Doc = dict[str, Any]
Edge = tuple[str, str]
_DEEPEST = 300


@dataclass
class Entity:
    """A segment, or a subsegment in it. is_call: of another service (remote, aws)."""

    doc: Doc
    service: str
    is_segment: bool
    children: list[Entity] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.doc.get("name", ""))

    @property
    def start(self) -> float:
        return float(self.doc["start_time"])

    @property
    def end(self) -> float:
        return max(self.start, float(self.doc.get("end_time") or self.start))

    @property
    def is_call(self) -> bool:
        return not self.is_segment and bool(self.doc.get("namespace") or self.doc.get("sql"))

    @property
    def called(self) -> str:
        """The service that a call reached; its own word for it, where nobody there told."""
        return next((child.service for child in self.children if child.is_segment), self.name)


@dataclass
class Times:
    """Seconds on the critical paths of traces. own: by service; calls: by (caller, called), all that was waited for."""

    traces: int = 0
    total_s: float = 0.0
    own: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: dict[Edge, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, roots: Sequence[Entity]) -> None:
        """Count one trace: the root that took longest is what its user waited for."""
        if not roots:
            return
        root = max(roots, key=lambda one: one.end - one.start)
        self.traces += 1
        self.total_s += root.end - root.start
        self._spend(root, root.start, root.end, 0)

    def _spend(self, entity: Entity, start: float, end: float, depth: int) -> None:
        at = end
        for child in sorted(entity.children, key=lambda one: one.end, reverse=True) if depth < _DEEPEST else ():
            child_end, child_start = min(child.end, at), max(child.start, start)
            if child_end <= child_start:
                continue
            self._own(entity, at - child_end)
            edge = _edge(entity, child)
            if edge is not None:
                self.calls[edge] += child_end - child_start
            self._spend(child, child_start, child_end, depth + 1)
            at = child_start
        self._own(entity, at - start)

    def _own(self, entity: Entity, seconds: float) -> None:
        if seconds > 0 and not entity.is_call:  # a call's own time is on the wire: it belongs to the edge
            self.own[entity.service] += seconds

    def bottleneck(self) -> tuple[str, Edge | None]:
        """The service with the most time of its own, and the call with the most waiting for it."""
        service = max(self.own, key=lambda one: self.own[one], default="")
        to_it = {edge: seconds for edge, seconds in self.calls.items() if edge[1] == service} or self.calls
        return service, max(to_it, key=lambda one: to_it[one], default=None)

    def to_json(self) -> Doc:
        mean = 1000 / max(1, self.traces)
        service, edge = self.bottleneck()
        return {
            "traces": self.traces,
            "mean_ms": round(self.total_s * mean, 3),
            "services": {name: round(held * mean, 3) for name, held in _most_first(self.own)},
            "edges": [
                {"from": edge[0], "to": edge[1], "mean_ms": round(held * mean, 3)}
                for edge, held in _most_first(self.calls)
            ],
            "bottleneck": {"service": service, "edge": list(edge) if edge else None},
        }


def read(trace: Doc) -> list[Entity]:
    """The roots of a trace of BatchGetTraces, earliest first, with everything below them."""
    known: dict[str, Entity] = {}
    parents: list[tuple[Entity, str]] = []
    for segment in trace["Segments"]:
        document = orjson.loads(segment["Document"])
        for entity, parent in _entities(document):
            known.setdefault(entity.doc["id"], entity)
            parents.append((entity, parent))
    roots = []
    for entity, parent in parents:
        above = known.get(parent)
        if above is None or above is entity:
            roots.append(entity)
        else:
            above.children.append(entity)
    return sorted(roots, key=lambda one: one.start)


def _entities(document: Doc) -> Iterator[tuple[Entity, str]]:
    service = str(document.get("name", ""))
    is_segment = document.get("type") != "subsegment"
    pending = [(document, str(document.get("parent_id") or ""), is_segment)]
    while pending:
        doc, parent, is_whole = pending.pop()
        yield Entity(doc, service, is_whole), parent
        pending += [(one, doc["id"], False) for one in doc.get("subsegments") or []]


def _edge(entity: Entity, child: Entity) -> Edge | None:
    if child.is_call:
        return (child.service, child.called) if child.service != child.called else None
    if child.is_segment and not entity.is_call and entity.service != child.service:
        return entity.service, child.service
    return None


def _most_first(times: dict[Any, float]) -> list[tuple[Any, float]]:
    return sorted(times.items(), key=lambda item: -item[1])
