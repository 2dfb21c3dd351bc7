"""Whatever is compacted and merged when: a store answers like one that never compacts anything."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.test_telemetry_metrics import T0, metric, workers
from trunkline.core.clock import ManualClock
from trunkline.engines.telemetry import LogScan, Sample, Spread, StatisticSet
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.engines.telemetry.upkeep import Policy
from trunkline.engines.telemetry.workers import Workers

__all__ = ["workers"]

STEPS = 45
GROUPS, STREAMS, NAMES = "gh", "xyz", ("a", "b", "c")
WIDTH_MS = 20_000


class Pair:
    """Two stores that get the same; only one of them compacts."""

    def __init__(self, place: Path, workers: Workers, seed: int) -> None:
        self.pick = random.Random(seed)
        self.clock = ManualClock()
        self._place, self._workers = place, workers
        self.plain = self._open("plain")
        self.compacted = self._open("compacted")

    def _open(self, name: str) -> LocalTelemetry:
        return LocalTelemetry(self._place / name, self.clock, policy=Policy(merged_files=3), workers=self._workers)

    async def close(self) -> None:
        await self.plain.close()
        await self.compacted.close()

    async def step(self) -> None:
        match self.pick.choices(
            ["append", "put", "compact", "advance", "restart", "delete_stream", "delete_group"],
            [30, 10, 8, 4, 2, 2, 1],
        )[0]:
            case "append":
                times = sorted(T0 + self.pick.randrange(WIDTH_MS) for _ in range(self.pick.randrange(1, 12)))
                texts = [f"{self.pick.random()}" for _ in times]
                group, stream = self.pick.choice(GROUPS), self.pick.choice(STREAMS)
                position = self.pick.choice([None, f"{self.pick.random()}"])
                for store in (self.plain, self.compacted):
                    await store.append(
                        group, stream, times, texts, ingestion_ms=T0, size_bytes=len(times), position=position
                    )
            case "put":
                samples = [self._sample() for _ in range(self.pick.randrange(1, 30))]
                for store in (self.plain, self.compacted):
                    await store.put_samples(samples)
            case "compact":
                await self.compacted.compact()
            case "advance":
                await self.clock.advance(1800)
            case "restart":
                await self.compacted.close()
                self.compacted = self._open("compacted")
            case "delete_stream":
                group, stream = self.pick.choice(GROUPS), self.pick.choice(STREAMS)
                for store in (self.plain, self.compacted):
                    await store.delete_stream(group, stream)
            case "delete_group":
                group = self.pick.choice(GROUPS)
                for store in (self.plain, self.compacted):
                    await store.delete_group(group)

    def _sample(self) -> Sample:
        value = self.pick.choice([1.5, Spread([1.0, 2.5], [3.0, 2.0]), StatisticSet(4.0, 10.0, 1.0, 4.0)])
        unit = self.pick.choice(["None", "Count"])
        return Sample(metric(self.pick.choice(NAMES)), T0 + self.pick.randrange(WIDTH_MS), value, unit)

    def questions(self) -> Iterator[tuple[str, object, object]]:
        pick = self.pick
        low = T0 + pick.randrange(WIDTH_MS)
        window = {"start_ms": low, "end_ms": low + pick.randrange(1, WIDTH_MS)}
        for group in GROUPS:
            for streams in (None, ("x",), ("y", "z", "unknown")):
                for backward in (False, True):
                    for more in ({}, window):
                        found = [
                            _records(store.read(group, streams, backward=backward, **more))  # type: ignore[arg-type]
                            for store in (self.plain, self.compacted)
                        ]
                        yield (f"read {group} {streams} {backward} {more}", *found)
            yield "stats", self.plain.stats(group), self.compacted.stats(group)
            records = list(self.compacted.read(group))
            if records:
                middle = pick.randrange(len(records))
                cursor = records[middle].cursor
                after = list(self.compacted.read(group, after=cursor))
                before = list(self.compacted.read(group, before=cursor, backward=True))
                yield "cursor", records, [*before[::-1], records[middle], *after]
                yield "record", records[middle], self.compacted.record(group, cursor)
        for name in NAMES:
            one = metric(name)
            yield "units", self.plain.units(one), self.compacted.units(one)
            for values in (False, True):
                found = [_buckets(store, name, values) for store in (self.plain, self.compacted)]
                yield (f"buckets {name} {values}", *found)
        listed = [store.metrics("1", "us-east-1", since_ms=T0) for store in (self.plain, self.compacted)]
        yield ("metrics", *listed)

    async def check(self) -> None:
        for what, expected, found in self.questions():
            assert found == expected, what
        low = T0 + self.pick.randrange(WIDTH_MS)
        scan = LogScan(tuple(GROUPS), low, low + WIDTH_MS // 2)
        sql = "SELECT grp, stream, time_ms, message FROM logs ORDER BY ALL"
        assert (await self.plain.ask(sql, logs={"logs": scan})).rows == (
            await self.compacted.ask(sql, logs={"logs": scan})
        ).rows


def _records(records: object) -> list[tuple[object, ...]]:
    """Without the parts of cursors that depend on when slices were closed."""
    return [(r.time_ms, r.message, r.ingestion_ms, r.stream) for r in records]  # type: ignore[attr-defined]


def _buckets(store: LocalTelemetry, name: str, values: bool) -> object:
    found = store.buckets(metric(name), T0 - 500, T0 + WIDTH_MS, 1000, values=values)
    return {
        unit: [(b.start_ms, b.count, b.total, b.minimum, b.maximum, b.summarised, _counted(b.values)) for b in buckets]
        for unit, buckets in found.items()
    }


def _counted(values: list[tuple[float, float]]) -> dict[float, float]:
    found: dict[float, float] = {}
    for value, count in values:
        found[value] = found.get(value, 0.0) + count
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_answers_do_not_depend_on_when_records_were_compacted(
    tmp_path: Path, workers: Workers, seed: int
) -> None:
    pair = Pair(tmp_path, workers, seed)
    for step in range(STEPS):
        await pair.step()
        if step % 15 == 14:
            await pair.check()
    await pair.compacted.compact()
    await pair.check()
    await pair.close()
