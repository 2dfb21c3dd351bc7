"""Our journal against DBOS Transact on SQLite: one JSON line.

    python benchmarks/workflows.py                      # the journal alone
    DBOS_PYTHON=/path/to/venv/bin/python python benchmarks/workflows.py     # both, where that venv has `dbos`

Each side runs in processes of its own: `fill` measures import, memory, steps and wakes, leaves 1,000 workflows waiting
and dies without a goodbye; `resume` is started on what it left and measures until all are waiting again and the last
wakes. DBOS_POLL_S=0.1 shortens DBOS's poll for messages (its own choice: 1 s).
"""

import asyncio
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

STEPS = 500
WAKES = 40
WAITING = 1000

Doc = dict[str, Any]
arrived: list[str] = []
woken: dict[str, float] = {}


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def one() -> int:
    return 1


class Journal:
    """The engine as the server uses it."""

    async def open(self, folder: Path) -> None:
        from trunkline.core.clock import RealClock
        from trunkline.core.db import Database
        from trunkline.engines.workflows import JournalWorkflows, Workflow

        async def steps(wf: Workflow, input: Doc) -> None:
            for _ in range(input["n"]):
                await wf.step("one", one)

        async def waiter(wf: Workflow, input: Doc) -> None:
            await wf.step("a", one)
            await wf.step("b", one)
            arrived.append(wf.id)
            await wf.receive("go", timeout_s=36000)
            woken[wf.id] = time.perf_counter()

        self.engine = JournalWorkflows(Database(folder / "core.db"), RealClock())
        self.engine.register("steps", steps)
        self.engine.register("waiter", waiter)
        await self.engine.resume()

    async def run_steps(self) -> None:
        await self.engine.start("steps", "steps", {"n": STEPS})
        await self.engine.result("steps")

    async def start_waiter(self, id: str) -> None:
        await self.engine.start("waiter", id, {})

    async def send(self, id: str) -> None:
        await self.engine.send(id, "go", {})


class Dbos:
    """DBOS as its documentation shows it, in WAL mode."""

    async def open(self, folder: Path) -> None:
        from dbos import DBOS, SetWorkflowID

        self.dbos, self.with_id = DBOS, SetWorkflowID
        with closing(sqlite3.connect(folder / "dbos.sqlite")) as database:
            database.execute("PRAGMA journal_mode=WAL")  # stays with the file
        DBOS(
            config={
                "name": "bench",
                "system_database_url": f"sqlite:///{folder}/dbos.sqlite",
                "application_version": "1",
                "log_level": "ERROR",
                "run_migrations": True,
                "notification_listener_polling_interval_sec": float(os.environ.get("DBOS_POLL_S", "1")),
            }
        )
        step = DBOS.step()(one)

        @DBOS.workflow()
        async def steps(n: int) -> None:
            for _ in range(n):
                await step()

        @DBOS.workflow()
        async def waiter() -> None:
            id = DBOS.workflow_id
            await step()
            await step()
            arrived.append(id or "")
            await DBOS.recv_async("go", timeout_seconds=36000)
            woken[id or ""] = time.perf_counter()

        self.steps, self.waiter = steps, waiter
        DBOS.launch()

    async def run_steps(self) -> None:
        await self.steps(STEPS)

    async def start_waiter(self, id: str) -> None:
        with self.with_id(id):
            await self.dbos.start_workflow_async(self.waiter)

    async def send(self, id: str) -> None:
        await self.dbos.send_async(id, {}, "go")


async def until(condition: Callable[[], bool], timeout_s: float = 180) -> float:
    begun = time.perf_counter()
    while not condition():
        if time.perf_counter() - begun > timeout_s:
            raise TimeoutError
        await asyncio.sleep(0.001)
    return time.perf_counter() - begun


async def timed(work: Awaitable[None]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def wake(side: Any, id: str) -> float:
    begun = time.perf_counter()
    await side.send(id)
    await until(lambda: id in woken)
    return woken[id] - begun


async def fill(side: Any, folder: Path) -> Doc:
    out: Doc = {"open_s": round(await timed(side.open(folder)), 3), "rss_mb": round(rss_mb(), 1)}
    await side.run_steps() if isinstance(side, Dbos) else None  # its first call compiles its SQL
    out["step_ms"] = round(await timed(side.run_steps()) / STEPS * 1000, 3)
    waits = []
    for n in range(WAKES):
        await side.start_waiter(f"wake-{n}")
        before = n + 1
        await until(lambda before=before: len(arrived) >= before)  # type: ignore[misc]
        await asyncio.sleep(0.05)
        waits.append(await wake(side, f"wake-{n}"))
    out["wake_ms_median"] = round(statistics.median(waits) * 1000, 2)
    for n in range(WAITING):
        await side.start_waiter(f"w-{n}")
    await until(lambda: len(arrived) == WAKES + WAITING)
    await asyncio.sleep(0.5)
    cpu = time.process_time()
    await asyncio.sleep(3)
    out["idle_cpu_pct_1000_waiting"] = round((time.process_time() - cpu) / 3 * 100, 1)
    out["rss_mb_1000_waiting"] = round(rss_mb(), 1)
    return out


async def resume(side: Any, folder: Path) -> Doc:
    begun = time.perf_counter()
    await side.open(folder)
    await until(lambda: len(arrived) >= WAITING)
    ready = time.perf_counter() - begun
    await wake(side, f"w-{WAITING - 1}")
    return {"resume_1000_s": round(ready, 3), "resume_to_last_woken_s": round(time.perf_counter() - begun, 3)}


def phase(name: str, side_name: str, folder: Path) -> None:
    import logging

    logging.disable(logging.WARNING)
    rss, begun = rss_mb(), time.perf_counter()
    if side_name == "dbos":
        import dbos  # noqa: F401
    else:
        import trunkline.engines.workflows  # noqa: F401
    out: Doc = {"import_s": round(time.perf_counter() - begun, 3), "import_mb": round(rss_mb() - rss, 1)}
    side = Dbos() if side_name == "dbos" else Journal()
    out.update(asyncio.run(fill(side, folder)) if name == "fill" else {})
    if name == "resume":
        out = asyncio.run(resume(side, folder))
    print("RESULT " + json.dumps(out), flush=True)
    os._exit(0)  # no goodbye: what is waiting is left as a crash leaves it


def run(python: str, side: str) -> Doc:
    out: Doc = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("fill", "resume"):
            command = [python, __file__, name, side, folder]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            if not lines:
                return {**out, "failed": done.stderr[-2000:]}
            out.update(json.loads(lines[-1][7:]))
    return out


def main() -> None:
    result: Doc = {"benchmark": "workflows", "cpus": os.cpu_count(), "journal": run(sys.executable, "journal")}
    if os.environ.get("DBOS_PYTHON"):
        result["dbos"] = run(os.environ["DBOS_PYTHON"], "dbos")
    print(json.dumps(result))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        phase(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        main()
