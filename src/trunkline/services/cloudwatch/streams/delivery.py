"""Deliver the streams: note which metrics were put, and each minute write what they are by then into the buckets.

What was put is noted in memory, so that putting costs next to nothing. After a restart, and after a delivery that
failed, the stream catches up: everything of the minutes since its last delivery is read and written, hour by hour. So a
minute may be delivered twice; only what was put for a minute long past, just before a crash, is missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.telemetry import Metric, Sample, Telemetry
from trunkline.services.cloudwatch.statistics import parse
from trunkline.services.cloudwatch.streams.formats import Record, written
from trunkline.services.cloudwatch.streams.model import RUNNING, STREAMS, MetricStream, bucket_of

log = get(__name__)

PRINCIPAL = "streams.metrics.cloudwatch.amazonaws.com"
_EVERY_S = 60.0
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000

Noted = set[tuple[Metric, int]]
"""Metrics and the minutes that were put of them."""


class Delivery:
    def __init__(self, kit: Kit, telemetry: Telemetry) -> None:
        kit.db.migrate("cloudwatch_metric_streams", [STREAMS.ddl])
        self._kit = kit
        self._telemetry = telemetry
        self._running: list[MetricStream] = []
        self._noted: dict[str, Noted] = {}
        self._behind: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.reload()
        self._behind = {stream.arn for stream in self._running}
        self._task = asyncio.create_task(self._run(), name="cloudwatch-metric-streams")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def reload(self) -> None:
        """After streams were put, started, stopped or deleted."""
        self._running = [stream for stream in STREAMS.find(self._kit.db) if stream.state == RUNNING]
        running = {stream.arn for stream in self._running}
        self._noted = {arn: noted for arn, noted in self._noted.items() if arn in running}

    def note(self, samples: Iterable[Sample]) -> None:
        """These samples were put."""
        if not self._running:
            return
        for sample in samples:
            for stream in self._running:
                if stream.takes(sample.metric):
                    minute = sample.time_ms - sample.time_ms % _MINUTE_MS
                    self._noted.setdefault(stream.arn, set()).add((sample.metric, minute))

    async def _run(self) -> None:
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            await self.deliver()

    async def deliver(self) -> None:
        """One round: what was noted of every running stream, and what one that is behind has missed."""
        for stream in list(self._running):
            noted = self._noted.pop(stream.arn, set())
            try:
                if stream.arn in self._behind:
                    await self._catch_up(stream)
                    self._behind.discard(stream.arn)
                await self._write(stream, await asyncio.to_thread(self._records, stream, sorted(noted)))
                await self._streamed(stream, int(self._kit.clock.time() * 1000))
            except Exception as error:  # the next round tries again
                self._behind.add(stream.arn)
                log.warning("a metric stream could not be delivered", stream=stream.arn, error=str(error))

    async def _catch_up(self, stream: MetricStream) -> None:
        """Write the minutes since the last delivery."""
        kept = STREAMS.get(self._kit.db, stream.account, stream.region, stream.name) or stream
        first = kept.streamed_ms - kept.streamed_ms % _MINUTE_MS
        for start in range(first, int(self._kit.clock.time() * 1000) + 1, _HOUR_MS):
            await self._write(stream, await asyncio.to_thread(self._hour, stream, start))
            await self._streamed(stream, start)

    async def _write(self, stream: MetricStream, records: Sequence[Record]) -> None:
        if not records:
            return
        at = self._kit.clock.now()
        as_ = await self._kit.call.assume(stream.role_arn, service=PRINCIPAL, region=stream.region)
        bucket = bucket_of(stream.firehose_arn)
        stamp = at.strftime("%Y-%m-%d-%H-%M-%S")
        key = f"{at.strftime('%Y/%m/%d/%H/')}s3.{bucket}-1-{stamp}-{ids.uuid()}"
        body = await asyncio.to_thread(written, stream, records)
        await self._kit.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body}, as_=as_)

    async def _streamed(self, stream: MetricStream, until_ms: int) -> None:
        def work(tx: Tx) -> None:
            kept = STREAMS.get(tx, stream.account, stream.region, stream.name)
            if kept is not None and kept.streamed_ms < until_ms:
                kept.streamed_ms = until_ms
                STREAMS.put(tx, kept)

        await self._kit.db.write(work)

    def _hour(self, stream: MetricStream, start_ms: int) -> list[Record]:
        metrics = self._telemetry.metrics(stream.account, stream.region, since_ms=start_ms)
        return [
            record
            for metric in metrics
            if stream.takes(metric)
            for record in self._of_metric(stream, metric, start_ms, start_ms + _HOUR_MS)
        ]

    def _records(self, stream: MetricStream, noted: Sequence[tuple[Metric, int]]) -> list[Record]:
        return [
            record
            for metric, minute in noted
            for record in self._of_metric(stream, metric, minute, minute + _MINUTE_MS)
        ]

    def _of_metric(self, stream: MetricStream, metric: Metric, start_ms: int, end_ms: int) -> Iterator[Record]:
        statistics = {name: parse(name) for name in stream.additional(metric)}
        values = any(statistic.values for statistic in statistics.values())
        by_unit = self._telemetry.buckets(metric, start_ms, end_ms, _MINUTE_MS, values=values)
        for unit, buckets in by_unit.items():
            for bucket in buckets:
                found = {name: statistic.of(bucket) for name, statistic in statistics.items()}
                yield Record(metric, unit, bucket, {name: value for name, value in found.items() if value is not None})

    async def check(self, stream: MetricStream) -> None:
        """Whether its role and its bucket are there."""
        as_ = await self._kit.call.assume(stream.role_arn, service=PRINCIPAL, region=stream.region)
        try:
            await self._kit.call("s3", "HeadBucket", {"Bucket": bucket_of(stream.firehose_arn)}, as_=as_)
        except AwsError as error:
            raise AwsError(
                "InvalidParameterValueException",
                f"The bucket {bucket_of(stream.firehose_arn)} cannot be used as the stream's role: {error}",
            ) from None
