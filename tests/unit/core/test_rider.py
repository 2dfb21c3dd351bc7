"""Work that rides in another's commit: with it, or not at all."""

import asyncio

import pytest

from trunkline.core.db import Database, Rider, riding


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "t.db")
    database.migrate("t", ["CREATE TABLE t (what TEXT)"])
    yield database
    database.close()


def put(what):
    return lambda tx: tx.execute("INSERT INTO t VALUES (?)", (what,))


def rows(db):
    return [row["what"] for row in db.all("SELECT what FROM t ORDER BY rowid")]


async def test_goes_along_with_the_first_write_only(db):
    rider = Rider(put("rider"))
    with riding(rider):
        await db.write(put("first"))
        await db.write(put("second"))
    assert rider.aboard
    assert rows(db) == ["first", "rider", "second"]


async def test_stays_behind_when_the_write_fails(db):
    def fail(tx):
        tx.execute("INSERT INTO t VALUES ('half')")
        raise ValueError

    rider = Rider(put("rider"))
    with riding(rider):
        with pytest.raises(ValueError):
            await db.write(fail)
        assert not rider.aboard
        assert rows(db) == []
        await db.write(put("again"))
    assert rider.aboard
    assert rows(db) == ["again", "rider"]


async def test_undoes_the_write_when_the_rider_itself_fails(db):
    def fail(tx):
        raise ValueError

    with riding(Rider(fail)), pytest.raises(ValueError):
        await db.write(put("first"))
    assert rows(db) == []


async def test_takes_no_rider_of_an_outer_context(db):
    rider = Rider(put("outer"))
    with riding(rider):
        with riding(None):
            await db.write(put("inner"))
        assert not rider.aboard
    await db.write(put("after"))
    assert rows(db) == ["inner", "after"]


async def test_is_committed_once_when_writes_run_at_once(db):
    rider = Rider(put("rider"))
    with riding(rider):
        await asyncio.gather(*(db.write(put("x")) for _ in range(20)))
    assert rows(db).count("rider") == 1
