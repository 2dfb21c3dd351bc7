"""What every telemetry driver does with log events."""

import asyncio
import random

import pytest

from tests.engines.test_telemetry_metrics import T0, Rig, rig, workers
from trunkline.engines.telemetry import AlreadyAppended

__all__ = ["rig", "workers"]

DAY = 86_400_000


async def append(
    rig: Rig, stream: str, *events: tuple[int, str], group: str = "g", position: str | None = None
) -> None:
    times, messages = [T0 + at for at, _ in events], [message for _, message in events]
    await rig.store.append(group, stream, times, messages, ingestion_ms=T0, size_bytes=10, position=position)


async def messages(rig: Rig, *streams: str, **window: object) -> list[str]:
    return [record.message for record in (await rig.reading()).read("g", streams or None, **window)]  # type: ignore[arg-type]


async def test_reads_a_stream_in_time_order_both_ways(rig: Rig) -> None:
    await append(rig, "s", (10, "b"), (30, "d"))
    await append(rig, "s", (5, "a"), (20, "c"), (40, "e"))
    assert await messages(rig, "s") == ["a", "b", "c", "d", "e"]
    assert await messages(rig, "s", backward=True) == ["e", "d", "c", "b", "a"]
    assert await messages(rig, "s", start_ms=T0 + 10, end_ms=T0 + 30) == ["b", "c"]


async def test_orders_equal_times_by_arrival(rig: Rig) -> None:
    await append(rig, "s", (1, "a"), (1, "b"))
    await append(rig, "s", (1, "c"))
    assert await messages(rig, "s") == ["a", "b", "c"]
    assert await messages(rig, "s", backward=True) == ["c", "b", "a"]


async def test_cursors_go_on_where_they_stopped_in_both_directions(rig: Rig) -> None:
    for at in range(0, 100, 5):
        await append(rig, "s", *[(at + i, str(at + i)) for i in range(5)])
    records = list((await rig.reading()).read("g", ("s",)))
    middle = records[50].cursor
    assert await messages(rig, "s", after=middle) == [str(n) for n in range(51, 100)]
    assert await messages(rig, "s", before=middle, backward=True) == [str(n) for n in reversed(range(50))]
    assert await messages(rig, "s", after=records[9].cursor, before=records[12].cursor) == ["10", "11"]


async def test_interleaves_streams_batches_slices_and_restarts(rig: Rig) -> None:
    pick = random.Random(7)
    expected: list[tuple[int, str]] = []
    for number in range(120):
        times = sorted(pick.randrange(0, 50_000) for _ in range(pick.randrange(1, 9)))
        events = [(at, f"{number}:{i}") for i, at in enumerate(times)]
        expected += events
        await append(rig, pick.choice("xyz"), *events)
        if number == 60:
            await rig.clock.advance(3600)
        if number == 90:
            await rig.restart()
    order = [
        text for _, text in sorted(expected, key=lambda e: (e[0], int(e[1].split(":")[0]), int(e[1].split(":")[1])))
    ]
    assert await messages(rig) == order
    assert await messages(rig, backward=True) == order[::-1]
    only = [record.message for record in (await rig.reading()).read("g") if record.stream in "xy"]
    assert await messages(rig, "x", "y") == only
    assert await messages(rig, "x", "y", backward=True) == only[::-1]


async def test_keeps_groups_apart(rig: Rig) -> None:
    await append(rig, "s", (1, "mine"))
    await append(rig, "s", (1, "other"), group="h")
    assert await messages(rig) == ["mine"]
    assert set((await rig.reading()).stats("g")) == {"s"}


async def test_stats_follow_every_append_over_slices(rig: Rig) -> None:
    await append(rig, "s", (10, "a"), (20, "b"), position="p1")
    await rig.clock.advance(3600)
    await append(rig, "s", (5, "c"))
    stats = (await rig.reading()).stats("g")["s"]
    assert (stats.first_ms, stats.last_ms, stats.events, stats.size_bytes, stats.position) == (
        T0 + 5,
        T0 + 20,
        3,
        20,
        "p1",
    )
    assert (await rig.reading()).stats("g", ("unknown",)) == {}


async def test_a_position_is_appended_once_also_after_restart_and_in_the_next_slice(rig: Rig) -> None:
    await append(rig, "s", (1, "a"), position="p1")
    with pytest.raises(AlreadyAppended):
        await append(rig, "s", (1, "a"), position="p1")
    await rig.restart()
    await rig.clock.advance(3600)
    await append(rig, "other", (1, "x"))
    with pytest.raises(AlreadyAppended):
        await append(rig, "s", (1, "a"), position="p1")
    await append(rig, "s", (2, "b"), position="p2")
    assert await messages(rig, "s") == ["a", "b"]


async def test_concurrent_appends_of_one_position_store_one(rig: Rig) -> None:
    outcomes = await asyncio.gather(
        *(append(rig, "s", (1, "a"), position="p") for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(outcome, AlreadyAppended) for outcome in outcomes) == 9
    assert await messages(rig) == ["a"]


async def test_deleted_streams_and_groups_are_gone_and_others_stay(rig: Rig) -> None:
    for stream in "ab":
        await append(rig, stream, (1, stream))
    await append(rig, "a", (1, "other"), group="h")
    await rig.clock.advance(3600)
    await append(rig, "a", (2, "later"))
    await rig.store.delete_stream("g", "a")
    assert await messages(rig) == ["b"]
    await rig.store.delete_group("g")
    assert await messages(rig) == []
    assert [record.message for record in (await rig.reading()).read("h")] == ["other"]
    await append(rig, "a", (3, "again"))
    assert await messages(rig) == ["again"]


async def test_expiry_drops_what_lies_wholly_before(rig: Rig) -> None:
    await append(rig, "s", (0, "old"))
    await append(rig, "s", (1, "straddles"), (DAY, "new"))
    await rig.store.expire_logs("g", T0 + DAY)
    assert await messages(rig, "s") == ["straddles", "new"]


async def test_refuses_a_batch_over_24_hours(rig: Rig) -> None:
    with pytest.raises(ValueError, match="24 hours"):
        await append(rig, "s", (0, "a"), (DAY + 1, "b"))


async def test_reading_the_end_of_a_long_stream_touches_only_its_end(rig: Rig) -> None:
    for at in range(300):
        await append(rig, "s", (at, str(at)))
    reader = (await rig.reading()).read("g", ("s",), backward=True)
    assert [next(reader).message for _ in range(3)] == ["299", "298", "297"]


async def test_large_events_are_read_in_pieces(rig: Rig) -> None:
    large = [str(n) * 900_000 for n in range(10)]
    for at in range(0, 40, 4):
        await append(rig, "s", *((at + n, large[(at + n) % 10]) for n in range(4)))
    assert await messages(rig, "s") == large * 4
    assert await messages(rig, "s", backward=True) == (large * 4)[::-1]
