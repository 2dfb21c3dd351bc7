"""A data directory on which engines are started and dropped, as a process would be."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.engines.workflows import (
    JournalWorkflows,
    Workflow,
)

Doc = dict[str, Any]


class Machine:
    """A data directory on which engines are started and dropped, as a process would be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock: Any = ManualClock()
        self.db = Database(path / "core.db")
        self.engine = JournalWorkflows(self.db, self.clock)
        self.calls: list[str] = []

    async def reboot(self, **code: Callable[[Workflow, Doc], Awaitable[Doc | None]]) -> JournalWorkflows:
        await self.engine.close()
        self.engine = JournalWorkflows(self.db, self.clock)
        for name, fn in code.items():
            self.engine.register(name, fn)
        await self.engine.resume()
        return self.engine

    async def note(self, text: str) -> str:
        self.calls.append(text)
        return text

    async def until(self, condition: Callable[[], object], advance_s: float = 0.0) -> None:
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, f"never happened; calls so far: {self.calls}"
            if advance_s:
                await self.clock.advance(advance_s)
            await asyncio.sleep(0.002)
