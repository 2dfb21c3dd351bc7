"""Single events and their fields: GetLogRecord, GetLogGroupFields."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import LogRecord
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.queries import pointers

MAX_FIELDS = 200
_SAMPLE = 10_000
_AROUND_MS = 8 * 60_000
_RECENT_MS = 15 * 60_000


class Records(Context):
    @operation()
    async def get_log_record(self, call: Call, req: Doc) -> Doc:
        group_id, cursor = pointers.decode(req["logRecordPointer"])
        group = next((g for g in self._store.groups(call.account, call.region) if g.id == group_id), None)
        record = await asyncio.to_thread(self._telemetry.record, group.id, cursor) if group else None
        if group is None or record is None:
            raise AwsError("ResourceNotFoundException", "The specified log record does not exist.")
        mask = self._visible(call, group, req)
        message = mask(record.message, record.ingestion_ms) if mask else record.message
        streams = {stream.id: stream.name for stream in self._store.streams(group)}
        found = {
            "@ptr": req["logRecordPointer"],
            "@timestamp": str(record.time_ms),
            "@message": message,
            "@logStream": streams.get(record.stream, ""),
            "@log": f"{group.account}:{group.name}",
            "@ingestionTime": str(record.ingestion_ms),
        }
        for name, value in discovered(message):
            found.setdefault(name, value)
        return {"logRecord": found}

    @operation(group_resource)
    async def get_log_group_fields(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        centre = req.get("time")
        if centre is None:
            end_ms = self._now_ms() + 1
            start_ms = end_ms - _RECENT_MS
        else:
            start_ms, end_ms = centre * 1000 - _AROUND_MS, centre * 1000 + _AROUND_MS
        records = self._telemetry.read(group.id, start_ms=start_ms, end_ms=end_ms, backward=True)
        counts, total = await asyncio.to_thread(_counted, records)
        shares = {name: round(100 * count / total) for name, count in counts.items()}
        ordered = sorted(shares, key=lambda name: (-shares[name], name))
        return {"logGroupFields": [{"name": name, "percent": shares[name]} for name in ordered]}


def _counted(records: Iterator[LogRecord]) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    total = 0
    for record in islice(records, _SAMPLE):
        total += 1
        counts.update(("@ptr", "@timestamp", "@message", "@logStream", "@log", "@ingestionTime"))
        counts.update({name for name, _ in discovered(record.message)})
    return counts, total


def discovered(message: str) -> list[tuple[str, str]]:
    """The fields of a JSON event by their paths, as many as AWS discovers."""
    try:
        document = orjson.loads(message) if message.lstrip().startswith("{") else None
    except orjson.JSONDecodeError:
        return []
    return list(islice(_members(document, ""), MAX_FIELDS)) if isinstance(document, dict) else []


def _members(node: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in pairs:
            name = f"@{key}" if not path and str(key).startswith("@") else str(key)
            yield from _members(value, f"{path}.{name}" if path else name)
    elif node is not None:
        yield path, node if isinstance(node, str) else orjson.dumps(node).decode()
