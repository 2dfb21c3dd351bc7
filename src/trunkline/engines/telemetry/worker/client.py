"""The server's side of a worker process: start it when needed, ask it, kill it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from trunkline.engines.telemetry.worker import wire

# What Python and the loader need; none of the server's secrets.
_INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
# Few heaps, given back: Arrow's own pool, and many arenas of glibc's, keep what they once had. It costs a small read
# twice its time, in page faults; and with one arena DuckDB's threads wait for each other.
_LEAN = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}


class WorkerEnded(Exception):
    """The process ended before it answered: killed by us, or by the machine for want of memory."""


class WorkerFailed(Exception):
    """It answered that it could not; `kind` is the class of its exception."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Ticket:
    """A call as its caller holds it, who may give it up from another thread, even before it has begun."""

    __slots__ = ("given_up",)

    def __init__(self) -> None:
        self.given_up = False


class Worker:
    """One process, at most. `call` may be used from any thread; calls wait for one another."""

    def __init__(self, directory: Path, *, memory_mb: int, idle_s: float, lean: bool) -> None:
        """`directory` is the worker's own, for what does not fit in memory. `lean`: rather small than quick."""
        self._environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._environment |= _LEAN if lean else {}
        self._settings = [str(directory), memory_mb, idle_s]
        self._lock = threading.Lock()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._running: Ticket | None = None

    def call(self, operation: str, params: Any, ticket: Ticket | None = None) -> Any:
        ticket = ticket or Ticket()
        with self._lock:
            try:
                return self._exchange(operation, params, ticket)
            except WorkerEnded:
                # It may have ended itself, idle, at this very moment.
                if ticket.given_up or self._end() != 0:
                    raise
                return self._exchange(operation, params, ticket)
            finally:
                self._running = None

    def give_up(self, ticket: Ticket) -> None:
        """Let that call end with WorkerEnded, at the price of the process. The next call starts a new one."""
        with self._guard:
            ticket.given_up = True
            if self._running is ticket and self._process is not None:
                self._process.kill()

    def close(self) -> None:
        with self._guard:
            if self._running is not None:
                self._running.given_up = True
            if self._process is not None:
                self._process.kill()
        with self._lock:
            self._end()

    def _exchange(self, operation: str, params: Any, ticket: Ticket) -> Any:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            process = self._process = self._start()
        with self._guard:
            if ticket.given_up:
                raise WorkerEnded("the caller has gone")
            self._running = ticket
        assert process.stdin is not None and process.stdout is not None
        try:
            wire.send(process.stdin, [operation, params])  # type: ignore[arg-type]
            kind, value = wire.receive(process.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError):
            raise WorkerEnded("the telemetry worker ended") from None
        if kind != "":
            raise WorkerFailed(kind, value)
        return value

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "trunkline.engines.telemetry.worker", *map(str, self._settings)]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for the server, which closes its workers itself
        )

    def _end(self) -> int:
        """Reap the process; its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
