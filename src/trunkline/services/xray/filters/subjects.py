"""What a filter expression can ask: a trace, one segment, one call, one element of a root cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from trunkline.aws.service import Doc
from trunkline.services.xray.filters.syntax import Keyword, Value
from trunkline.services.xray.segments.outcome import Outcome, ended, is_open, outcome
from trunkline.services.xray.segments.trace import Segment, Trace
from trunkline.services.xray.summaries import causes, summary

_HTTP = {
    "http.url": "HttpURL",
    "http.method": "HttpMethod",
    "http.useragent": "UserAgent",
    "http.clientip": "ClientIp",
    "http.status": "HttpStatus",
}


class Subject(Protocol):
    def values(self, keyword: Keyword) -> Sequence[Value]:
        """What the keyword stands for here; nothing where it has no meaning."""


@dataclass
class TraceSubject:
    trace: Trace

    def values(self, keyword: Keyword) -> Sequence[Value]:
        trace, root = self.trace, self.trace.root
        if keyword.annotation:
            return [value for segment in trace.segments for value in _annotations(segment, keyword.name)]
        if keyword.name == "partial":
            return [trace.is_partial]
        if keyword.name == "duration":
            return [trace.end - trace.start]
        if keyword.name in _FROM_SEGMENTS:
            found = [value for segment in trace.segments for value in _of_segment(segment, keyword.name)]
            return [any(found)] if keyword.name == "inferred" else found
        if root is None:
            return []
        if keyword.name == "throttle":
            return [any(segment.outcome.throttle for segment in trace.segments)]
        return _of_request(keyword.name, root, root.outcome, root.end - root.start)

    @cached_property
    def causes(self) -> dict[str, list[Doc]]:
        calls = causes.Calls(self.trace)
        return {
            "fault": causes.fault_causes(self.trace, calls),
            "error": causes.error_causes(self.trace, calls),
            "responsetime": causes.response_time_causes(self.trace, calls),
        }


@dataclass(frozen=True, slots=True)
class SegmentSubject:
    """A segment; `call` is the subsegment that led to it, whose view is asked on an edge."""

    trace: Trace
    segment: Segment
    call: Doc | None = None

    def values(self, keyword: Keyword) -> Sequence[Value]:
        segment, name = self.segment, keyword.name
        if keyword.annotation:
            return _annotations(segment, name)
        if name == "root":
            return [segment is self.trace.root]
        if name in _FROM_SEGMENTS:
            return _of_segment(segment, name)
        entity = self.call or segment.document
        seconds = ended(entity) - float(entity["start_time"])
        if name == "partial":
            return [any(is_open(one) for one in segment.entities.values())]
        if name == "duration":
            return [max(ended(one) for one in segment.entities.values()) - segment.start]
        return _of_request(name, segment, outcome(entity), seconds)


@dataclass(frozen=True, slots=True)
class ElementSubject:
    """A service, an entity or an exception in the list of a root cause."""

    element: Doc
    index: int
    count: int

    def values(self, keyword: Keyword) -> Sequence[Value]:
        name, element = keyword.name, self.element
        if name in ("first", "last"):
            return [self.index == (0 if name == "first" else self.count - 1)]
        if name == "index":
            return [float(self.index)]
        member = {"account.id": "AccountId"}.get(name, name.capitalize())
        value = element.get(member)
        return [] if value is None or isinstance(value, (list, dict)) else [value]


def elements(cause: Doc, level: str) -> list[Doc]:
    """The list that `level` of a root cause enumerates, from the outermost service inward."""
    services: list[Doc] = cause["Services"]
    if level == "service":
        return services
    entities = [entity for service in services for entity in service["EntityPath"]]
    return entities if level == "entity" else [each for one in entities for each in one.get("Exceptions", ())]


def _of_request(name: str, segment: Segment, how: Outcome, seconds: float) -> Sequence[Value]:
    if name in ("ok", "error", "fault", "throttle"):
        return [bool(getattr(how, name))]
    if name == "responsetime":
        return [seconds]
    if name == "root":
        return [True]
    if name in _HTTP and (value := summary.http(segment).get(_HTTP[name])) is not None:
        return [value]
    return []


def _of_segment(segment: Segment, name: str) -> list[Value]:
    return [value for value in _FROM_SEGMENTS[name](segment) if value != ""]


def _annotations(segment: Segment, key: str) -> list[Value]:
    return [value for name, value in summary.annotations_of(segment) if name == key]


def _messages(segment: Segment) -> list[str]:
    found = [one.get("message") for entity in segment.entities.values() for one in causes.exceptions(entity)]
    return [one for one in found if isinstance(one, str)]


_FROM_SEGMENTS: dict[str, Callable[[Segment], Iterable[Value]]] = {
    "user": summary.users,
    "availabilityzone": summary.zones,
    "instance.id": summary.instance_ids,
    "resource.arn": summary.resource_arns,
    "name": lambda segment: (segment.node.name,),
    "type": lambda segment: (segment.node.type,),
    "account.id": lambda segment: (segment.node.account,),
    "inferred": lambda segment: (segment.inferred,),
    "message": _messages,
}
