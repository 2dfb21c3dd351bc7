"""Which sandbox runs an invocation: a warm one of the same key, or a new one; and how long they are kept."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.functions.interface import (
    FunctionSpec,
    FunctionsUnavailable,
    Host,
    Invocation,
    Outcome,
    RuntimeAnswer,
)
from trunkline.engines.functions.launching import Launcher
from trunkline.engines.functions.runtime_api import RuntimeApi
from trunkline.engines.functions.sandbox import Sandbox

log = get(__name__)

_AT_ONCE = 24  # sandboxes of one machine, warm ones included; AWS's limit is a region's thousand
_STARTING_AT_ONCE = 4
_IDLE_S = 300.0
_SWEEP_S = 15.0
_RETIRING_S = 10.0


class PooledFunctions:
    """`Functions` on any launcher."""

    def __init__(self, launcher: Launcher, clock: Clock) -> None:
        self._launcher = launcher
        self._clock = clock
        self._idle: dict[str, list[Sandbox]] = {}
        self._doors: dict[str, RuntimeApi] = {}
        self._all: set[Sandbox] = set()
        self._retired: set[Sandbox] = set()
        self._settling: Counter[str] = Counter()  # about to be idle, by key
        self._hoping: Counter[str] = Counter()  # waiting for one of those
        self._room = asyncio.Condition()
        self._starting = asyncio.Semaphore(_STARTING_AT_ONCE)
        self._places = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._is_stopped = False

    async def start(self) -> None:
        """Remove what an earlier process left, in the background: nothing depends on it."""
        self._in_background(self._launcher.remove_orphans())
        self._sweeper = asyncio.create_task(self._sweep(), name="functions-sweeper")

    async def stop(self) -> None:
        self._is_stopped = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.gather(*(sandbox.close() for sandbox in self._all), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._idle.clear()

    async def invoke(
        self, spec: FunctionSpec, invocation: Invocation, host: Host, *, want_tail: bool = False
    ) -> Outcome:
        sandbox = await self._sandbox(spec, host)
        try:
            return await sandbox.invoke(invocation, want_tail=want_tail)
        except asyncio.CancelledError:
            sandbox.is_usable = False
            raise
        finally:
            self._settling[spec.key] += 1
            self._in_background(self._give_back(sandbox))

    async def answer(
        self, source: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> RuntimeAnswer:
        door = self._doors.get(source)
        if door is None:
            return RuntimeAnswer(403, {"Content-Type": "application/json"}, b'{"errorType":"Forbidden"}')
        return await door.handle(method, path, headers, body)

    async def retire(self, family: str, keep: Sequence[str] = ()) -> None:
        for sandbox in list(self._all):
            if sandbox.spec.family != family or sandbox.spec.key in keep:
                continue
            self._retired.add(sandbox)
            idle = self._idle.get(sandbox.spec.key, [])
            if sandbox in idle:
                idle.remove(sandbox)
                self._in_background(self._end(sandbox))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RETIRING_S), self._room:
                while any(one.spec.family == family and not one.is_busy for one in self._retired):
                    await self._room.wait()

    async def _sandbox(self, spec: FunctionSpec, host: Host) -> Sandbox:
        """A warm sandbox, else a new one as soon as there is a place for it."""
        async with self._room:
            while True:
                if self._is_stopped:
                    raise FunctionsUnavailable("the server is stopping")
                if warm := self._idle.get(spec.key):
                    sandbox = warm.pop()
                    if not sandbox.has_ended:
                        return sandbox
                    self._in_background(self._end(sandbox))
                    continue
                if self._settling[spec.key] > self._hoping[spec.key]:
                    await self._hope(spec.key)  # one is about to be free: quicker than a new one
                    continue
                if self._places < _AT_ONCE:
                    self._places += 1
                    break
                oldest = min(
                    (s for some in self._idle.values() for s in some), key=lambda s: s.idle_since, default=None
                )
                if oldest is not None:
                    self._idle[oldest.spec.key].remove(oldest)
                    self._in_background(self._end(oldest))
                await self._room.wait()
        sandbox = Sandbox(spec, host, self._launcher, self._clock, self._doors)
        self._all.add(sandbox)
        try:
            async with self._starting:
                await sandbox.start()
        except BaseException:
            await self._forget(sandbox)
            raise
        return sandbox

    async def _hope(self, key: str) -> None:
        self._hoping[key] += 1
        try:
            await self._room.wait()
        finally:
            self._hoping[key] -= 1

    async def _give_back(self, sandbox: Sandbox) -> None:
        try:
            with contextlib.suppress(Exception):
                await sandbox.settled()
        finally:
            self._settling[sandbox.spec.key] -= 1
        if not sandbox.is_usable or sandbox in self._retired or self._is_stopped:
            async with self._room:
                self._room.notify_all()
            await self._end(sandbox)
            return
        async with self._room:
            sandbox.idle_since = self._clock.monotonic()
            self._idle.setdefault(sandbox.spec.key, []).append(sandbox)
            self._room.notify_all()

    async def _end(self, sandbox: Sandbox) -> None:
        try:
            await sandbox.close()
        finally:
            await self._forget(sandbox)

    async def _forget(self, sandbox: Sandbox) -> None:
        if sandbox not in self._all:
            return
        self._all.discard(sandbox)
        self._retired.discard(sandbox)
        async with self._room:
            self._places -= 1
            self._room.notify_all()

    async def _sweep(self) -> None:
        """End what has been idle for long, or has ended by itself."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            since = self._clock.monotonic() - _IDLE_S
            for key, sandboxes in list(self._idle.items()):
                for sandbox in [one for one in sandboxes if one.idle_since < since or one.has_ended]:
                    sandboxes.remove(sandbox)
                    self._in_background(self._end(sandbox))
                if not sandboxes:
                    del self._idle[key]

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a sandbox could not be tended", error=task.exception())
