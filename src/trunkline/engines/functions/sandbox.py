"""One sandbox: a process with a function's code in it, which runs one invocation after the other.

Its log goes to one stream, in the order in which AWS shows it: INIT_START, then START, the code's lines, END and REPORT
of each invocation.
"""

import asyncio
import contextlib
import json
from collections import deque
from typing import Any

from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.functions import lines
from trunkline.engines.functions.interface import FunctionSpec, FunctionsUnavailable, Host, Invocation, Outcome, Place
from trunkline.engines.functions.launching import Ended, Launched, Launcher
from trunkline.engines.functions.runtime_api import Answer, RuntimeApi

log = get(__name__)

_INIT_S = 10.0  # AWS gives initialization ten seconds; the first invocation's time-out comes on top
_QUIET_S = 0.01
_SETTLE_S = 0.5
_TAIL_BYTES = 4096


class Sandbox:
    """Made by the pool; `start`, then any number of `invoke`, one after the other, then `close`."""

    def __init__(
        self, spec: FunctionSpec, host: Host, launcher: Launcher, clock: Clock, doors: dict[str, RuntimeApi]
    ) -> None:
        """doors: the runtime APIs of sandboxes with places of their own, by the addresses that they ask from."""
        self.id = ids.hex_id(32)
        self.spec = spec
        self.idle_since = 0.0
        self.is_usable = True
        self.is_busy = True  # starting, or with an invocation
        self._host = host
        self._launcher = launcher
        self._clock = clock
        self.api = RuntimeApi()
        self.place: Place | None = None
        self._doors = doors
        self._process: Launched | None = None
        self._ended: asyncio.Task[Ended] | None = None
        self._init_ms: float | None = None
        self._init_failure: Answer | None = None
        self._tail: deque[bytes] = deque()
        self._last_line = 0.0
        self._memory_mb = 0
        self._settling: asyncio.Task[None] | None = None
        day = clock.now().strftime("%Y/%m/%d")
        self.stream = f"{day}/[{spec.version}]{self.id}"

    async def start(self) -> None:
        """Bring the process up, until it asks for work or has said why it cannot."""
        try:
            self.place = await self._host.place(self.id)
            environment = await self._host.environment(self.stream)
            variables = {**environment, "AWS_LAMBDA_RUNTIME_API": await self._reached()}
            self._say(lines.init_start(self.spec, self._clock.time()))
            network = self.place.network if self.place else ""
            self._process = await self._launcher.launch(self.spec, self.id, variables, self._line, network)
            self._ended = asyncio.create_task(self._process.wait(), name=f"sandbox-{self.id}")
            await self._initialized()
        except BaseException:
            await self.close()
            raise

    async def _reached(self) -> str:
        """Host and port of the runtime API as the process reaches it."""
        if self.place is not None:
            self._doors[self.place.source] = self.api
            return self.place.api
        address = await self._launcher.address()
        await self.api.open(address)
        return f"{address}:{self.api.port}"

    async def _initialized(self) -> None:
        began = self._clock.monotonic()
        asked = asyncio.create_task(self.api.asked.wait())
        assert self._ended is not None
        waiting: set[asyncio.Future[Any]] = {asked, self._ended, self.api.answer}
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=_INIT_S + self.spec.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            asked.cancel()
        self._init_ms = (self._clock.monotonic() - began) * 1000
        if self.api.answer in done:
            self._init_failure = self.api.answer.result()
            await asyncio.wait({self._ended}, timeout=_SETTLE_S)  # the runtime ends by itself, having said why
        elif not done:
            self._init_failure = Answer(b"", failed=True)

    async def invoke(self, invocation: Invocation, *, want_tail: bool) -> Outcome:
        """Run one invocation to whatever end it comes to."""
        self.is_busy = True
        try:
            return await self._invoke(invocation, want_tail=want_tail)
        finally:
            self.is_busy = False

    async def _invoke(self, invocation: Invocation, *, want_tail: bool) -> Outcome:
        spec, request_id = self.spec, invocation.request_id
        init_ms, self._init_ms = self._init_ms, None
        if self._init_failure is None:
            self._tail.clear()
        self._say(lines.start(spec, request_id, self._clock.time()))
        began = self._clock.monotonic()
        status, error_type = "success", ""
        answer = self._init_failure or await self._answer(invocation)
        duration_ms = (self._clock.monotonic() - began) * 1000
        if answer is None:
            payload, error_type, status = await self._broken(request_id, duration_ms)
            is_failed = True
        else:
            payload, is_failed = answer.body, answer.failed
            if answer.is_init or answer is self._init_failure:
                self.is_usable = False
                if not payload:
                    payload, error_type, status = await self._broken(request_id, _INIT_S * 1000)
            elif is_failed:
                error_type = _error_type(payload)
        if status == "timeout":
            duration_ms = spec.timeout_s * 1000
        settling = asyncio.create_task(
            self._finish(invocation, duration_ms, init_ms, status, error_type), name=f"report-{request_id}"
        )
        if want_tail or not self.is_usable:
            await settling
        else:
            self._settling = settling
        return Outcome(
            payload=payload,
            error="Unhandled" if is_failed else "",
            duration_ms=duration_ms,
            init_ms=init_ms,
            tail=b"\n".join(self._tail)[-_TAIL_BYTES:] + b"\n" if want_tail else b"",
        )

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, by itself or from outside."""
        return self._ended is None or self._ended.done()

    async def settled(self) -> None:
        """Return when the report of the last invocation is written and the runtime asks for more work."""
        if self._settling is not None:
            settling, self._settling = self._settling, None
            await settling

    async def close(self) -> None:
        """The process is gone afterwards."""
        self.is_usable = False
        with contextlib.suppress(Exception):
            await self.settled()
        if self._process is not None:
            try:
                await self._process.kill()
            except Exception as error:
                log.warning("a sandbox could not be removed", sandbox=self.id, error=error)
        if self._ended is not None:
            self._ended.cancel()
        await self.api.close()
        if self.place is not None:
            self._doors.pop(self.place.source, None)
        await self._host.leave(self.id)

    async def _answer(self, invocation: Invocation) -> Answer | None:
        """What the runtime posts; None when it ended or took too long."""
        assert self._ended is not None
        answered = self.api.give(invocation, self._clock.time() + self.spec.timeout_s)
        waiting: set[asyncio.Future[Any]] = {answered, self._ended}
        await asyncio.wait(waiting, timeout=self.spec.timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            return answered.result()
        self.is_usable = False
        return None

    async def _broken(self, request_id: str, after_ms: float) -> tuple[bytes, str, str]:
        """The error document, its type and the report's status for a process that ended or was too slow."""
        self.is_usable = False
        assert self._ended is not None and self._process is not None
        if self._ended.done():
            try:
                ended = self._ended.result()
            except Exception as error:
                raise FunctionsUnavailable(f"the function's sandbox was lost: {error}") from error
            kind = "Runtime.OutOfMemory" if ended.out_of_memory else "Runtime.ExitError"
            if ended.out_of_memory:
                self._memory_mb = self.spec.memory_mb
            self._say(lines.exited(request_id, ended.words, kind))
            return _document(f"RequestId: {request_id} Error: {ended.words}", kind), kind, "error"
        await self._process.kill()
        await self._quiet()
        seconds = self.spec.timeout_s
        self._say(lines.timed_out(request_id, seconds, self._clock.time()))
        message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
        return _document(message, "Sandbox.Timedout"), "Sandbox.Timedout", "timeout"

    async def _finish(
        self, invocation: Invocation, duration_ms: float, init_ms: float | None, status: str, error_type: str
    ) -> None:
        """Wait for the last lines of the code, then report."""
        if self.is_usable and self._ended is not None and self._process is not None:
            asked = asyncio.create_task(self.api.asked.wait())
            waiting: set[asyncio.Future[Any]] = {asked, self._ended}
            await asyncio.wait(waiting, timeout=_SETTLE_S, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            self.is_usable = self.api.asked.is_set() and not self._ended.done()
            self._memory_mb = max(self._memory_mb, await self._process.memory_mb())
        await self._quiet()
        report = lines.end(
            self.spec,
            invocation.request_id,
            self._clock.time(),
            duration_ms=duration_ms,
            init_ms=init_ms,
            memory_mb=min(self._memory_mb, self.spec.memory_mb),
            status=status,
            error_type=error_type,
            trace_id=invocation.trace_id,
        )
        for line in report:
            self._say(line)

    async def _quiet(self) -> None:
        """Return when no line has come for a moment: they take another way than answers do."""
        began = self._clock.monotonic()
        since = began
        while self._clock.monotonic() - max(self._last_line, since) < _QUIET_S:
            if self._clock.monotonic() - began > _SETTLE_S:
                return
            await asyncio.sleep(_QUIET_S / 4)

    def _line(self, at_ms: int, text: bytes) -> None:
        self._last_line = self._clock.monotonic()
        self._tail.append(text)
        while len(self._tail) > 400:
            self._tail.popleft()
        self._host.log(self.stream, [(at_ms, text)])

    def _say(self, text: bytes) -> None:
        """A line of Lambda's own."""
        self._tail.append(text)
        self._host.log(self.stream, [(int(self._clock.time() * 1000), text)])


def _document(message: str, kind: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()


def _error_type(payload: bytes) -> str:
    try:
        return str(json.loads(payload).get("errorType", ""))
    except (ValueError, AttributeError):
        return ""
