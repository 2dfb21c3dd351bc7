"""Work that lies in a table until it is due: begun then, many at once, and a row until it is done.

The table is the truth, so a crash loses none: what was under way is due still. Whoever adds a row calls `nudge` after
the commit; whoever does the work deletes the row, or gives it a later time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from trunkline.core.clock import Clock
from trunkline.core.log import get

log = get(__name__)
T = TypeVar("T")

_IDLE_S = 3600.0


class DueWork(Generic[T]):
    """`run` does it for ever.

    due: up to so many rows that are due at a time, those under way included. next_due: when the next row is. key: tells
    rows apart. work: does one; its exceptions are logged and the row is left to be tried again. each_round: done before
    rows are looked at. what: names the work in the log.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        due: Callable[[float, int], Iterable[T]],
        next_due: Callable[[], float | None],
        key: Callable[[T], Hashable],
        work: Callable[[T], Awaitable[None]],
        at_once: int,
        what: str,
        each_round: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._clock = clock
        self._due, self._next_due, self._key, self._work = due, next_due, key, work
        self._at_once, self._what, self._each_round = at_once, what, each_round
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[Hashable, asyncio.Task[None]] = {}

    def nudge(self) -> None:
        """There is something new; callable from the writer's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Begin what is due, for ever; what is under way when this is cancelled is cancelled too."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                if self._each_round is not None:
                    await self._each_round()
                self._begin()
                await self._pause()
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def settle(self) -> None:
        """Begin what is due now, and return when nothing is under way: a single round, without `run`."""
        self._begin()
        while self._running:
            await asyncio.wait(self._running.values())
            await asyncio.sleep(0)

    def _begin(self) -> None:
        for row in self._due(self._clock.time(), self._at_once * 2):
            if len(self._running) >= self._at_once:
                return
            key = self._key(row)
            if key not in self._running:
                task = asyncio.ensure_future(self._work(row))
                self._running[key] = task
                task.add_done_callback(lambda done, key=key: self._ended(done, key))  # type: ignore[misc]

    def _ended(self, task: "asyncio.Task[None]", key: Hashable) -> None:
        self._running.pop(key, None)
        self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("due work broke off", what=self._what, key=str(key), error=task.exception())

    async def _pause(self) -> None:
        due = self._next_due()
        wait = _IDLE_S if due is None else max(due - self._clock.time(), 0.0)
        if self._running and wait == 0:
            wait = _IDLE_S  # what is due is under way, and wakes us when it ends
        try:
            async with asyncio.timeout(min(wait, _IDLE_S) + 0.001):
                await self._wake.wait()
        except TimeoutError:
            return
