"""The summary of one trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from trunkline.aws.service import Doc
from trunkline.services.xray.segments.outcome import http_status
from trunkline.services.xray.segments.trace import Segment, Trace
from trunkline.services.xray.summaries.causes import (
    Calls,
    error_causes,
    fault_causes,
    response_time_causes,
    service_id,
)

MOST_ANNOTATIONS = 50
_HTTP = (("HttpURL", "url"), ("HttpMethod", "method"), ("UserAgent", "user_agent"), ("ClientIp", "client_ip"))


def summarise(trace: Trace, revision: int, matched: float | None = None) -> Doc:
    root = trace.root
    calls = Calls(trace)
    nodes = dict.fromkeys(segment.node for segment in trace.segments)
    how = root.outcome if root is not None else None
    return {
        "Id": trace.id,
        "StartTime": moment(trace.start),
        "Duration": round(trace.end - trace.start, 3),
        "ResponseTime": round(root.end - root.start, 3) if root is not None else None,
        "HasFault": how is not None and how.fault,
        "HasError": how is not None and how.error,
        "HasThrottle": any(segment.outcome.throttle for segment in trace.segments),
        "IsPartial": trace.is_partial,
        "Http": http(root) if root is not None else {},
        "Annotations": _annotations(trace),
        "Users": _users(trace),
        "ServiceIds": [service_id(node) for node in nodes],
        "ResourceARNs": [{"ARN": one} for one in distinct(trace, resource_arns)],
        "InstanceIds": [{"Id": one} for one in distinct(trace, instance_ids)],
        "AvailabilityZones": [{"Name": one} for one in distinct(trace, zones)],
        "EntryPoint": service_id(root.node) if root is not None else None,
        "FaultRootCauses": fault_causes(trace, calls),
        "ErrorRootCauses": error_causes(trace, calls),
        "ResponseTimeRootCauses": response_time_causes(trace, calls),
        "Revision": revision,
        "MatchedEventTime": moment(matched) if matched is not None else None,
    }


def moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def http(segment: Segment) -> Doc:
    request = (segment.document.get("http") or {}).get("request") or {}
    found: Doc = {name: str(request[member]) for name, member in _HTTP if request.get(member) is not None}
    if (status := http_status(segment.document)) is not None:
        found["HttpStatus"] = status
    return found


def annotations_of(segment: Segment) -> Iterator[tuple[str, str | float | bool]]:
    """Those of the segment and its subsegments that are indexed: text, numbers and booleans."""
    for entity in segment.entities.values():
        for key, value in (entity.get("annotations") or {}).items():
            if isinstance(value, (str, float, int)):
                yield key, value


def users(segment: Segment) -> Iterator[str]:
    for entity in segment.entities.values():
        if isinstance(user := entity.get("user"), str) and user:
            yield user


def resource_arns(segment: Segment) -> Iterator[str]:
    aws = segment.document.get("aws") or {}
    candidates = [segment.document.get("resource_arn"), aws.get("resource_arn"), aws.get("function_arn")]
    for part in ("ecs", "eks", "lambda"):
        inner = aws.get(part)
        if isinstance(inner, dict):
            candidates += [inner.get("container_arn"), inner.get("task_arn"), inner.get("function_arn")]
    yield from (one for one in candidates if isinstance(one, str) and one)


def instance_ids(segment: Segment) -> Iterator[str]:
    yield from _ec2(segment, "instance_id")


def zones(segment: Segment) -> Iterator[str]:
    yield from _ec2(segment, "availability_zone")


def _ec2(segment: Segment, member: str) -> Iterator[str]:
    for part in ("ec2", "ecs"):
        inner = (segment.document.get("aws") or {}).get(part)
        if isinstance(inner, dict) and isinstance(inner.get(member), str):
            yield inner[member]


def distinct(trace: Trace, of: Callable[[Segment], Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(value for segment in trace.segments for value in of(segment)))


def _annotations(trace: Trace) -> Doc:
    found: dict[str, dict[tuple[type, object], list[Segment]]] = {}
    for segment in trace.segments:
        for key, value in annotations_of(segment):
            if key in found or len(found) < MOST_ANNOTATIONS:
                found.setdefault(key, {}).setdefault((type(value), value), []).append(segment)
    return {
        key: [
            {"AnnotationValue": _annotation_value(value), "ServiceIds": _service_ids(segments)}
            for (_, value), segments in values.items()
        ]
        for key, values in found.items()
    }


def _annotation_value(value: object) -> Doc:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    return {"StringValue": value} if isinstance(value, str) else {"NumberValue": value}


def _users(trace: Trace) -> list[Doc]:
    found: dict[str, list[Segment]] = {}
    for segment in trace.segments:
        for user in users(segment):
            found.setdefault(user, []).append(segment)
    return [{"UserName": user, "ServiceIds": _service_ids(segments)} for user, segments in found.items()]


def _service_ids(segments: list[Segment]) -> list[Doc]:
    return [service_id(node) for node in dict.fromkeys(segment.node for segment in segments)]
