"""Run heavy libraries (statsmodels, matplotlib) in a process of their own: the server stays small and quick to start.

A module that is run so reads one JSON document from standard input and writes its answer to standard output.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import orjson

_AT_ONCE = 2
_running = asyncio.Semaphore(_AT_ONCE)
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


class ChildFailed(Exception):
    """It ended with an error, whose last words these are, or took too long."""


async def ask(module: str, question: Any, timeout_s: float) -> bytes:
    """What the module writes. Cancelling this ends the process."""
    async with _running:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
        )
        try:
            async with asyncio.timeout(timeout_s):
                answer, complaints = await process.communicate(orjson.dumps(question))
        except TimeoutError:
            raise ChildFailed(f"{module} took more than {timeout_s:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise ChildFailed(f"{module}: {last[-1]}")
    return answer
