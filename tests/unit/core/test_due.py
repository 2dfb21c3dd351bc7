"""Work that is due: begun in time, many at once, each once; woken by what is new; tried again when it breaks off."""

import asyncio
from datetime import UTC, datetime

from trunkline.core.clock import ManualClock
from trunkline.core.due import DueWork

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Table:
    """Rows by name with the time they are due, and what became of them."""

    def __init__(self, clock, **rows):
        self.clock, self.rows, self.begun, self.most = clock, rows, [], 0
        self.at_work, self.gates = 0, {}

    def due(self, now, limit):
        return sorted(name for name, at in self.rows.items() if at <= now)[:limit]

    def next_due(self):
        return min(self.rows.values(), default=None)

    async def work(self, name):
        self.begun.append(name)
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            if name in self.gates:
                await self.gates[name].wait()
            if name.startswith("bad") and self.begun.count(name) == 1:
                raise ValueError(name)
            del self.rows[name]
        finally:
            self.at_work -= 1


async def settled(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def running(table, at_once=4):
    queue = DueWork(
        table.clock, due=table.due, next_due=table.next_due, key=str, work=table.work, at_once=at_once, what="rows"
    )
    return queue, asyncio.ensure_future(queue.run())


async def test_what_is_due_is_done_and_what_is_not_waits():
    clock = ManualClock(EPOCH)
    table = Table(clock, now=clock.time(), later=clock.time() + 60)
    queue, task = running(table)
    await settled(lambda: "now" not in table.rows)
    assert table.begun == ["now"]
    await clock.advance(61)
    queue.nudge()
    await settled(lambda: not table.rows)
    task.cancel()


async def test_no_more_at_once_than_allowed_and_none_twice():
    clock = ManualClock(EPOCH)
    table = Table(clock, **{f"r{n}": clock.time() for n in range(9)})
    table.gates = {name: asyncio.Event() for name in table.rows}
    queue, task = running(table, at_once=3)
    await settled(lambda: table.at_work == 3)
    queue.nudge()
    for gate in table.gates.values():
        gate.set()
    await settled(lambda: not table.rows)
    assert table.most == 3
    assert sorted(table.begun) == [f"r{n}" for n in range(9)]
    task.cancel()


async def test_what_broke_off_is_tried_again():
    clock = ManualClock(EPOCH)
    table = Table(clock, bad=clock.time(), good=clock.time())
    _, task = running(table)
    await settled(lambda: not table.rows)
    assert table.begun.count("bad") == 2
    task.cancel()


async def test_what_is_under_way_ends_with_the_run():
    clock = ManualClock(EPOCH)
    table = Table(clock, slow=clock.time())
    table.gates = {"slow": asyncio.Event()}
    _, task = running(table)
    await settled(lambda: table.at_work == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert table.at_work == 0
    assert "slow" in table.rows
