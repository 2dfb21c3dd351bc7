"""The HAProxy process of one Trunkline instance: start it as a daemon, talk to it, reload it, find it again.

It runs in master-worker mode with its own directory as working directory: all its files (configuration, server
states, master socket) are named relative to it, which also keeps socket paths short however deep the data directory
is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.proxy.interface import ConfigurationRefused, ProxyError, ProxyUnavailable

log = get(__name__)

_CONFIG = "haproxy.cfg"
_STATES = "servers.state"
_SOCKET = "master.sock"
_START_S = 10.0
_ANSWER_S = 5.0


def connection_limit() -> int:
    """Two descriptors a connection; HAProxy does not start when it would need a higher limit and may not raise it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(100, min(8000, (hard - 500) // 2))


def thread_count() -> int:
    return min(4, os.cpu_count() or 1)


class Haproxy:
    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self.master_pid: int | None = None

    # --- talking ----------------------------------------------------------------------------------

    async def ask(self, line: str) -> str:
        """One line to the master's socket ("@1 …" goes to the worker); its whole answer."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await self._ask(line)
        except (OSError, TimeoutError, EOFError) as error:
            raise ProxyUnavailable(f"HAProxy does not answer: {error or type(error).__name__}") from error

    async def _ask(self, line: str) -> str:
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # Through /proc: a socket address holds 107 bytes, a data directory may be longer.
            reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{directory}/{_SOCKET}")
        finally:
            os.close(directory)
        try:
            writer.write(line.encode() + b"\n")
            writer.write_eof()  # the master would wait for more
            return (await reader.read(-1)).decode(errors="replace")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def tell(self, commands: Sequence[str], worker: str = "@1") -> str:
        """Commands for a worker, experimental ones (variables) included. Most answer nothing when they succeed."""
        answers: list[str] = []
        batch: list[str] = []
        for command in commands:
            batch.append(f"{worker} {command}")
            if sum(map(len, batch)) > 6000:
                answers.append(await self.ask("experimental-mode on;" + ";".join(batch)))
                batch = []
        if batch:
            answers.append(await self.ask("experimental-mode on;" + ";".join(batch)))
        return "\n".join(answers).strip()

    async def processes(self) -> Processes:
        return Processes(await self.ask("show proc"))

    # --- life -------------------------------------------------------------------------------------

    async def adopt(self) -> bool:
        """Whether HAProxy is serving for this directory already."""
        if not (self._directory / _SOCKET).exists():
            return False
        try:
            processes = await self.processes()
        except ProxyUnavailable:
            return False
        self.master_pid = processes.master
        return processes.worker is not None

    async def start(self, config: str, files: Mapping[str, str]) -> None:
        if shutil.which("haproxy") is None:
            raise ProxyUnavailable("HAProxy is not installed: apt-get install haproxy")
        self._directory.mkdir(parents=True, exist_ok=True)
        self._end_orphans()
        self._write(_STATES, "1\n")
        for name, content in files.items():
            self._write(name, content)
        await self._check(config)
        self._write(_CONFIG, config)
        code, said = await self._run("-W", "-D", "-S", f"unix@{_SOCKET},mode,600", "-f", _CONFIG, "-p", "haproxy.pid")
        if code != 0:
            raise ConfigurationRefused(f"HAProxy could not start: {_alerts(said)}")
        deadline = self._clock.monotonic() + _START_S
        while not await self.adopt():
            if self._clock.monotonic() > deadline:
                raise ProxyUnavailable("HAProxy was started but does not answer")
            await self._clock.sleep(0.01)
        log.info("HAProxy started", pid=self.master_pid)

    async def reload(self, config: str, files: Mapping[str, str], states: str) -> None:
        """Replace the worker without losing a connection. ConfigurationRefused: the old one goes on."""
        for name, content in files.items():
            self._write(name, content)
        await self._check(config)
        before = await self.processes()
        previous = (self._directory / _CONFIG).read_text()
        self._write(_STATES, states)
        self._write(_CONFIG, config)
        # The master closes this connection in the middle, when it executes itself anew.
        with contextlib.suppress(ProxyUnavailable):
            await self.ask("reload")
        deadline = self._clock.monotonic() + _START_S
        while True:
            with contextlib.suppress(ProxyUnavailable):
                now = await self.processes()
                if now.worker is not None and now.worker != before.worker and not now.failed:
                    self._sweep(keep=files)
                    return
                if now.failed > before.failed:
                    self._write(_CONFIG, previous)
                    raise ConfigurationRefused("HAProxy could not bind an address of the new configuration")
            if self._clock.monotonic() > deadline:
                self._write(_CONFIG, previous)
                raise ProxyUnavailable("HAProxy did not finish its reload")
            await self._clock.sleep(0.005)

    async def end(self) -> None:
        if not await self.adopt() or self.master_pid is None:
            return
        pid = self.master_pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = self._clock.monotonic() + _START_S
        while _alive(pid):
            if self._clock.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self._clock.sleep(0.01)
        self.master_pid = None

    def _end_orphans(self) -> None:
        """HAProxy of this very directory that no master socket leads to (we were killed while starting it)."""
        here = self._directory.resolve()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if (entry / "comm").read_text().strip() == "haproxy" and (entry / "cwd").resolve() == here:
                    os.kill(int(entry.name), signal.SIGKILL)

    # --- files and commands -----------------------------------------------------------------------

    async def _check(self, config: str) -> None:
        self._write(f"{_CONFIG}.new", config)
        code, said = await self._run("-c", "-f", f"{_CONFIG}.new")
        if code != 0:
            raise ConfigurationRefused(f"HAProxy refused the configuration: {_alerts(said)}")

    async def _run(self, *arguments: str) -> tuple[int, str]:
        # Output to a file: a daemon could keep a pipe open.
        with (self._directory / "said").open("w+b") as out:
            process = await asyncio.create_subprocess_exec(
                "haproxy", *arguments, cwd=self._directory, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
            code = await process.wait()
            out.seek(0)
            return code, out.read().decode(errors="replace")

    def _write(self, name: str, content: str) -> None:
        temporary = self._directory / f".{name}.tmp"
        temporary.write_text(content)
        temporary.rename(self._directory / name)

    def _sweep(self, keep: Mapping[str, str]) -> None:
        for path in self._directory.glob("body-*"):
            if path.name not in keep:
                path.unlink(missing_ok=True)


class Processes:
    """What `show proc` says."""

    def __init__(self, text: str) -> None:
        self.master: int | None = None
        self.worker: int | None = None
        self.old_workers: list[int] = []
        self.failed = 0
        for line in text.splitlines():
            words = line.split()
            if len(words) < 2 or not words[0].isdigit():
                continue
            if words[1] == "master":
                self.master = int(words[0])
                self.failed = int(line.partition("[failed:")[2].partition("]")[0] or 0)
            elif words[1] == "worker":
                # After a failed reload the serving worker is still listed under "# workers".
                if self.worker is None and "# old workers" not in text[: text.index(line)]:
                    self.worker = int(words[0])
                else:
                    self.old_workers.append(int(words[0]))
        if self.master is None:
            raise ProxyUnavailable("HAProxy's master gave no list of processes")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _alerts(said: str) -> str:
    lines = [line.partition(" : ")[2] for line in said.splitlines() if line.startswith("[ALERT]")]
    return "; ".join(lines) or said.strip()[-500:] or "no reason given"


__all__ = ["Haproxy", "Processes", "ProxyError", "connection_limit", "thread_count"]
