"""The database: durable answers, isolated failures, migrations run once."""

import asyncio
from dataclasses import dataclass

import pytest

from trunkline.core.bus import Bus
from trunkline.core.clock import RealClock
from trunkline.core.db import AlreadyExists, Database, Table, Tx
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger


@dataclass
class Pet:
    owner: str
    name: str
    kind: str
    age: int = 0


pets = Table("pets", Pet, key=("owner", "name"), index=("kind",))


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "state.db")
    database.migrate("pets", [pets.ddl])
    yield database
    database.close()


async def test_a_written_item_is_read_back(db):
    await db.write(lambda tx: pets.insert(tx, Pet("ann", "rex", "dog", 3)))
    assert pets.get(db, "ann", "rex") == Pet("ann", "rex", "dog", 3)
    assert pets.get(db, "ann", "tom") is None


async def test_insert_refuses_a_taken_key_and_changes_nothing(db):
    await db.write(lambda tx: pets.insert(tx, Pet("ann", "rex", "dog", 3)))
    with pytest.raises(AlreadyExists):
        await db.write(lambda tx: pets.insert(tx, Pet("ann", "rex", "cat")))
    assert pets.get(db, "ann", "rex").kind == "dog"


async def test_one_failing_work_in_a_group_undoes_only_itself(db):
    def fails(tx: Tx) -> None:
        pets.put(tx, Pet("bob", "bad", "dog"))
        raise ValueError("no")

    good = [db.write(lambda tx, n=n: pets.insert(tx, Pet("bob", f"p{n}", "dog"))) for n in range(20)]
    results = await asyncio.gather(*good[:10], db.write(fails), *good[10:], return_exceptions=True)
    assert [type(r) for r in results if r is not None] == [ValueError]
    assert len(pets.find(db, prefix=("bob",))) == 20
    assert pets.get(db, "bob", "bad") is None


async def test_find_pages_in_key_order_and_filters(db):
    for name in "cab":
        await db.write(lambda tx, name=name: pets.insert(tx, Pet("eve", name, "cat" if name == "a" else "dog")))
    assert [p.name for p in pets.find(db, prefix=("eve",), limit=2)] == ["a", "b"]
    assert [p.name for p in pets.find(db, prefix=("eve",), after=("eve", "b"))] == ["c"]
    assert [p.name for p in pets.find(db, kind="dog")] == ["b", "c"]


async def test_find_by_what_a_name_begins_with(db):
    for name in ("a", "ab", "ab%", "abc", "ac", "ab\U0001f436"):
        await db.write(lambda tx, name=name: pets.insert(tx, Pet("eve", name, "cat")))
    await db.write(lambda tx: pets.insert(tx, Pet("ewa", "abd", "cat")))
    assert [p.name for p in pets.find(db, prefix=("eve",), begins="ab")] == ["ab", "ab%", "abc", "ab\U0001f436"]
    assert [p.owner for p in pets.find(db, begins="ew")] == ["ewa"]
    assert [p.name for p in pets.find(db, prefix=("eve",), begins="ab", limit=1, after=("eve", "ab"))] == ["ab%"]


async def test_state_outlives_the_process_and_migrations_run_once(tmp_path):
    first = Database(tmp_path / "x.db")
    first.migrate("pets", [pets.ddl])
    await first.write(lambda tx: pets.insert(tx, Pet("a", "b", "c")))
    first.close()
    again = Database(tmp_path / "x.db")
    again.migrate("pets", [pets.ddl, "CREATE TABLE more (x); CREATE TABLE yet_more (y)"])
    again.migrate("pets", [pets.ddl, "CREATE TABLE more (x); CREATE TABLE yet_more (y)"])
    assert pets.get(again, "a", "b") is not None
    assert again.all("SELECT * FROM yet_more") == []
    again.close()


async def test_events_are_delivered_in_order_and_again_after_a_restart(tmp_path):
    db = Database(tmp_path / "x.db")
    ledger = Ledger(db)
    seen: list[str] = []
    arrived = asyncio.Event()
    fail_once = [True]

    async def handler(event: Event) -> None:
        if fail_once and event.detail["n"] == 1:
            fail_once.clear()
            raise RuntimeError("first try fails")
        seen.append(event.id)
        if event.detail["n"] == 2:
            arrived.set()

    bus = Bus(db, ledger, RealClock())
    bus.subscribe("test", handler, sources=("a",))
    await bus.start()
    events = [Event("a", "t", {"n": n}, "0", "r") for n in range(3)]
    await db.write(lambda tx: [ledger.append(tx, e) for e in (*events, Event("other", "t", {}, "0", "r"))])
    await asyncio.wait_for(arrived.wait(), 5)
    await bus.stop()
    assert seen == [e.id for e in events]

    later = Event("a", "t", {"n": 2}, "0", "r")
    await db.write(lambda tx: ledger.append(tx, later))
    arrived.clear()
    bus = Bus(db, ledger, RealClock())
    bus.subscribe("test", handler, sources=("a",))
    await bus.start()
    await asyncio.wait_for(arrived.wait(), 5)
    assert seen[-1] == later.id or await _until(lambda: seen[-1] == later.id)
    await bus.stop()
    db.close()


async def _until(condition, seconds=5):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
    return True


async def test_an_event_rolls_back_with_its_state(db):
    ledger = Ledger(db)

    def fails(tx: Tx) -> None:
        ledger.append(tx, Event("a", "t", {}, "0", "r"))
        raise ValueError

    with pytest.raises(ValueError):
        await db.write(fails)
    assert ledger.read() == []
