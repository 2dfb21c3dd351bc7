"""The processes of a store: started when first needed, ended when idle; stores in one process may share them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trunkline.engines.telemetry.worker.client import Ticket, Worker

HEAVY_AT_ONCE = 2
MEMORY_MB = 80
_READER_MB = 64
_IDLE_S = 60.0
_READER_IDLE_S = 300.0


class Workers:
    """One for short reads of cold data, and a few that questions and compaction share: those bound the memory."""

    def __init__(self, spill: Path) -> None:
        self.reader = Worker(spill / "reader", memory_mb=_READER_MB, idle_s=_READER_IDLE_S, lean=False)
        self._free = [
            Worker(spill / f"heavy-{n}", memory_mb=MEMORY_MB, idle_s=_IDLE_S, lean=True) for n in range(HEAVY_AT_ONCE)
        ]
        self._heavy = tuple(self._free)
        self._slots = asyncio.Semaphore(HEAVY_AT_ONCE)
        self._threads = ThreadPoolExecutor(HEAVY_AT_ONCE, thread_name_prefix="telemetry-heavy")

    async def run(self, operation: str, params: dict[str, Any], timeout_s: float | None = None) -> Any:
        """Wait for a worker, and then for its answer. TimeoutError, or a cancelled caller, ends the process."""
        async with self._slots:
            worker, ticket = self._free.pop(), Ticket()
            running = asyncio.get_running_loop().run_in_executor(self._threads, worker.call, operation, params, ticket)
            running.add_done_callback(_looked_at)
            try:
                return await asyncio.wait_for(asyncio.shield(running), timeout_s)
            except (TimeoutError, asyncio.CancelledError):
                worker.give_up(ticket)
                raise
            finally:
                self._free.append(worker)

    def close(self) -> None:
        for worker in (self.reader, *self._heavy):
            worker.close()
        self._threads.shutdown()


def _looked_at(running: asyncio.Future[Any]) -> None:
    if not running.cancelled():
        running.exception()  # nobody else asks for it when the caller has gone
