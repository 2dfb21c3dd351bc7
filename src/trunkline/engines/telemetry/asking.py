"""Questions in SQL, handed to worker processes: how many at once, for how long, and what their failures mean."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trunkline.engines.telemetry.interface import Answer, Limits, QueryError, QueryTimedOut, QueryTooLarge
from trunkline.engines.telemetry.worker.client import Given, Worker, WorkerEnded, WorkerFailed

AT_ONCE = 2
MEMORY_MB = 96
_IDLE_S = 60.0
_TOO_LARGE = ("OutOfMemoryException", "MemoryError", "ArrowMemoryError")


class Asking:
    """A pool of workers, each started when there is more to do than the others can."""

    def __init__(self, directory: Path) -> None:
        self._free = [Worker(directory / f"query-{n}", memory_mb=MEMORY_MB, idle_s=_IDLE_S) for n in range(AT_ONCE)]
        self._all = tuple(self._free)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="telemetry-ask")

    async def ask(self, question: dict[str, Any], limits: Limits) -> Answer:
        question |= {"rows": limits.rows, "timeout_s": limits.timeout_s, "memory_mb": limits.memory_mb}
        async with self._slots:
            worker, given = self._free.pop(), Given()
            running = asyncio.get_running_loop().run_in_executor(self._threads, worker.call, "ask", question, given)
            running.add_done_callback(_looked_at)
            try:
                found = await asyncio.wait_for(asyncio.shield(running), limits.timeout_s)
            except (TimeoutError, asyncio.CancelledError) as gone:
                worker.give_up(given)
                if isinstance(gone, TimeoutError):
                    raise QueryTimedOut(f"the query took longer than {limits.timeout_s:g} s") from None
                raise
            except WorkerEnded:
                raise QueryTooLarge("the query needed more memory than there is for one") from None
            except WorkerFailed as failed:
                raise _meaning(failed, limits) from None
            finally:
                self._free.append(worker)
        columns, rows, records, size = found
        return Answer(tuple(columns), [tuple(row) for row in rows], records, size)

    def close(self) -> None:
        for worker in self._all:
            worker.close()
        self._threads.shutdown()


def _meaning(failed: WorkerFailed, limits: Limits) -> QueryError:
    if failed.kind in _TOO_LARGE:
        return QueryTooLarge(str(failed))
    if failed.kind == "InterruptException":
        return QueryTimedOut(f"the query took longer than {limits.timeout_s:g} s")
    return QueryError(str(failed))


def _looked_at(running: asyncio.Future[Any]) -> None:
    if not running.cancelled():
        running.exception()  # nobody else asks for it when the caller has gone
