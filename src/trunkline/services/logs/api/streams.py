"""Log streams: create, describe, delete."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.engines.telemetry import StreamStats
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context, group_resource
from trunkline.services.logs.model import LogGroup, LogStream


class Streams(Context):
    @operation(group_resource)
    async def create_log_stream(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        stream = LogStream(group.id, req["logStreamName"], ids.hex_id(16), self._now_ms())
        await self._store.add_stream(group, stream)
        return {}

    @operation(group_resource)
    async def delete_log_stream(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        stream = self._store.stream(group, req["logStreamName"])
        await self._telemetry.delete_stream(group.id, stream.id)
        await self._store.delete_stream(stream)
        return {}

    @operation(group_resource)
    async def describe_log_streams(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        prefix, by_time = req.get("logStreamNamePrefix"), req.get("orderBy") == "LastEventTime"
        if prefix is not None and by_time:
            raise AwsError("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
        streams = [stream for stream in self._store.streams(group) if not prefix or stream.name.startswith(prefix)]
        stats = self._telemetry.stats(group.id) if by_time else {}

        def key(stream: LogStream) -> str:
            if not by_time:
                return stream.name
            known = stats.get(stream.id)
            return f"{known.last_ms if known else 0:016d}/{stream.name}"

        shown, token = paging.page(
            streams,
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=key,
            reverse=req.get("descending", False),
            error="InvalidParameterException",
        )
        if not by_time:
            stats = self._telemetry.stats(group.id, [stream.id for stream in shown])
        return {
            "logStreams": [_described(group, stream, stats.get(stream.id)) for stream in shown],
            "nextToken": token,
        }


def _described(group: LogGroup, stream: LogStream, stats: StreamStats | None) -> Doc:
    shown: Doc = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": f"{group.arn}:log-stream:{stream.name}",
        "storedBytes": 0,  # AWS has reported zero for streams since 2019
    }
    if stats is not None:
        shown |= {
            "firstEventTimestamp": stats.first_ms,
            "lastEventTimestamp": stats.last_ms,
            "lastIngestionTime": stats.ingestion_ms,
            "uploadSequenceToken": stats.position,
        }
    return shown
