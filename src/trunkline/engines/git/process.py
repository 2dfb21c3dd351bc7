"""Runs git: a clean environment (nobody's configuration leaks in), never a shell, errors with what git said."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from trunkline.engines.git.interface import GitError

# The data directory may belong to somebody else than whoever runs Trunkline (a mounted volume): git would refuse it.
_GIT = ("git", "-c", "safe.directory=*", "-c", "core.quotePath=false")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a git process."""
    clean = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    if extra:
        clean.update(extra)
    return clean


async def spawn(
    repository: Path,
    arguments: Sequence[str],
    *,
    stdin: int | IO[bytes] = DEVNULL,
    env: Mapping[str, str] | None = None,
    hold: Sequence[int] = (),
) -> Process:
    """Start git in a repository. `hold` are descriptors it keeps open for as long as it lives."""
    return await asyncio.create_subprocess_exec(
        *_GIT,
        *arguments,
        cwd=repository,
        env=environment(env),
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
        pass_fds=tuple(hold),
        limit=1 << 20,
    )


async def attempt(
    repository: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    hold: Sequence[int] = (),
) -> tuple[int, bytes, str]:
    """Run git to its end: exit code, output, what it said on standard error."""
    feed = stdin if isinstance(stdin, bytes) else None
    source: int | IO[bytes] = PIPE if feed is not None else DEVNULL if stdin is None else stdin  # type: ignore[assignment]
    process = await spawn(repository, arguments, stdin=source, env=env, hold=hold)
    try:
        out, err = await process.communicate(feed)
    except BaseException:
        await end(process)
        raise
    return process.returncode or 0, out, err.decode(errors="replace").strip()


async def run(
    repository: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    hold: Sequence[int] = (),
) -> bytes:
    """`attempt`, where failing is an error."""
    code, out, err = await attempt(repository, arguments, stdin=stdin, env=env, hold=hold)
    if code:
        raise GitError(err or f"git {arguments[0]} ended with {code}")
    return out


async def end(process: Process) -> None:
    """Kill a process that is still running and reap it."""
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:
            return
        await process.wait()
