"""Receivers that wait for a message: woken one for each message, instead of asking the database again and again."""

import asyncio
import contextlib
from collections import deque


class Waiters:
    """Those who wait, by the id of their queue."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def wake(self, queue_id: str, number: int = 1) -> None:
        """There are messages: callable from the writer's thread."""
        loop = self._loop
        if loop is not None and queue_id in self._waiting and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, queue_id, number)

    def _wake(self, queue_id: str, number: int) -> None:
        waiting = self._waiting.get(queue_id)
        while waiting and number > 0:
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
                number -= 1

    def register(self, queue_id: str) -> "asyncio.Future[None]":
        """Get in line; look for a message after this and before `wait`, so that none slips through between."""
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.setdefault(queue_id, deque()).append(future)
        return future

    async def wait(self, queue_id: str, future: "asyncio.Future[None]", timeout_s: float) -> None:
        """Wait to be woken, at most so long."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await future
        finally:
            self.leave(queue_id, future)

    def leave(self, queue_id: str, future: "asyncio.Future[None]") -> None:
        """Get out of line; one who was woken and goes passes it on."""
        waiting = self._waiting.get(queue_id)
        if waiting is not None:
            with contextlib.suppress(ValueError):
                waiting.remove(future)
            if not waiting:
                self._waiting.pop(queue_id, None)
        future.cancel()
