"""Sandboxes as child processes that run `loop.py`."""

import asyncio
import contextlib
import ctypes
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from trunkline.engines.functions.interface import FunctionSpec, FunctionsUnavailable
from trunkline.engines.functions.launching import Ended, OnLine

_LOOP = Path(__file__).with_name("loop.py")
_LONGEST_LINE = 1024 * 1024
_PR_SET_PDEATHSIG = 1


class FakeLauncher:
    """`Launcher` without containers."""

    async def address(self) -> str:
        return "127.0.0.1"

    async def launch(
        self, spec: FunctionSpec, sandbox_id: str, environment: Mapping[str, str], on_line: OnLine, network: str
    ) -> "ProcessSandbox":
        if not spec.runtime.startswith("python"):
            raise FunctionsUnavailable(f"the fake driver runs Python only, not {spec.runtime or spec.image}")
        work = tempfile.mkdtemp(prefix="trunkline-function-")
        variables = {
            **environment,
            "LAMBDA_TASK_ROOT": spec.code_dir,
            "TRUNKLINE_LAYERS": spec.layers_dir,
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": work,
            "_HANDLER": spec.handler,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_LOOP),
            cwd=spec.code_dir or work,
            env=variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            preexec_fn=_die_with_parent,
        )
        return ProcessSandbox(process, Path(work), on_line)

    async def remove_orphans(self) -> None:
        """There are none: the processes die with the one that made them."""


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ProcessSandbox:
    """One child."""

    def __init__(self, process: asyncio.subprocess.Process, work: Path, on_line: OnLine) -> None:
        self._process = process
        self._work = work
        self._on_line = on_line
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._on_line(int(time.time() * 1000), line.rstrip(b"\r\n"))

    async def wait(self) -> Ended:
        code = await self._process.wait()
        await self._reading
        return Ended(code)

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        with contextlib.suppress(Exception):
            await self._reading
        await asyncio.to_thread(_remove, self._work)

    async def memory_mb(self) -> int:
        return 0


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
