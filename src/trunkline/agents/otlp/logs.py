"""Log records as log events: the JSON that AWS's endpoint makes of each, in the group and stream that headers name.

On the daemon's port the headers may be left out, and what is missing is made, as AWS's agent does: the group is then
the resource's `aws.log.group.names`, else `/otel/<service.name>`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from trunkline.agents.otlp.attributes import Attributes, attributes, value, without_nothing
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit

_MOST_EVENTS = 10_000
_MOST_BYTES = 1_048_576
_EVENT_BYTES = 26
_DAY_MS = 86_400_000


@dataclass(slots=True)
class Batch:
    """What one PutLogEvents takes, in order of time."""

    group: str
    stream: str
    events: list[Doc] = field(default_factory=list)


def batches(message: Any, headers: Mapping[str, str], now: float, *, is_signed: bool) -> list[Batch]:
    """The log events of a request, by where they go. now: the epoch's second for records without a time."""
    group, stream = headers.get("x-aws-log-group", ""), headers.get("x-aws-log-stream", "")
    if is_signed and not (group and stream):
        missing = "x-aws-log-stream" if group else "x-aws-log-group"
        raise AwsError("InvalidParameterException", f"The header {missing} is missing.", status=400)
    places: dict[tuple[str, str], list[Doc]] = {}
    for resource_logs in message.resource_logs:
        resource = attributes(resource_logs.resource.attributes)
        place = (group or _group(resource), stream or str(resource.get("service.instance.id") or "default"))
        events = places.setdefault(place, [])
        for scope_logs in resource_logs.scope_logs:
            around = {"resource": {"attributes": resource}, "scope": _scope(scope_logs.scope)}
            events += [_event(around, record, int(now * 1e9)) for record in scope_logs.log_records]
    return [batch for place, events in places.items() for batch in _cut(place, events)]


async def put(kit: Kit, batch: Batch, caller: Caller, *, makes: bool) -> tuple[int, str]:
    """Store a batch: how many events were not taken, and why. makes: a missing group or stream is made."""
    names = {"logGroupName": batch.group, "logStreamName": batch.stream}
    asked = {**names, "logEvents": batch.events}
    try:
        answer = await kit.call("logs", "PutLogEvents", asked, as_=caller)
    except AwsError as error:
        if error.code != "ResourceNotFoundException" or not makes:
            raise
        for operation, params in (("CreateLogGroup", {"logGroupName": batch.group}), ("CreateLogStream", names)):
            try:
                await kit.call("logs", operation, params, as_=caller)
            except AwsError as refused:
                if refused.code != "ResourceAlreadyExistsException":
                    raise
        answer = await kit.call("logs", "PutLogEvents", asked, as_=caller)
    return _rejected(answer.get("rejectedLogEventsInfo") or {}, len(batch.events))


def _rejected(told: Doc, count: int) -> tuple[int, str]:
    old = max(told.get("tooOldLogEventEndIndex", 0), told.get("expiredLogEventEndIndex", 0))
    new = count - told["tooNewLogEventStartIndex"] if "tooNewLogEventStartIndex" in told else 0
    return old + new, "Log events are too old, expired or too far in the future." if old + new else ""


def _group(resource: Attributes) -> str:
    named = resource.get("aws.log.group.names")
    if isinstance(named, list) and named:
        return str(named[0])
    return f"/otel/{resource.get('service.name') or 'unknown_service'}"


def _scope(scope: Any) -> Doc:
    return without_nothing({"name": scope.name, "version": scope.version, "attributes": attributes(scope.attributes)})


def _event(around: Doc, record: Any, now_ns: int) -> Doc:
    at_ns = record.time_unix_nano or record.observed_time_unix_nano or now_ns
    told = without_nothing(
        {
            "observedTimeUnixNano": record.observed_time_unix_nano or None,
            "severityNumber": record.severity_number or None,
            "severityText": record.severity_text,
            "body": value(record.body),
            "attributes": attributes(record.attributes),
            "droppedAttributesCount": record.dropped_attributes_count or None,
            "eventName": getattr(record, "event_name", ""),
            "flags": record.flags or None,
            "traceId": record.trace_id.hex(),
            "spanId": record.span_id.hex(),
        }
    )
    text = orjson.dumps({**around, "timeUnixNano": at_ns, **told}, option=orjson.OPT_NON_STR_KEYS).decode()
    return {"timestamp": at_ns // 1_000_000, "message": text}


def _cut(place: tuple[str, str], events: list[Doc]) -> list[Batch]:
    """By the limits of PutLogEvents: number, bytes, and a day between the first and the last."""
    found: list[Batch] = []
    size = 0
    for event in sorted(events, key=lambda one: one["timestamp"]):
        weight = len(event["message"].encode()) + _EVENT_BYTES
        last = found[-1].events if found else []
        if (
            not last
            or len(last) >= _MOST_EVENTS
            or size + weight > _MOST_BYTES
            or event["timestamp"] - last[0]["timestamp"] > _DAY_MS
        ):
            found.append(Batch(*place))
            size = 0
        found[-1].events.append(event)
        size += weight
    return found
