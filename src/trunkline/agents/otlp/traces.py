"""Spans as X-Ray segment documents.

The conventions are those of AWS's collector (the `awsxray` exporter): a span that a service was entered by is a
segment, any other a subsegment that names its parent. A span that begins a trace by calling somebody else is both: the
service's segment, and in it the subsegment of the call.
"""

import hashlib
from typing import Any

import orjson

from trunkline.agents.otlp.attributes import Attributes, attributes
from trunkline.agents.otlp.causes import cause_of
from trunkline.agents.otlp.segment import Span, described, service_of
from trunkline.aws.service import Doc

_SPAN_KINDS = ("INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_CALLS = ("CLIENT", "PRODUCER")
_REMOTE_PARENT = 0x300  # the parent's place is known, and it is another process


def documents(message: Any, marks: dict[str, str]) -> tuple[list[str], list[str]]:
    """The segment documents of a request, and why spans were left out, one reason each.

    marks: annotations for the segments of the sender.
    """
    found: list[str] = []
    bad: list[str] = []
    for resource_spans in message.resource_spans:
        resource = attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for message_span in scope_spans.spans:
                if len(message_span.trace_id) != 16 or not any(message_span.trace_id):
                    bad.append("A span's trace id must be 16 bytes that are not all zero.")
                elif len(message_span.span_id) != 8 or not any(message_span.span_id):
                    bad.append("A span's id must be 8 bytes that are not all zero.")
                else:
                    found += [orjson.dumps(one).decode() for one in _of(message_span, resource, marks)]
    return found, bad


def _of(message: Any, resource: Attributes, marks: dict[str, str]) -> list[Doc]:
    span = _read(message, resource)
    trace = message.trace_id.hex()
    times = {
        "trace_id": f"1-{trace[:8]}-{trace[8:]}",
        "start_time": message.start_time_unix_nano / 1e9,
        "end_time": max(message.end_time_unix_nano, message.start_time_unix_nano) / 1e9,
    }
    parent = message.parent_span_id.hex() if any(message.parent_span_id) else ""
    is_remote = message.flags & _REMOTE_PARENT == _REMOTE_PARENT
    is_entry = span.kind == "SERVER" or not parent or is_remote
    is_segment = is_entry and span.kind not in _CALLS
    document: Doc = {**times, "id": message.span_id.hex(), **described(span, is_segment=is_segment, marks=marks)}
    document |= cause_of(message, span.attributes, document.get("http", {}).get("response", {}).get("status"))
    if links := _links(message):
        document["links"] = links
    if not is_entry:
        return [{**document, "type": "subsegment", "parent_id": parent}]
    if is_segment:
        return [{**document, "parent_id": parent} if parent else document]
    return _split(document, span, times, parent, marks)


def _split(call: Doc, span: Span, times: Doc, parent: str, marks: dict[str, str]) -> list[Doc]:
    """The service's own segment around its first call; its id follows from the call's, so that a repetition is one."""
    segment_id = hashlib.sha256(f"{call['trace_id']}{call['id']}".encode()).hexdigest()[:16]
    service = Span("INTERNAL", service_of(span.resource) or span.name, {}, span.resource)
    own: Doc = {**times, "id": segment_id, **described(service, is_segment=True, marks=marks)}
    own |= {flag: call[flag] for flag in ("fault", "error", "throttle") if flag in call}
    if parent:
        own["parent_id"] = parent
    return [own, {**call, "type": "subsegment", "parent_id": segment_id}]


def _read(message: Any, resource: Attributes) -> Span:
    kind = _SPAN_KINDS[message.kind] if message.kind < len(_SPAN_KINDS) else "INTERNAL"
    return Span(kind, message.name, attributes(message.attributes), resource)


def _links(message: Any) -> list[Doc]:
    found: list[Doc] = []
    for link in message.links:
        trace = link.trace_id.hex()
        told = {"trace_id": f"1-{trace[:8]}-{trace[8:]}", "id": link.span_id.hex()}
        more = attributes(link.attributes)
        found.append({**told, "attributes": more} if more else told)
    return found
