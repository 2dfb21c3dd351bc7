"""Segments as spans of OpenTelemetry, one JSON object a log event, and spans as segments again.

What OpenTelemetry has a name for stands under its name, to be queried; the members of the segment document stand beside
it under `aws.xray`, so that nothing is lost on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from trunkline.aws.service import Doc
from trunkline.services.xray.segments import nodes
from trunkline.services.xray.segments.document import is_subsegment, walk
from trunkline.services.xray.segments.outcome import ended, http_status, is_open, outcome

_OWN = frozenset({"id", "name", "trace_id", "parent_id", "start_time", "end_time", "subsegments", "type"})
_MEMBERS = frozenset(
    {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes"}
)
_REQUEST = {
    "method": "http.request.method",
    "url": "url.full",
    "user_agent": "user_agent.original",
    "client_ip": "client.address",
}


def spans(document: Doc) -> Iterator[Doc]:
    """The completed ones of a document; what is in progress comes again when it is done."""
    trace_id = otel_trace_id(document["trace_id"])
    service = document["name"]
    for entity, outer in walk(document):
        if is_open(entity):
            continue
        start, end = round(entity["start_time"] * 1e9), round(ended(entity) * 1e9)
        how = outcome(entity)
        yield {
            "resource": {"attributes": {"service.name": service}},
            "traceId": trace_id,
            "spanId": entity["id"],
            "parentSpanId": (document.get("parent_id") or "") if outer is None else outer["id"],
            "name": entity["name"],
            "kind": _kind(entity, outer is None and not is_subsegment(document)),
            "startTimeUnixNano": start,
            "endTimeUnixNano": end,
            "durationNano": end - start,
            "attributes": _attributes(entity),
            "status": {"code": "UNSET" if how.ok else "ERROR"},
        }


def is_span(found: object) -> bool:
    """Anybody who may write to the log may have written something else."""
    return isinstance(found, dict) and found.keys() >= _MEMBERS and isinstance(found["attributes"], dict)


def documents(found: list[Doc]) -> list[Doc]:
    """The segment documents of the spans of one trace: spans that serve are segments, the others their subsegments."""
    made = []
    for span in found:
        document = {
            **span["attributes"].get("aws.xray", {}),
            "id": span["spanId"],
            "name": span["name"],
            "trace_id": xray_trace_id(span["traceId"]),
            "start_time": span["startTimeUnixNano"] / 1e9,
            "end_time": span["endTimeUnixNano"] / 1e9,
        }
        if span["parentSpanId"]:
            document["parent_id"] = span["parentSpanId"]
        if span["kind"] != "SERVER":
            document["type"] = "subsegment"
        made.append(document)
    return made


def otel_trace_id(trace_id: str) -> str:
    return trace_id[2:10] + trace_id[11:]


def xray_trace_id(trace_id: str) -> str:
    return f"1-{trace_id[:8]}-{trace_id[8:]}"


def _kind(entity: Doc, serves: bool) -> str:
    if serves:
        return "SERVER"
    return "INTERNAL" if nodes.of_call(entity, "") is None else "CLIENT"


def _attributes(entity: Doc) -> Doc:
    request = (entity.get("http") or {}).get("request") or {}
    found: Doc = {name: request[member] for member, name in _REQUEST.items() if member in request}
    if (status := http_status(entity)) is not None:
        found["http.response.status_code"] = status
    found |= entity.get("annotations") or {}
    return {**found, "aws.xray": {member: value for member, value in entity.items() if member not in _OWN}}


def message(span: Doc) -> str:
    return orjson.dumps(span).decode()
