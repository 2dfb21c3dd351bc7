"""Work that goes on as long as a service runs: begun at its start, cancelled and waited for at its stop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Background:
    """`Background(courier.run, scheduler.run)`: its `start` and `stop` are a service's."""

    def __init__(self, *works: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._works = works
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks += [loop.create_task(work(), name=work.__qualname__) for work in self._works]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
