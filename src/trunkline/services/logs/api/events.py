"""Log events: put, get, filter."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import AlreadyAppended, Cursor, LogRecord
from trunkline.services.logs import tokens
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.metric_filters import publish
from trunkline.services.logs.model import (
    DAY_MS,
    EVENT_OVERHEAD_BYTES,
    MAX_AGE_MS,
    MAX_AHEAD_MS,
    MAX_BATCH_BYTES,
    MAX_PAGE_BYTES,
    MAX_PAGE_EVENTS,
    LogGroup,
)
from trunkline.services.logs.pattern import InvalidPattern, Pattern, compile_pattern
from trunkline.services.logs.subscription_filters import deliver

_SEARCH_S = 1.0
_LATEST_MS = 1 << 60


class Events(Context):
    @operation(group_resource, mutates=False)  # a data event to CloudTrail: too many for the audit record
    async def put_log_events(self, call: Call, req: Doc) -> Doc:
        target = self._store.target(call.account, call.region, req["logGroupName"], req["logStreamName"])
        events = req["logEvents"]
        if not events:
            raise AwsError("InvalidParameterException", "Log events must not be empty.")
        times = [event["timestamp"] for event in events]
        messages = [event["message"] for event in events]
        size = _checked_size(times, messages)
        now = self._now_ms()
        rejected = _rejected(times, now, target.group)
        if rejected:
            times, messages = _accepted(times, messages, rejected)
        if times and times[-1] - times[0] > DAY_MS:
            raise AwsError(
                "InvalidParameterException",
                "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
            )
        position = req.get("sequenceToken") if call.caller.principal.kind == "service" else None
        if times:
            await self._append(target.group.id, target.stream.id, times, messages, now, size, position)
            self._live_tail.publish(target.group.id, target.stream.name, times, messages, now)
            for metric_filter in target.filters:
                await publish(self._kit, target.group, metric_filter, times, messages)
            for subscription in target.subscriptions:
                deliver(self._kit, target.group, target.stream.name, subscription, times, messages)
        answer: Doc = {"nextSequenceToken": position or f"{now:056d}"}
        if rejected:
            answer["rejectedLogEventsInfo"] = rejected
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

    @operation(group_resource)
    async def get_log_events(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        stream = self._store.stream(group, req["logStreamName"])
        start = max(req.get("startTime", 0), group.kept_from_ms(self._now_ms()))
        boundary, backward = Cursor(start, 0, 0, 0), not req.get("startFromHead", False)
        token = req.get("nextToken")
        if token:
            boundary, backward = tokens.decode(token)
        records = self._telemetry.read(
            group.id,
            (stream.id,),
            start_ms=start,
            end_ms=req.get("endTime"),
            after=tokens.last_before(boundary) if token and not backward else None,
            before=boundary if token and backward else None,
            backward=backward,
        )
        found = await asyncio.to_thread(_page, records, req.get("limit", MAX_PAGE_EVENTS))
        if backward:
            found.reverse()
        return {
            "events": [
                {"timestamp": record.cursor.time_ms, "message": record.message, "ingestionTime": record.ingestion_ms}
                for record in found
            ],
            "nextForwardToken": tokens.encode(tokens.behind(found[-1].cursor) if found else boundary, backward=False),
            "nextBackwardToken": tokens.encode(found[0].cursor if found else boundary, backward=True),
        }

    @operation(group_resource)
    async def filter_log_events(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        try:
            pattern = compile_pattern(req.get("filterPattern", ""))
        except InvalidPattern as error:
            raise AwsError("InvalidParameterException", str(error)) from None
        names = self._stream_names(group, req)
        backward, after, before = not req.get("startFromHead", True), None, None
        if "nextToken" in req:
            boundary, backward = tokens.decode(req["nextToken"])
            after, before = (None, boundary) if backward else (tokens.last_before(boundary), None)
        records = self._telemetry.read(
            group.id,
            names if "logStreamNames" in req or "logStreamNamePrefix" in req else None,
            start_ms=max(req.get("startTime", 0), group.kept_from_ms(self._now_ms())),
            end_ms=min(req["endTime"], _LATEST_MS) + 1 if "endTime" in req else None,
            after=after,
            before=before,
            backward=backward,
        )
        found, stopped = await asyncio.to_thread(self._search, records, pattern, req.get("limit", MAX_PAGE_EVENTS))
        answer: Doc = {"events": [_filtered(record, names) for record in found], "searchedLogStreams": []}
        if stopped is not None:
            answer["nextToken"] = tokens.encode(stopped if backward else tokens.behind(stopped), backward=backward)
        return answer

    def _stream_names(self, group: LogGroup, req: Doc) -> dict[str, str]:
        """The names of the streams to search, by id."""
        wanted, prefix = req.get("logStreamNames"), req.get("logStreamNamePrefix")
        if wanted is not None and prefix is not None:
            raise AwsError(
                "InvalidParameterException", "logStreamNamePrefix and logStreamNames are mutually exclusive parameters."
            )
        if wanted is not None:
            streams = [self._store.stream(group, name) for name in wanted]
        else:
            streams = [s for s in self._store.streams(group) if not prefix or s.name.startswith(prefix)]
        return {stream.id: stream.name for stream in streams}

    def _search(
        self, records: Iterator[LogRecord], pattern: Pattern, limit: int
    ) -> tuple[list[LogRecord], Cursor | None]:
        """Up to a page of matches, and where the search stopped if it did so before the end.

        A search that finds little gives up after a second; the client goes on with the token, as with AWS.
        """
        deadline = self._kit.clock.monotonic() + _SEARCH_S
        found: list[LogRecord] = []
        size = 0
        for count, record in enumerate(records):
            if pattern.matches(record.message):
                size += len(record.message) + EVENT_OVERHEAD_BYTES
                if found and size > MAX_PAGE_BYTES:
                    return found, found[-1].cursor
                found.append(record)
                if len(found) == limit:
                    return found, record.cursor
            if count % 256 == 255 and self._kit.clock.monotonic() > deadline:
                return found, record.cursor
        return found, None


def _filtered(record: LogRecord, names: dict[str, str]) -> Doc:
    return {
        "logStreamName": names.get(record.stream, ""),
        "timestamp": record.cursor.time_ms,
        "message": record.message,
        "ingestionTime": record.ingestion_ms,
        "eventId": tokens.event_id(record.cursor),
    }


def _page(records: Iterable[LogRecord], limit: int) -> list[LogRecord]:
    """Up to `limit` records and a megabyte, but at least one."""
    found: list[LogRecord] = []
    size = 0
    for record in islice(records, limit):
        size += len(record.message) + EVENT_OVERHEAD_BYTES
        if found and size > MAX_PAGE_BYTES:
            break
        found.append(record)
    return found


def _checked_size(times: list[int], messages: list[str]) -> int:
    """The size of the batch as AWS counts it; refused when too large or out of order."""
    text = "".join(messages)
    size = len(messages) * EVENT_OVERHEAD_BYTES + (len(text) if text.isascii() else len(text.encode()))
    if size > MAX_BATCH_BYTES:
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
