"""Root causes: the way from the outermost service that is affected down to where it began.

A fault or an error is followed from each affected segment that no affected call led to, through affected subsegments
and the services they called, to the innermost. Response time is followed along whatever took most of the time.
https://docs.aws.amazon.com/xray/latest/devguide/xray-console-analytics.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trunkline.aws.service import Doc
from trunkline.services.xray.segments import nodes
from trunkline.services.xray.segments.document import subsegments, walk
from trunkline.services.xray.segments.outcome import ended, outcome
from trunkline.services.xray.segments.trace import Segment, Trace

_MOST_CAUSES = 20
_LONGEST_PATH = 200


@dataclass(slots=True)
class Step:
    """An entity on the way, and the segment it lies in."""

    segment: Segment
    entity: Doc
    before: Step | None = None
    length: int = 1

    def then(self, segment: Segment, entity: Doc) -> Step:
        return Step(segment, entity, self, self.length + 1)

    def path(self) -> list[Step]:
        found: list[Step] = []
        step: Step | None = self
        while step is not None:
            found.append(step)
            step = step.before
        return found[::-1]


class Calls:
    """The segments that each entity of a trace called."""

    def __init__(self, trace: Trace) -> None:
        self._called: dict[str, list[Segment]] = {}
        for segment in trace.segments:
            self._called.setdefault(segment.parent_id, []).append(segment)

    def after(self, step: Step) -> Iterator[Step]:
        """Everything that is directly inside or behind."""
        for one in subsegments(step.entity):
            yield step.then(step.segment, one)
        for segment in self._called.get(step.entity["id"], ()):
            if segment.id != step.entity["id"]:
                yield step.then(segment, segment.document)


def fault_causes(trace: Trace, calls: Calls) -> list[Doc]:
    return _failures(trace, calls, lambda entity: outcome(entity).fault)


def error_causes(trace: Trace, calls: Calls) -> list[Doc]:
    return _failures(trace, calls, lambda entity: outcome(entity).error)


def response_time_causes(trace: Trace, calls: Calls) -> list[Doc]:
    root = trace.root
    total = 0.0 if root is None else root.end - root.start
    if root is None or total <= 0:
        return []
    step = Step(root, root.document)
    while step.length < _LONGEST_PATH:
        inside = max(calls.after(step), key=lambda one: _seconds(one.entity), default=None)
        if inside is None or _seconds(inside.entity) * 2 < _seconds(step.entity):
            break  # most of the time is its own
        step = inside

    def entity(one: Step) -> Doc:
        coverage = min(1.0, round(_seconds(one.entity) / total, 3))
        return {"Name": one.entity["name"], "Coverage": coverage, "Remote": _is_remote(one.entity)}

    return [{"Services": _services(step.path(), entity), "ClientImpacting": True}]


def _failures(trace: Trace, calls: Calls, affected: Callable[[Doc], bool]) -> list[Doc]:
    known = {
        one.get("id"): one
        for segment in trace.segments
        for entity in segment.entities.values()
        for one in exceptions(entity)
    }

    def entity(one: Step) -> Doc:
        cause = one.entity.get("cause")
        found = [known[cause]] if isinstance(cause, str) and cause in known else exceptions(one.entity)
        told = [{"Name": _text(each.get("type")), "Message": _text(each.get("message"))} for each in found]
        return {"Name": one.entity["name"], "Exceptions": told, "Remote": _is_remote(one.entity)}

    found: list[Doc] = []
    for top, impacting in _outermost(trace, affected):
        if len(found) >= _MOST_CAUSES:
            break
        pending = [top]
        while pending and len(found) < _MOST_CAUSES:
            step = pending.pop()
            inside = [one for one in calls.after(step) if affected(one.entity)]
            if inside and step.length < _LONGEST_PATH:
                pending += reversed(inside)
            else:
                found.append({"Services": _services(step.path(), entity), "ClientImpacting": impacting})
    return found


def _outermost(trace: Trace, affected: Callable[[Doc], bool]) -> Iterator[tuple[Step, bool]]:
    """What is affected while that which holds or called it is not, and whether it is the answer to the client."""
    root = trace.root
    for segment in trace.segments:
        caller = trace.caller(segment)
        for entity, outer in walk(segment.document):
            before = outer
            if outer is None and caller is not None:
                before = caller.entities[segment.parent_id]
            if not affected(entity) or (before is not None and affected(before)):
                continue
            step = Step(segment, segment.document)
            yield (step, segment is root) if outer is None else (step.then(segment, entity), False)


def _services(path: list[Step], entity: Callable[[Step], Doc]) -> list[Doc]:
    found: list[Doc] = []
    last: Segment | None = None
    for step in path:
        if step.segment is not last:
            last = step.segment
            found.append({**service_id(last.node), "EntityPath": [], "Inferred": last.inferred})
        found[-1]["EntityPath"].append(entity(step))
    return found


def service_id(node: nodes.Node) -> Doc:
    return {
        "Name": node.name,
        "Names": [node.name],
        "AccountId": node.account or None,
        "Type": node.type or None,
    }


def _seconds(entity: Doc) -> float:
    return ended(entity) - float(entity["start_time"])


def _is_remote(entity: Doc) -> bool:
    return entity.get("namespace") in ("remote", "aws")


def exceptions(entity: Doc) -> list[Doc]:
    cause = entity.get("cause")
    found = cause.get("exceptions") if isinstance(cause, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
