"""PutLogEvents: what may be stored, in AWS's words where it may not, and what was rejected of it."""

from __future__ import annotations

from bisect import bisect_left

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import AlreadyAppended
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.embedded_metrics import MARK
from trunkline.services.logs.entities import rejection
from trunkline.services.logs.model import (
    DAY_MS,
    EVENT_OVERHEAD_BYTES,
    MAX_AGE_MS,
    MAX_AHEAD_MS,
    MAX_BATCH_BYTES,
    MAX_EVENT_BYTES,
    LogGroup,
)


class PutEvents(Context):
    @operation(group_resource, mutates=False)  # a data event to CloudTrail: too many for the audit record
    async def put_log_events(self, call: Call, req: Doc) -> Doc:
        target = self._store.target(call.account, call.region, req["logGroupName"], req["logStreamName"])
        events = req["logEvents"]
        times = [event["timestamp"] for event in events]
        messages = [event["message"] for event in events]
        text = "".join(messages)
        size = _checked_size(times, messages, text)
        now = self._now_ms()
        rejected = _rejected(times, now, target.group)
        if rejected:
            times, messages = _accepted(times, messages, rejected)
        if times and times[-1] - times[0] > DAY_MS:
            raise AwsError(
                "InvalidParameterException",
                "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
            )
        principal, position = call.caller.principal, None
        if principal.kind == "service":
            position = req.get("sequenceToken")
            if self._store.denies(target, principal.name):
                raise AwsError("AccessDeniedException", "A resource policy denies this.", status=400)
        if times:
            await self._append(target.group.id, target.stream.id, times, messages, now, size, position)
            marked = MARK in text and target.group.log_class == "STANDARD"
            await self._intake.accepted(target, times, messages, now, size, marked=marked)
        answer: Doc = {"nextSequenceToken": position or f"{now:056d}"}
        if rejected:
            answer["rejectedLogEventsInfo"] = rejected
        if "entity" in req:
            answer["rejectedEntityInfo"] = rejection(req["entity"], target.group.log_class)
        return answer

    async def _append(
        self, group: str, stream: str, times: list[int], messages: list[str], now: int, size: int, position: str | None
    ) -> None:
        try:
            await self._telemetry.append(
                group, stream, times, messages, ingestion_ms=now, size_bytes=size, position=position
            )
        except AlreadyAppended as stored:
            raise AwsError(
                "DataAlreadyAcceptedException",
                "The given batch of log events has already been accepted.",
                expectedSequenceToken=stored.position,
            ) from None


def _checked_size(times: list[int], messages: list[str], text: str) -> int:
    """The size of the batch, whose whole text is `text`, as AWS counts it; refused when too large or out of order."""
    size = len(messages) * EVENT_OVERHEAD_BYTES + (len(text) if text.isascii() else len(text.encode()))
    if size > MAX_BATCH_BYTES:
        for message in messages:
            if len(message.encode()) > MAX_EVENT_BYTES:
                raise AwsError(
                    "InvalidParameterException",
                    f"Log event too large: {len(message.encode())} bytes exceeds limit of {MAX_EVENT_BYTES}",
                )
        raise AwsError(
            "InvalidParameterException", f"Upload too large: {size} bytes exceeds limit of {MAX_BATCH_BYTES}"
        )
    if times != sorted(times):
        raise AwsError(
            "InvalidParameterException",
            "Log events in a single PutLogEvents request must be in chronological order.",
        )
    return size


def _rejected(times: list[int], now: int, group: LogGroup) -> Doc:
    """Which of the ordered events are too old, expired or too new, as AWS reports it."""
    oldest, expired, newest = now - MAX_AGE_MS, group.kept_from_ms(now), now + MAX_AHEAD_MS
    if times[0] >= max(oldest, expired) and times[-1] <= newest:
        return {}
    found: Doc = {}
    if times[0] < oldest:
        found["tooOldLogEventEndIndex"] = bisect_left(times, oldest)
    if times[0] < expired and expired > oldest:
        found["expiredLogEventEndIndex"] = bisect_left(times, expired)
    if times[-1] > newest:
        found["tooNewLogEventStartIndex"] = bisect_left(times, newest + 1)
    return found


def _accepted(times: list[int], messages: list[str], rejected: Doc) -> tuple[list[int], list[str]]:
    start = max(rejected.get("tooOldLogEventEndIndex", 0), rejected.get("expiredLogEventEndIndex", 0))
    end = rejected.get("tooNewLogEventStartIndex", len(times))
    return times[start:end], messages[start:end]
