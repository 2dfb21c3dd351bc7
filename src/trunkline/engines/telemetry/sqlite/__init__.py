"""Telemetry in SQLite: one hot file per slice of ingestion time, each complete in itself.

A slice holds everything that arrived while it was the newest one: its own dictionary of series and streams, its samples
and its log batches. Older slices get no new records, so a later compaction can turn one into columnar files and drop it
without touching the others. Event times do not decide the slice: a late event lies in the slice of its arrival, and
reads merge the slices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.engines.telemetry.asking import Asking
from trunkline.engines.telemetry.interface import (
    DEFAULT_LIMITS,
    Answer,
    Bucket,
    Cursor,
    Limits,
    LogRecord,
    LogScan,
    Metric,
    Sample,
    SegmentBatch,
    SegmentFacts,
    StreamStats,
)
from trunkline.engines.telemetry.sqlite import logs, metrics
from trunkline.engines.telemetry.sqlite.samples import SampleStore
from trunkline.engines.telemetry.sqlite.segments import SegmentStore
from trunkline.engines.telemetry.sqlite.slices import DAY_S, Slices


class SqliteTelemetry:
    """The driver: see `trunkline.engines.telemetry.interface.Telemetry` for what it promises."""

    def __init__(self, directory: Path, clock: Clock, *, slice_s: int = DAY_S) -> None:
        self._slices = Slices(directory, clock, slice_s=slice_s)
        self._asking = Asking(directory / "spill")
        self._segments = SegmentStore(directory, clock)

    async def put_samples(self, batch: Sequence[Sample]) -> None:
        await self._slices.newest().samples.put(batch)

    def units(self, metric: Metric) -> list[str]:
        return metrics.units(self._stores(), metric)

    def buckets(
        self,
        metric: Metric,
        start_ms: int,
        end_ms: int,
        period_ms: int,
        *,
        unit: str | None = None,
        values: bool = False,
    ) -> dict[str, list[Bucket]]:
        return metrics.buckets(self._stores(), metric, (start_ms, end_ms, period_ms), unit, values)

    def metrics(
        self, account: str, region: str, *, namespace: str | None = None, name: str | None = None, since_ms: int = 0
    ) -> list[Metric]:
        return metrics.metrics(self._stores(), (account, region), namespace, name, since_ms)

    async def expire_samples(self, before_ms: int) -> None:
        self._slices.newest()
        for slice_ in self._slices.all()[:-1]:  # what arrives today is not old
            await slice_.samples.expire(before_ms)
        self._slices.drop_empty()

    async def append(
        self,
        group: str,
        stream: str,
        times_ms: Sequence[int],
        messages: Sequence[str],
        *,
        ingestion_ms: int,
        size_bytes: int = 0,
        position: str | None = None,
    ) -> None:
        batch = logs.Batch(group, stream, times_ms, messages, ingestion_ms, size_bytes, position)
        await logs.append(self._slices.newest(), self._slices.all(), batch)

    def stats(self, group: str, streams: Collection[str] | None = None) -> Mapping[str, StreamStats]:
        return logs.stats(self._slices.all(), group, streams)

    def read(
        self,
        group: str,
        streams: Collection[str] | None = None,
        *,
        start_ms: int = 0,
        end_ms: int | None = None,
        after: Cursor | None = None,
        before: Cursor | None = None,
        backward: bool = False,
    ) -> Iterator[LogRecord]:
        window = logs.Window(start_ms, end_ms, after, before)
        return logs.read(self._slices.all(), group, streams, window, backward=backward)

    def record(self, group: str, cursor: Cursor) -> LogRecord | None:
        at, after, before = (
            cursor.time_ms,
            cursor._replace(place=cursor.place - 1),
            cursor._replace(place=cursor.place + 1),
        )
        return next(self.read(group, start_ms=at, end_ms=at + 1, after=after, before=before), None)

    async def ask(
        self,
        sql: str,
        params: Sequence[object] = (),
        *,
        logs: Mapping[str, LogScan],
        tables: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Answer:
        hot = [(str(slice_.path), slice_.start_s) for slice_ in self._slices.all()]
        scans = {
            name: {"groups": scan.groups, "start_ms": scan.start_ms, "end_ms": scan.end_ms, "hot": hot}
            for name, scan in logs.items()
        }
        question = {"sql": sql, "params": list(params), "scans": scans, "tables": tables or {}, "files": []}
        return await self._asking.ask(question, limits)

    async def delete_stream(self, group: str, stream: str) -> None:
        for slice_ in self._slices.all():
            await logs.delete(slice_, group, stream)

    async def delete_group(self, group: str) -> None:
        for slice_ in self._slices.all():
            await logs.delete(slice_, group, None)

    async def expire_logs(self, group: str, before_ms: int) -> None:
        for slice_ in self._slices.all():
            await logs.expire(slice_, group, before_ms)

    def _stores(self) -> list[SampleStore]:
        return [slice_.samples for slice_ in self._slices.all()]

    async def put_segments(self, batch: SegmentBatch) -> None:
        await self._segments.put(batch)

    def segments(self, owner: str, traces: Collection[str]) -> dict[str, list[str]]:
        return self._segments.documents(owner, traces)

    def segment_facts(self, owner: str, start_ms: int, end_ms: int, *, by_arrival: bool = False) -> list[SegmentFacts]:
        return self._segments.facts(owner, start_ms, end_ms, by_arrival)

    def segment_labels(self, owner: str) -> Mapping[int, str]:
        return self._segments.labels(owner)

    def segment_owners(self) -> Sequence[str]:
        return self._segments.owners()

    async def expire_segments(self, before_ms: int) -> None:
        self._segments.expire(before_ms)

    async def close(self) -> None:
        self._asking.close()
        self._segments.close()
        self._slices.close()
