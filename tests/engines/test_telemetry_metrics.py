"""What every telemetry driver does with metrics."""

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from trunkline.core.clock import ManualClock
from trunkline.engines.telemetry import Metric, Sample, Spread, StatisticSet, Telemetry
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.engines.telemetry.workers import Workers

T0 = 1_767_225_600_000
MINUTE = 60_000


class Rig:
    """A driver with its directory and clock, so that a test can restart it and move on to the next slice.

    `mode` says where the records are when a test reads: all `hot`, all `cold`, or `mixed`: compacted now and then.
    """

    def __init__(self, directory: Path, workers: Workers, mode: str) -> None:
        self.directory = directory
        self.clock = ManualClock()
        self.mode = mode
        self._workers = workers
        self._pick = random.Random(mode)
        self.store: Telemetry = self._open()

    def _open(self) -> Telemetry:
        return LocalTelemetry(self.directory, self.clock, workers=self._workers)

    async def restart(self) -> None:
        await self.store.close()
        self.store = self._open()

    async def reading(self) -> Telemetry:
        """The store, with its records where the mode wants them."""
        if self.mode == "cold" or (self.mode == "mixed" and self._pick.random() < 0.5):
            await self.store.compact()
        return self.store


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    workers = Workers(tmp_path_factory.mktemp("spill"))
    yield workers
    workers.close()


@pytest.fixture(params=["hot", "cold", "mixed"])
async def rig(tmp_path: Path, workers: Workers, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path / "telemetry", workers, request.param)
    yield rig
    await rig.store.close()


def metric(name: str = "Latency", *dimensions: tuple[str, str], account: str = "1") -> Metric:
    return Metric(account, "us-east-1", "App", name, dimensions)


async def test_sums_each_period_apart(rig: Rig) -> None:
    values = [(0, 1.0), (59_999, 3.0), (60_000, 10.0), (3 * MINUTE, 7.0)]
    await rig.store.put_samples([Sample(metric(), T0 + at, value) for at, value in values])
    found = (await rig.reading()).buckets(metric(), T0, T0 + 3 * MINUTE, MINUTE)["None"]
    assert [(b.start_ms - T0, b.count, b.total, b.minimum, b.maximum) for b in found] == [
        (0, 2, 4, 1, 3),
        (MINUTE, 1, 10, 10, 10),
    ]


async def test_merges_values_with_counts_and_statistic_sets(rig: Rig) -> None:
    await rig.store.put_samples(
        [
            Sample(metric(), T0, Spread([1.0, 2.0], [10, 5])),
            Sample(metric(), T0 + 1, StatisticSet(4, 40.0, 0.5, 20.0)),
            Sample(metric(), T0 + 2, 3.0),
        ]
    )
    for values in (False, True):
        [bucket] = (await rig.reading()).buckets(metric(), T0, T0 + MINUTE, MINUTE, values=values)["None"]
        assert (bucket.count, bucket.total, bucket.minimum, bucket.maximum, bucket.summarised) == (20, 63, 0.5, 20, 4)
    assert sorted(bucket.values) == [(1.0, 10), (2.0, 5), (3.0, 1.0)]


async def test_keeps_units_dimensions_and_accounts_apart(rig: Rig) -> None:
    await rig.store.put_samples(
        [
            Sample(metric(), T0, 1.0, "Seconds"),
            Sample(metric(), T0, 2.0, "Count"),
            Sample(metric("Latency", ("Host", "a")), T0, 4.0, "Count"),
            Sample(metric(account="2"), T0, 8.0, "Count"),
        ]
    )
    assert (await rig.reading()).units(metric()) == ["Count", "Seconds"]
    assert {unit: b[0].total for unit, b in (await rig.reading()).buckets(metric(), T0, T0 + 1, MINUTE).items()} == {
        "Seconds": 1,
        "Count": 2,
    }
    assert set((await rig.reading()).buckets(metric(), T0, T0 + 1, MINUTE, unit="Count")) == {"Count"}


async def test_lists_metrics_by_namespace_name_and_recency(rig: Rig) -> None:
    await rig.store.put_samples([Sample(metric("Old"), T0 - 10, 1.0), Sample(metric("New", ("A", "b")), T0, 1.0)])
    assert (await rig.reading()).metrics("1", "us-east-1") == [metric("New", ("A", "b")), metric("Old")]
    assert (await rig.reading()).metrics("1", "us-east-1", since_ms=T0) == [metric("New", ("A", "b"))]
    assert (await rig.reading()).metrics("1", "us-east-1", namespace="App", name="Old") == [metric("Old")]
    assert (await rig.reading()).metrics("1", "eu-west-1") == []


async def test_reads_across_slices_and_restarts(rig: Rig) -> None:
    await rig.store.put_samples([Sample(metric(), T0, 1.0)])
    await rig.clock.advance(3600)
    await rig.store.put_samples([Sample(metric(), T0 + 1, 2.0)])
    await rig.restart()
    await rig.store.put_samples([Sample(metric(), T0 + 1, 4.0)])
    [bucket] = (await rig.reading()).buckets(metric(), T0, T0 + MINUTE, MINUTE)["None"]
    assert (bucket.count, bucket.total) == (3, 7)
    assert (await rig.reading()).metrics("1", "us-east-1") == [metric()]


async def test_expires_old_samples_and_drops_empty_slices(rig: Rig) -> None:
    await rig.store.put_samples([Sample(metric(), T0, 1.0)])
    await rig.clock.advance(3600)
    await rig.store.put_samples([Sample(metric(), T0 + 3_600_000, 2.0)])
    await rig.store.expire_samples(T0 + 1)
    await rig.store.expire_samples(T0 + 1)
    assert [b.total for b in (await rig.reading()).buckets(metric(), T0, T0 + 7_200_000, MINUTE)["None"]] == [2]
    assert len(list(rig.directory.glob("hot-*.sqlite"))) == 1


async def test_reads_the_same_before_and_after_samples_are_filed_in_bulk(rig: Rig) -> None:
    names = [f"m{n}" for n in range(7)]
    for put in range(1500):
        await rig.store.put_samples([Sample(metric(name), T0 + (put * 37) % 1000 * 60, float(put)) for name in names])
        if put % 400 == 0:
            (await rig.reading()).buckets(metric("m3"), T0, T0 + MINUTE, MINUTE)
        if put == 700:
            await rig.restart()
    for values in (False, True):
        [bucket] = (await rig.reading()).buckets(metric("m3"), T0, T0 + MINUTE, MINUTE, values=values)["None"]
        assert (bucket.count, bucket.total) == (1500, sum(range(1500)))
    first, second = (await rig.reading()).buckets(metric("m6"), T0, T0 + MINUTE, MINUTE // 2)["None"]
    assert first.count + second.count == 1500
    assert len((await rig.reading()).metrics("1", "us-east-1")) == 7
