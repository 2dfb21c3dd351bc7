"""Talking to the kernel through `ip` and `nft`, many changes in one process: the process is what costs."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from trunkline.engines.networks.interface import NetworksError

_PROGRAMS = ("ip", "nft", "nsenter", "unshare", "sysctl")
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_ENVIRONMENT = {"PATH": _PATH, "LC_ALL": "C"}


class KernelRefused(NetworksError):
    """`ip` or `nft` said no; the message is theirs."""


def missing() -> str | None:
    """Why this machine lets us make no networks; None when it does."""
    if os.uname().sysname != "Linux":
        return "real networks need Linux"
    absent = [program for program in _PROGRAMS if shutil.which(program, path=_PATH) is None]
    if absent:
        return f"missing programs: {', '.join(absent)} (scripts/setup-machine installs them)"
    if os.geteuid() != 0:
        return "real networks need root"
    trial = [
        "unshare",
        "--net",
        "nft",
        "add table ip trial; add chain ip trial c { type filter hook forward priority 0; }",
    ]
    done = subprocess.run(trial, env=_ENVIRONMENT, capture_output=True, check=False, timeout=10)
    if done.returncode:
        return f"this machine allows no network namespaces: {done.stderr.decode(errors='replace').strip()[:200]}"
    return None


async def run(*command: str, said: str = "") -> str:
    """What it wrote; KernelRefused when it failed."""
    # In a thread: an event loop's own pipes break when a program ends before it has read what it was told.
    done = await asyncio.to_thread(
        subprocess.run, command, input=said.encode(), env=_ENVIRONMENT, capture_output=True, check=False
    )
    if done.returncode:
        raise KernelRefused(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()[:500]}")
    return done.stdout.decode()


async def ip(namespace: str | None, changes: Sequence[str], *, force: bool = False) -> None:
    """Changes in order, in a named namespace or on the host. force: go on after one that fails, and say nothing."""
    if not changes:
        return
    where = ["-n", namespace] if namespace else []
    try:
        await run("ip", *where, *(["-force"] if force else []), "-batch", "-", said="\n".join(changes) + "\n")
    except KernelRefused:
        if not force:
            raise


async def ip_of(pid: int, changes: Sequence[str]) -> None:
    """The same in the namespace of a process."""
    await run("nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-batch", "-", said="\n".join(changes) + "\n")


async def show(namespace: str | None, what: str, pid: int | None = None) -> list[dict[str, Any]]:
    """`ip -json <what>`."""
    inside = ["nsenter", f"--net=/proc/{pid}/ns/net"] if pid is not None else []
    where = ["-n", namespace] if namespace else []
    out = await run(*inside, "ip", *where, "-json", *what.split())
    found: list[dict[str, Any]] = json.loads(out) if out.strip() else []
    return [one for one in found if one]


async def nft(namespace: str | None, ruleset: str) -> None:
    """All of it or nothing."""
    inside = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else []
    await run(*inside, "nft", "-f", "-", said=ruleset)


async def sysctl(namespace: str | None, *settings: str) -> None:
    inside = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else []
    await run(*inside, "sysctl", "-q", "-w", *settings)


async def namespaces() -> list[str]:
    return [str(one["name"]) for one in await show(None, "netns list")]
