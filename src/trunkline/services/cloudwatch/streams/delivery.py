"""Deliver the streams: note which metrics were put, and each minute write what they are by then into the buckets.

What was put is noted in memory, so that putting costs next to nothing. After a restart, everything since a stream's
last delivery counts as put: a minute may be delivered twice, none is missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

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
_MINUTE_MS = 60_000

Noted = set[tuple[Metric, int]]
"""Metrics and the minutes that were put of them."""


class Delivery:
    def __init__(self, kit: Kit, telemetry: Telemetry) -> None:
        kit.db.migrate("cloudwatch_metric_streams", [STREAMS.ddl])
        self._kit = kit
        self._telemetry = telemetry
        self._running: list[MetricStream] = []
        self._noted: dict[str, Noted] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.reload()
        for stream in self._running:
            self._noted[stream.arn] = self._since(stream)
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

    def _since(self, stream: MetricStream) -> Noted:
        now_ms = int(self._kit.clock.time() * 1000)
        first = stream.streamed_ms - stream.streamed_ms % _MINUTE_MS
        return {
            (metric, minute)
            for metric in self._telemetry.metrics(stream.account, stream.region, since_ms=first)
            if stream.takes(metric)
            for minute in range(first, now_ms, _MINUTE_MS)
        }

    async def _run(self) -> None:
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            await self.deliver()

    async def deliver(self) -> None:
        """One round: what was noted of every running stream."""
        for stream in list(self._running):
            noted = self._noted.pop(stream.arn, set())
            try:
                await self._write(stream, noted)
            except Exception as error:  # the next round tries again
                self._noted.setdefault(stream.arn, set()).update(noted)
                log.warning("a metric stream could not be delivered", stream=stream.arn, error=str(error))

    async def _write(self, stream: MetricStream, noted: Noted) -> None:
        at = self._kit.clock.now()
        if noted:
            records = await asyncio.to_thread(self._records, stream, sorted(noted))
            if records:
                as_ = await self._kit.call.assume(stream.role_arn, service=PRINCIPAL, region=stream.region)
                folder = at.strftime("%Y/%m/%d/%H/")
                key = f"{folder}s3.{bucket_of(stream.firehose_arn)}-1-{at.strftime('%Y-%m-%d-%H-%M-%S')}-{ids.uuid()}"
                body = await asyncio.to_thread(written, stream, records)
                put = {"Bucket": bucket_of(stream.firehose_arn), "Key": key, "Body": body}
                await self._kit.call("s3", "PutObject", put, as_=as_)

        def work(tx: Tx) -> None:
            kept = STREAMS.get(tx, stream.account, stream.region, stream.name)
            if kept is not None:
                kept.streamed_ms = int(at.timestamp() * 1000)
                STREAMS.put(tx, kept)

        await self._kit.db.write(work)

    def _records(self, stream: MetricStream, noted: Sequence[tuple[Metric, int]]) -> list[Record]:
        found = []
        for metric, minute in noted:
            statistics = {name: parse(name) for name in stream.additional(metric)}
            by_unit = self._telemetry.buckets(
                metric, minute, minute + _MINUTE_MS, _MINUTE_MS, values=any(one.values for one in statistics.values())
            )
            for unit, buckets in by_unit.items():
                for bucket in buckets:
                    values = {name: statistic.of(bucket) for name, statistic in statistics.items()}
                    known = {name: value for name, value in values.items() if value is not None}
                    found.append(Record(metric, unit, bucket, known))
        return found

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
