"""Carry dead letters back, batch by batch: what a message move task does until its queue is empty."""

import asyncio

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.services.sqs import store
from trunkline.services.sqs.model import MoveTask, Queue
from trunkline.services.sqs.store import Messages
from trunkline.services.sqs.waiting import Waiters

log = get(__name__)

_AT_ONCE = 100
_IDLE_S = 3600.0


class Mover:
    """Runs the tasks; those that a crash broke off go on."""

    def __init__(self, kit: Kit, messages: Messages, waiters: Waiters) -> None:
        self._kit = kit
        self._messages = messages
        self._waiters = waiters
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def nudge(self) -> None:
        """There is a new task; callable from the writer's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Move for ever."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            running = [task for task in store.MOVES.find(self._kit.db) if task.status == "RUNNING"]
            for task in running:
                try:
                    await self._step(task)
                except Exception:
                    log.exception("a message move task broke off; it is tried again", source=task.source)
            slow = any(task.per_second for task in running)
            if running and not slow:
                continue
            try:
                async with asyncio.timeout(1.0 if running else _IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _step(self, seen: MoveTask) -> None:
        """One batch: the messages, and the task's progress in the same commit."""

        def step(tx: Tx) -> None:
            task = store.MOVES.get(tx, seen.account, seen.region, seen.source, seen.started, seen.id)
            if task is None or task.status != "RUNNING":
                return
            source = store.by_arn(tx, task.source)
            if source is None:
                _end(tx, task, "FAILED", "AWS.SimpleQueueService.NonExistentQueue")
                return
            target = store.by_arn(tx, task.destination) if task.destination else None
            if task.destination and target is None:
                _end(tx, task, "FAILED", "CouldNotDetermineMessageSource")
                return
            queues = {one.arn: one for one in store.QUEUES.find(tx, prefix=(source.account, source.region))}
            limit = task.per_second or _AT_ONCE
            moved, stuck = self._messages.move_back(
                tx, source, task.until, limit, queues, target, self._kit.clock.time()
            )
            task.moved += moved
            tx.after_commit(lambda: self._tell(target, queues))
            if stuck:
                _end(tx, task, "FAILED", "CouldNotDetermineMessageSource")
            elif moved < limit:
                _end(tx, task, "COMPLETED", "")
            else:
                store.MOVES.put(tx, task)

        await self._kit.db.write(step)

    def _tell(self, target: Queue | None, queues: dict[str, Queue]) -> None:
        for queue in [target] if target else queues.values():
            self._waiters.wake(queue.id, _AT_ONCE)


def _end(tx: Tx, task: MoveTask, status: str, failure: str) -> None:
    task.status, task.failure = status, failure
    store.MOVES.put(tx, task)
