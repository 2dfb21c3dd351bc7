"""The driver: hot SQLite slices, cold Parquet files, and processes that work on columns.

A slice holds everything that arrived while it was the newest one: its own dictionary of series and streams, its samples
and its log batches. Older slices get no new records, so one can be turned into columnar files and dropped without
touching the others. Event times do not decide the slice: a late event lies in the slice of its arrival, and reads merge
slices and files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.engines.telemetry import buckets, questions
from trunkline.engines.telemetry.asking import ask
from trunkline.engines.telemetry.cold import logs as cold_logs
from trunkline.engines.telemetry.cold import samples as cold_samples
from trunkline.engines.telemetry.cold.changes import together
from trunkline.engines.telemetry.cold.manifest import Manifest
from trunkline.engines.telemetry.cold.samples import Times
from trunkline.engines.telemetry.holdings import Holdings
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
from trunkline.engines.telemetry.merging import merged
from trunkline.engines.telemetry.sqlite import logs
from trunkline.engines.telemetry.sqlite.segments import SegmentStore
from trunkline.engines.telemetry.sqlite.slices import Slices
from trunkline.engines.telemetry.upkeep import Policy, Upkeep
from trunkline.engines.telemetry.workers import Workers

DEFAULT_POLICY = Policy()


class LocalTelemetry:
    """See `trunkline.engines.telemetry.interface.Telemetry` for what it promises."""

    def __init__(
        self, directory: Path, clock: Clock, *, policy: Policy = DEFAULT_POLICY, workers: Workers | None = None
    ) -> None:
        """`workers` are somebody else's, who closes them; by default the store has its own."""
        self._manifest = Manifest(directory)
        self._slices = Slices(
            directory,
            clock,
            slice_s=policy.slice_s,
            slice_records=policy.slice_records,
            cold=self._manifest.slices(),
        )
        self._holdings = Holdings(self._slices, self._manifest)
        self._workers = workers or Workers(directory / "spill")
        self._owns_workers = workers is None
        self.upkeep = Upkeep(self._holdings, self._slices, self._manifest, clock, self._workers, policy)
        self._segments = SegmentStore(directory, clock)

    async def start(self) -> None:
        self.upkeep.start()

    async def compact(self) -> None:
        await self.upkeep.round(everything=True)

    # -- metrics

    async def put_samples(self, batch: Sequence[Sample]) -> None:
        with self._slices.newest().taking(len(batch)) as slice_:
            await slice_.samples.put(batch)

    def units(self, metric: Metric) -> list[str]:
        with self._holdings.view() as view:
            return buckets.units(view, self._manifest, metric)

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
        return self.buckets_of((metric,), start_ms, end_ms, period_ms, unit=unit, values=values)[metric]

    def buckets_of(
        self,
        metrics: Sequence[Metric],
        start_ms: int,
        end_ms: int,
        period_ms: int,
        *,
        unit: str | None = None,
        values: bool = False,
    ) -> dict[Metric, dict[str, list[Bucket]]]:
        times = Times(start_ms, end_ms, period_ms)
        with self._holdings.view() as view:
            return buckets.buckets(view, self._manifest, self._workers.reader, metrics, times, unit, values=values)

    def metrics(
        self, account: str, region: str, *, namespace: str | None = None, name: str | None = None, since_ms: int = 0
    ) -> list[Metric]:
        with self._holdings.view() as view:
            return buckets.metrics(view, self._manifest, (account, region), namespace, name, since_ms)

    async def expire_samples(self, before_ms: int) -> None:
        self._slices.newest()
        with self._holdings.view() as view:
            for slice_ in view.hot[:-1]:  # what arrives today is not old
                await slice_.samples.expire(before_ms)
            async with self.upkeep.switching:
                expired = await cold_samples.expire(self._manifest, before_ms)
                self._holdings.replace(files=[view.files[number] for number in expired if number in view.files])
        await self.upkeep.drop_empty()

    # -- logs

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
        with self._slices.newest().taking(len(times_ms)) as slice_:
            await logs.append(slice_, self._position(group, stream) if position is not None else None, batch)

    def _position(self, group: str, stream: str) -> str | None:
        found = self.stats(group, (stream,)).get(stream)
        return found.position if found else None

    def stats(self, group: str, streams: Collection[str] | None = None) -> Mapping[str, StreamStats]:
        with self._holdings.view() as view:
            rows = cold_logs.stats(self._manifest, view.files, group, streams) if view.files else []
            for slice_ in view.hot:
                rows += [(slice_.start_s, stream, stats) for stream, stats in logs.stats(slice_, group, streams)]
        found: dict[str, StreamStats] = {}
        for _, stream, stats in sorted(rows, key=lambda row: row[0]):
            found[stream] = together(found.get(stream), stats)
        return found

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
        with self._holdings.view() as view:
            hot = (logs.source(slice_, group, streams, window, backward=backward) for slice_ in view.hot)
            sources = [source for source in hot if source is not None]
            if view.files:
                sources += cold_logs.sources(
                    self._manifest, view.files, self._workers.reader, group, streams, window, backward=backward
                )
            yield from merged(sources, backward=backward)

    def record(self, group: str, cursor: Cursor) -> LogRecord | None:
        after, before = cursor._replace(place=cursor.place - 1), cursor._replace(place=cursor.place + 1)
        return next(self.read(group, start_ms=cursor.time_ms, after=after, before=before), None)

    async def ask(
        self,
        sql: str,
        params: Sequence[object] = (),
        *,
        logs: Mapping[str, LogScan],
        tables: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Answer:
        with self._holdings.view() as view:
            question, records, size = await asyncio.to_thread(questions.prepare, self._manifest, view, logs)
            question |= {"sql": sql, "params": list(params), "tables": tables or {}}
            answer = await ask(self._workers, question, limits)
        answer.records_scanned += records
        answer.bytes_scanned += size
        return answer

    async def delete_stream(self, group: str, stream: str) -> None:
        await self._delete(group, stream)

    async def delete_group(self, group: str) -> None:
        await self._delete(group, None)

    async def _delete(self, group: str, stream: str | None) -> None:
        with self._holdings.view():  # what is hidden here is not closed before it is purged
            async with self.upkeep.switching:
                with self._holdings.view() as view:
                    hidden = [(slice_, await logs.forget(slice_, group, stream)) for slice_ in view.hot]
                    if view.files:
                        await cold_logs.delete(self._manifest, group, stream)
            for slice_, ids in hidden:
                await logs.purge(slice_, ids)

    async def expire_logs(self, group: str, before_ms: int) -> None:
        async with self.upkeep.switching:
            with self._holdings.view() as view:
                for slice_ in view.hot:
                    await logs.expire(slice_, group, before_ms)
                if view.files:
                    await cold_logs.expire(self._manifest, group, before_ms)

    # -- segments

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
        await self.upkeep.stop()
        if self._owns_workers:
            self._workers.close()
        self._segments.close()
        self._holdings.close()
        self._slices.close()
        self._manifest.db.close()
