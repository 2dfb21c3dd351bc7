"""The workflow engine on a journal of our own in core.db: starts, resumes, wakes and ends workflows.

Everything runs on the server's event loop. A message wakes its workflow directly after the commit that carries it (no
polling), a wait is a timer on the clock. docs/decisions/0002-workflows-own-journal.md says why not a library.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.core.log import get
from trunkline.engines.workflows import store
from trunkline.engines.workflows.interface import (
    Doc,
    FailedHook,
    NondeterminismError,
    WorkflowFailed,
    WorkflowFunction,
    WorkflowStatus,
)
from trunkline.engines.workflows.run import Run, Scope, Unwritable

log = get(__name__)

RETAIN_S = 7 * 24 * 3600.0
_PRUNE_EVERY_S = 3600.0
_PRUNE_AT_ONCE = 200
_UNWRITABLE_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Code:
    """One registered function and the versions it runs."""

    fn: WorkflowFunction
    since: int
    version: int
    places: asyncio.Semaphore | None
    failed: FailedHook | None


class JournalWorkflows:
    """See `interface.Workflows`. `retain_s`: how long an ended workflow's journal, messages and id are remembered."""

    def __init__(self, db: Database, clock: Clock, *, retain_s: float = RETAIN_S) -> None:
        self._db = db
        self._clock = clock
        self._retain_s = retain_s
        self._codes: dict[str, list[_Code]] = defaultdict(list)
        self._runs: dict[str, Run | None] = {}  # None: queued, or its journal not yet read
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: dict[str, asyncio.Event] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        db.migrate("workflows", store.MIGRATIONS)

    def register(
        self,
        name: str,
        fn: WorkflowFunction,
        *,
        version: int = 1,
        since: int = 1,
        at_once: int | None = None,
        failed: FailedHook | None = None,
    ) -> None:
        if since > version:
            raise ValueError(f"workflow {name}: since {since} is past version {version}")
        for code in self._codes[name]:
            if since <= code.version and code.since <= version:
                raise ValueError(f"workflow {name}: two functions for version {max(since, code.since)}")
        places = asyncio.Semaphore(at_once) if at_once else None
        self._codes[name].append(_Code(fn, since, version, places, failed))

    async def resume(self) -> None:
        self._loop = asyncio.get_running_loop()
        for started in store.unfinished(self._db):
            self._launch(started)
        self._keep(self._prune_for_ever())

    async def close(self) -> None:
        self._closing = True
        while self._tasks:
            for task in self._tasks:
                task.cancel()  # again and again: a step's code may swallow one
            await asyncio.wait(self._tasks, timeout=0.5)
        # A cancelled task may have left its last entry with the writer: behind this commit it is in the journal.
        await self._db.write(lambda tx: None)

    # starting and sending --------------------------------------------------------------------------------------------

    async def start(self, name: str, workflow_id: str, input: Doc) -> bool:
        return await self._db.write(lambda tx: self.start_in(tx, name, workflow_id, input))

    def start_in(self, tx: Tx, name: str, workflow_id: str, input: Doc) -> bool:
        codes = self._codes.get(name)
        if not codes:
            raise KeyError(f"no workflow is registered under the name {name!r}")
        version = max(code.version for code in codes)
        is_new = store.insert(tx, workflow_id, name, input, version=version, now=self._clock.time())
        if is_new:
            tx.after_commit(lambda: self._on_loop(workflow_id, self._launch_id))
        return is_new

    async def send(self, workflow_id: str, topic: str, message: Doc, message_id: str | None = None) -> bool:
        return await self._db.write(lambda tx: self.send_in(tx, workflow_id, topic, message, message_id))

    def send_in(self, tx: Tx, workflow_id: str, topic: str, message: Doc, message_id: str | None = None) -> bool:
        started = store.started(tx, workflow_id)
        if started is None or started.status is not WorkflowStatus.RUNNING:
            return False
        store.add_message(tx, workflow_id, topic, message_id or ids.uuid(), message)
        tx.after_commit(lambda: self._on_loop(workflow_id, self._wake))
        return True

    def status(self, workflow_id: str) -> WorkflowStatus | None:
        started = store.started(self._db, workflow_id)
        return started.status if started else None

    async def result(self, workflow_id: str) -> Doc | None:
        while True:
            ended = self._ends.setdefault(workflow_id, asyncio.Event())
            started = store.started(self._db, workflow_id)
            if started is None or started.status is not WorkflowStatus.RUNNING:
                self._ends.pop(workflow_id, None)
            if started is None:
                raise KeyError(workflow_id)
            if started.status is WorkflowStatus.FAILED:
                raise WorkflowFailed(started.error)
            if started.status is WorkflowStatus.SUCCEEDED:
                return started.output
            await ended.wait()

    # running ---------------------------------------------------------------------------------------------------------

    def _on_loop(self, workflow_id: str, call: Callable[[str], None]) -> None:
        """From the database's writer thread to the event loop; before `resume` there is none, and nothing to do."""
        if self._loop is not None and not self._closing and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, workflow_id)

    def _wake(self, workflow_id: str) -> None:
        run = self._runs.get(workflow_id)
        if run is not None:
            run.wake()

    def _launch_id(self, workflow_id: str) -> None:
        started = store.started(self._db, workflow_id)
        if started is not None:
            self._launch(started)

    def _launch(self, started: store.Started) -> None:
        if self._closing or started.id in self._runs or started.status is not WorkflowStatus.RUNNING:
            return
        for code in self._codes.get(started.name, ()):
            if code.since <= started.version <= code.version:
                self._runs[started.id] = None
                self._keep(self._execute(started, code))
                return
        # Left unfinished on purpose: the version of Trunkline that has the code takes it up again.
        log.error("no code for workflow", workflow=started.id, name=started.name, version=started.version)

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, started: store.Started, code: _Code) -> None:
        try:
            async with code.places or nullcontext():
                while not await self._run(started, code):
                    await self._clock.sleep(_UNWRITABLE_PAUSE_S)
        finally:
            self._runs.pop(started.id, None)
        ended = self._ends.pop(started.id, None)
        if ended:
            ended.set()

    async def _run(self, started: store.Started, code: _Code) -> bool:
        """Run from the journal to the end; False if the database took no more entries: to be tried again."""
        run = Run(self._db, self._clock, started.id, started.version, store.journal(self._db, started.id))
        self._runs[started.id] = run
        try:
            output = store.encode(await code.fn(Scope(run), started.input))
            run.check_all_replayed()
            await run.write(
                lambda tx: store.finish(tx, started.id, WorkflowStatus.SUCCEEDED, self._clock.time(), output=output)
            )
        except Exception as error:
            exc: Exception = run.poison or error
            if isinstance(exc, Unwritable):
                log.error("workflow held up: its journal cannot be written", workflow=started.id, error=str(exc))
                return False
            kind = "nondeterministic workflow" if isinstance(exc, NondeterminismError) else "workflow failed"
            log.exception(kind, workflow=started.id, name=started.name, version=started.version)
            return await self._end_failed(started, code, f"{type(exc).__name__}: {exc}")
        return True

    async def _end_failed(self, started: store.Started, code: _Code, error: str) -> bool:
        def work(tx: Tx, hook: FailedHook | None = code.failed) -> None:
            store.finish(tx, started.id, WorkflowStatus.FAILED, self._clock.time(), error=error)
            if hook:
                hook(tx, started.id, started.input, error)

        try:
            await self._db.write(work)
        except Exception:
            log.exception("failed hook raised", workflow=started.id, name=started.name)
            try:
                await self._db.write(lambda tx: work(tx, None))
            except Exception as unwritable:
                log.error("workflow held up: its end cannot be written", workflow=started.id, error=repr(unwritable))
                return False
        return True

    async def _prune_for_ever(self) -> None:
        while True:
            before = self._clock.time() - self._retain_s
            try:
                while await self._db.write(partial(store.prune, ended_before=before, limit=_PRUNE_AT_ONCE)):
                    pass
            except Exception as error:
                log.error("ended workflows not pruned", error=repr(error))
            await self._clock.sleep(_PRUNE_EVERY_S)
