"""Whether a trace matches an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trunkline.services.xray.filters import syntax
from trunkline.services.xray.filters.subjects import ElementSubject, SegmentSubject, Subject, TraceSubject, elements
from trunkline.services.xray.filters.syntax import BadFilter, Expression, Selector, Value
from trunkline.services.xray.segments import nodes
from trunkline.services.xray.segments.nodes import Node
from trunkline.services.xray.segments.trace import Segment, Trace

Groups = Callable[[str, str], Expression]
"""The expression of a group by "name" or "arn"; BadFilter when there is none."""

_GROUPS_IN_GROUPS = 5


def matches(expression: Expression, trace: Trace, groups: Groups) -> bool:
    top = TraceSubject(trace)
    return _Evaluation(top, groups).holds(expression, top)


class _Evaluation:
    def __init__(self, top: TraceSubject, groups: Groups) -> None:
        self._top = top
        self._groups = groups
        self._depth = 0

    def holds(self, expression: Expression, on: Subject) -> bool:
        match expression:
            case syntax.All(parts):
                return all(self.holds(part, on) for part in parts)
            case syntax.Any(parts):
                return any(self.holds(part, on) for part in parts)
            case syntax.Not(part):
                return not self.holds(part, on)
            case syntax.Present(keyword):
                return any(value is not False for value in on.values(keyword))
            case syntax.Compare(keyword, operator, values):
                return _compares(on.values(keyword), operator, values)
            case syntax.Service(selector, inner):
                return self._service(selector, inner)
            case syntax.Edge(source, destination, inner):
                return self._edge(source, destination, inner)
            case syntax.RootCause(kind, level, inner):
                return self._root_cause(kind, level, inner)
            case syntax.RootCauseJson(kind, operator, pattern):
                return self._looks_like(kind, pattern) == (operator == "=")
            case syntax.GroupNamed(by, operator, value):
                return self._group(by, value) == (operator == "=")

    def _service(self, selector: Selector, inner: Expression | None) -> bool:
        trace = self._top.trace
        return any(
            inner is None or self.holds(inner, SegmentSubject(trace, segment))
            for segment in trace.segments
            if selects(selector, segment.node)
        )

    def _edge(self, source: Selector, destination: Selector, inner: Expression | None) -> bool:
        trace = self._top.trace
        for segment in trace.segments:
            if not selects(destination, segment.node):
                continue
            caller = trace.caller(segment)
            if not selects(source, _calling_node(caller, segment)):
                continue
            call = None if caller is None else caller.entities[segment.parent_id]
            if inner is None or self.holds(inner, SegmentSubject(trace, segment, call)):
                return True
        return False

    def _root_cause(self, kind: str, level: str, inner: Expression | None) -> bool:
        for cause in self._top.causes[kind]:
            found = elements(cause, level)
            if inner is None and found:
                return True
            if inner is not None and any(
                self.holds(inner, ElementSubject(one, index, len(found))) for index, one in enumerate(found)
            ):
                return True
        return False

    def _looks_like(self, kind: str | None, pattern: object) -> bool:
        kinds = self._top.causes if kind is None else {kind: self._top.causes[kind]}
        wanted = pattern if isinstance(pattern, list) else [pattern]
        return any(all(any(_like(each, one) for one in found) for each in wanted) for found in kinds.values())

    def _group(self, by: str, value: str) -> bool:
        self._depth += 1
        if self._depth > _GROUPS_IN_GROUPS:
            raise BadFilter("groups refer to one another without end.")
        found = self.holds(self._groups(by, value), self._top)
        self._depth -= 1
        return found


def selects(selector: Selector, node: Node) -> bool:
    return (
        (selector.name is None or selector.name == node.name)
        and (selector.type is None or selector.type == node.type)
        and (selector.account is None or selector.account == node.account)
    )


def _calling_node(caller: Segment | None, called: Segment) -> Node:
    """Whoever calls a root is its client, which the service map gives the root's name."""
    return caller.node if caller is not None else Node(called.node.name, nodes.CLIENT)


def _compares(found: Sequence[Value], operator: str, given: tuple[Value, ...]) -> bool:
    values = list(found)
    if operator == "!=":
        return bool(values) and not any(_same(one, given[0]) for one in values)
    if operator in ("=", "IN"):
        return any(_same(one, each) for one in values for each in given)
    wanted = given[0]
    if isinstance(wanted, str):
        texts = [one for one in values if isinstance(one, str)]
        return any(_TEXT[operator](one, wanted) for one in texts) if operator in _TEXT else False
    numbers = [one for one in values if isinstance(one, (int, float)) and not isinstance(one, bool)]
    return any(_ORDER[operator](one, wanted) for one in numbers) if operator in _ORDER else False


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "CONTAINS": lambda value, part: part in value,
    "BEGINSWITH": str.startswith,
    "ENDSWITH": str.endswith,
}
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _same(one: Value, other: Value) -> bool:
    """1 is not true, although Python thinks so."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _like(pattern: object, value: object) -> bool:
    """Whether `value` has all that `pattern` tells; lists agree place by place."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_like(part, value.get(key)) for key, part in pattern.items())
    if isinstance(pattern, list):
        return (
            isinstance(value, list)
            and len(pattern) == len(value)
            and all(_like(part, one) for part, one in zip(pattern, value, strict=True))
        )
    return pattern == value
