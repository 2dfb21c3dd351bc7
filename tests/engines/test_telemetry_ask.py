"""Questions in SQL over log records, and what keeps them from taking the machine down."""

import asyncio
import time

import pytest

from tests.engines.test_telemetry_logs import append
from tests.engines.test_telemetry_metrics import T0, Rig, rig, workers
from trunkline.engines.telemetry import Limits, LogScan, QueryError, QueryTimedOut, QueryTooLarge

__all__ = ["rig", "workers"]

ALL = LogScan(("g",), 0, 1 << 60)


async def test_sees_the_records_of_its_groups_and_window_only(rig: Rig) -> None:
    await append(rig, "s", (1, "a"), (2, "b"), (3, "c"))
    await append(rig, "t", (2, "d"))
    await append(rig, "s", (2, "elsewhere"), group="h")
    await rig.clock.advance(3600)
    await append(rig, "s", (2, "later"))
    answer = await (await rig.reading()).ask(
        "SELECT stream, message FROM logs ORDER BY time_ms, slice_start_s, batch, place",
        logs={"logs": LogScan(("g",), T0 + 2, T0 + 3)},
    )
    assert answer.columns == ("stream", "message")
    assert answer.rows == [("s", "b"), ("t", "d"), ("s", "later")]
    assert answer.records_scanned == (3 if rig.mode == "hot" else 5) and answer.bytes_scanned > 0


async def test_takes_values_as_parameters_and_tables_beside(rig: Rig) -> None:
    await append(rig, "s", (1, "a'; DROP"), (2, "b"))
    answer = await (await rig.reading()).ask(
        "SELECT message, n FROM x JOIN names ON name = message WHERE message = $1",
        ["a'; DROP"],
        logs={"x": ALL, "y": ALL},
        tables={"names": [{"name": "a'; DROP", "n": 7}, {"name": "b", "n": 8}]},
    )
    assert answer.rows == [("a'; DROP", 7)]


async def test_a_record_is_found_again_by_the_cursor_that_a_question_gave(rig: Rig) -> None:
    await append(rig, "s", (1, "a"), (1, "b"), (1, "c"))
    answer = await (await rig.reading()).ask(
        "SELECT time_ms, slice_start_s, batch, place FROM logs WHERE message = 'b'", logs={"logs": ALL}
    )
    [cursor] = [record.cursor for record in (await rig.reading()).read("g") if record.message == "b"]
    assert answer.rows == [tuple(cursor)]
    found = (await rig.reading()).record("g", cursor)
    assert found is not None and found.message == "b"
    assert (await rig.reading()).record("g", cursor._replace(place=9)) is None
    assert (await rig.reading()).record("h", cursor) is None


async def test_reaches_nothing_but_its_views(rig: Rig) -> None:
    for sql in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/never.csv'",
        "ATTACH '/tmp/never.db'",
        "INSTALL httpfs",
        "SET memory_limit = '64GB'",
        "SELECT nonsense FROM logs",
    ):
        with pytest.raises(QueryError):
            await (await rig.reading()).ask(sql, logs={"logs": ALL})


async def test_ends_at_its_limits_and_the_next_question_is_answered(rig: Rig) -> None:
    forever = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b WHERE a.range % 7 = b.range % 11"
    with pytest.raises(QueryTimedOut):
        await (await rig.reading()).ask(forever, logs={}, limits=Limits(timeout_s=0.5))
    with pytest.raises(QueryTooLarge):
        await (await rig.reading()).ask("SELECT list(repeat('x', 1000) || range) FROM range(1000000)", logs={})
    answer = await (await rig.reading()).ask("SELECT range FROM range(100)", logs={}, limits=Limits(rows=3))
    assert answer.rows == [(0,), (1,), (2,)]


async def test_cancelling_the_caller_ends_the_question(rig: Rig) -> None:
    forever = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b WHERE a.range % 7 = b.range % 11"
    await (await rig.reading()).ask("SELECT 1", logs={})
    asked = asyncio.create_task((await rig.reading()).ask(forever, logs={}))
    await asyncio.sleep(0)
    asked.cancel()
    begun = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert (await (await rig.reading()).ask("SELECT 1", logs={})).rows == [(1,)]
    assert time.monotonic() - begun < 20
