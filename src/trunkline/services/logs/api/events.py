"""Reading log events: of one stream in both directions, and by pattern over the streams of a group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import Cursor, LogRecord
from trunkline.services.logs import tokens
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.model import (
    EVENT_OVERHEAD_BYTES,
    MAX_PAGE_BYTES,
    MAX_PAGE_EVENTS,
    LogGroup,
)
from trunkline.services.logs.pattern import InvalidPattern, Pattern, compile_pattern

_SEARCH_S = 1.0
_LATEST_MS = 1 << 60


class Events(Context):
    @operation(group_resource)
    async def get_log_events(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        self._standard_only(group, "GetLogEvents")
        visible = self._visible(call, group, req)
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
        if visible is not None:
            records = _masked(records, visible)
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
        self._standard_only(group, "FilterLogEvents")
        visible = self._visible(call, group, req)
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
        if visible is not None:
            records = _masked(records, visible)
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


def _masked(records: Iterable[LogRecord], visible: Callable[[str, int], str]) -> Iterator[LogRecord]:
    return (record._replace(message=visible(record.message, record.ingestion_ms)) for record in records)


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
