"""Events reach subscribers in order, at least once, and also after a restart."""

import asyncio

import pytest

from trunkline.core.bus import Bus
from trunkline.core.clock import RealClock
from trunkline.core.db import Database
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "t.db")
    yield database
    database.close()


def event(number, source="aws.test"):
    return Event(source, "Test", {"number": number}, "000000000000", "us-east-1")


async def until(condition, timeout_s=10):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


def bus_of(db):
    ledger = Ledger(db)
    return Bus(db, ledger, RealClock()), ledger


async def append(db, ledger, *events):
    for one in events:
        await db.write(lambda tx, one=one: ledger.append(tx, one))


async def test_delivers_every_event_in_order_while_writers_are_at_work(db):
    bus, ledger = bus_of(db)
    got = []

    async def handle(one):
        got.append(one.detail["number"])

    bus.subscribe("all", handle)
    await bus.start()
    for start in range(0, 300, 10):
        await asyncio.gather(*(append(db, ledger, event(n)) for n in range(start, start + 10)))
    await until(lambda: len(got) == 300)
    assert sorted(got) == list(range(300))
    await bus.stop()


async def test_wakes_only_for_wanted_sources(db):
    bus, ledger = bus_of(db)
    got = []

    async def handle(one):
        got.append(one.source)

    bus.subscribe("some", handle, sources=("aws.wanted",))
    await bus.start()
    await append(db, ledger, event(1), event(2, "aws.wanted"), event(3))
    await until(lambda: got)
    assert got == ["aws.wanted"]
    await bus.stop()


async def test_goes_on_after_a_restart_where_the_saved_place_is(db):
    bus, ledger = bus_of(db)
    got = []

    async def handle(one):
        got.append(one.detail["number"])

    bus.subscribe("all", handle)
    await bus.start()
    await append(db, ledger, event(1))
    await until(lambda: db.one("SELECT seq FROM bus_cursors WHERE subscriber = 'all'")["seq"] == ledger.last())
    await bus.stop()
    await append(db, ledger, event(2))

    again, _ = bus_of(db)
    again.subscribe("all", handle)
    await again.start()
    await until(lambda: 2 in got)
    assert got == [1, 2]
    await again.stop()


async def test_a_failing_handler_holds_up_its_own_subscriber_only(db):
    bus, ledger = bus_of(db)
    failed, got = [], []

    async def fail(one):
        failed.append(one)
        raise RuntimeError("not now")

    async def handle(one):
        got.append(one.detail["number"])

    bus.subscribe("failing", fail)
    bus.subscribe("well", handle)
    await bus.start()
    await append(db, ledger, event(1), event(2))
    await until(lambda: got == [1, 2] and len(failed) >= 2)
    assert {one.detail["number"] for one in failed} == {1}
    await bus.stop()
