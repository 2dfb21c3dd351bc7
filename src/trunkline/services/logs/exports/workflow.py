"""The work of an export task, part by part: an object is written whole, and again after a crash.

Objects are `<prefix>/<task>/<stream>/<part>.gz`, their lines the events with their times before them. As on AWS, a
slash in a stream's name becomes a dash.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime

from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.telemetry import Cursor, LogRecord, Telemetry
from trunkline.engines.workflows import StepFailed, Workflow
from trunkline.services.logs.exports.model import TASKS, ExportTask
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.store import Store

log = get(__name__)

NAME = "logs-export"
_PART_BYTES = 32 * 1_048_576


class Exporter:
    def __init__(self, kit: Kit, store: Store, telemetry: Telemetry) -> None:
        self._kit = kit
        self._store = store
        self._telemetry = telemetry

    async def run(self, wf: Workflow, input: Doc) -> None:
        key = (input["account"], input["region"], wf.id)
        if not await wf.commit("begin", lambda tx: self._begin(tx, key)):
            return
        try:
            for stream_id, stream in await wf.step("streams", self._streams, *key):
                place: list[int] | None = []
                part = 0
                while place is not None:
                    if await wf.commit("still wanted", lambda tx: self._ended_by_cancel(tx, key)):
                        return
                    place = await wf.step("part", self._write, *key, stream_id, stream, part, place)
                    part += 1
        except StepFailed as error:
            message = error.message
            await wf.commit("failed", lambda tx: self._end(tx, key, "FAILED", message))
            return
        await wf.commit("completed", lambda tx: self._end(tx, key, "COMPLETED", "Completed successfully"))

    def died(self, tx: Tx, workflow_id: str, input: Doc, sentence: str) -> None:
        self._end(tx, (input["account"], input["region"], workflow_id), "FAILED", sentence)

    def _begin(self, tx: Tx, key: tuple[str, str, str]) -> bool:
        task = TASKS.get(tx, *key)
        if task is None or self._ended_by_cancel(tx, key):
            return False
        task.status = "RUNNING"
        TASKS.put(tx, task)
        return True

    def _ended_by_cancel(self, tx: Tx, key: tuple[str, str, str]) -> bool:
        task = TASKS.get(tx, *key)
        if task is not None and task.status == "PENDING_CANCEL":
            self._end(tx, key, "CANCELLED", "Task is cancelled")
            return True
        return task is None

    def _end(self, tx: Tx, key: tuple[str, str, str], status: str, message: str) -> None:
        task = TASKS.get(tx, *key)
        if task is not None:
            task.status, task.message = status, message
            task.completed_ms = int(self._kit.clock.time() * 1000)
            TASKS.put(tx, task)

    def _task(self, key: tuple[str, str, str]) -> tuple[ExportTask, LogGroup]:
        task = TASKS.get(self._store.db, *key)
        if task is None:
            raise KeyError(key)
        return task, self._store.group(task.account, task.region, task.group)

    async def _streams(self, account: str, region: str, task_id: str) -> list[list[str]]:
        task, group = self._task((account, region, task_id))
        return [[s.id, s.name] for s in self._store.streams(group) if s.name.startswith(task.stream_prefix)]

    async def _write(
        self, account: str, region: str, task_id: str, stream_id: str, stream: str, part: int, place: list[int]
    ) -> list[int] | None:
        """Write one object from a place on; where the next one begins, or None at the end of the stream."""
        task, group = self._task((account, region, task_id))
        records = self._telemetry.read(
            group.id,
            (stream_id,),
            start_ms=max(task.from_ms, group.kept_from_ms(int(self._kit.clock.time() * 1000))),
            end_ms=task.to_ms + 1,
            after=Cursor(*place) if place else None,
        )
        body, last = await asyncio.to_thread(self._packed, group, records)
        if body is None:
            return None
        name = stream.replace("/", "-")
        caller = Caller.service("logs.amazonaws.com", task.account, task.region)
        key = "/".join(piece for piece in (task.prefix, task.id, name, f"{part:06d}.gz") if piece)
        await self._kit.call("s3", "PutObject", {"Bucket": task.bucket, "Key": key, "Body": body}, as_=caller)
        return list(last) if last is not None else None

    def _packed(self, group: LogGroup, records: Iterator[LogRecord]) -> tuple[bytes | None, Cursor | None]:
        """The gzipped lines of up to a part, and the place of the last where more may follow."""
        masks, lines, size, cursor = self._store.masks(group), [], 0, None
        for record in records:
            message = masks.mask(record.message, record.ingestion_ms) if masks else record.message
            time = datetime.fromtimestamp(record.time_ms / 1000, UTC).isoformat(timespec="milliseconds")
            lines.append(f"{time[:-6]}Z {message}\n".encode())
            size += len(lines[-1])
            if size >= _PART_BYTES:
                cursor = record.cursor
                break
        return (gzip.compress(b"".join(lines), 6) if lines else None), cursor
