"""Targets to send requests to, and clients that send them without a pause and tally every answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field


class Target:
    """An HTTP server that answers with its name; `status`, `health` and `delay_s` may be changed at any time."""

    def __init__(self, name: str, ip: str = "127.0.0.1"):
        self.name, self.ip = name, ip
        self.status, self.health, self.delay_s = 200, 200, 0.0
        self.requests: list[bytes] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Target:
        await self.open()
        return self

    async def __aexit__(self, *exc) -> None:
        await self.close()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.ip, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops listening and cuts every connection."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await asyncio.sleep(0)
            self._server = None

    async def _serve(self, reader, writer) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                status = self.health if b"ELB-HealthChecker" in head else self.status
                if b"ELB-HealthChecker" not in head:
                    self.requests.append(head)
                    if self.delay_s:
                        await asyncio.sleep(self.delay_s)
                body = self.name.encode()
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@dataclass
class Tally:
    """What came back: names of the targets, and every failure in words."""

    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    log: list[tuple[float, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.answers.values()) + sum(self.failures.values())

    def share_pct(self, name: str, since: float = 0.0, until: float = float("inf")) -> float:
        names = [each for at, each in self.log if since <= at < until]
        return 100 * names.count(name) / len(names) if names else 0.0


async def get(
    ip: str, port: int, path: str = "/", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own. Header names with `_` for `-`."""
    reader, writer = await asyncio.open_connection(ip, port)
    try:
        return await ask(reader, writer, f"{ip}:{port}", path, method, **headers)
    finally:
        writer.close()


async def ask(reader, writer, to: str, path: str = "/", method: str = "GET", **headers: str):
    fields = {"host": to} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status = int(head.split()[1])
    answered: dict[str, str] = {}
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        if name:
            answered[name.lower()] = value
    body = b""
    if "content-length" in answered:
        body = await reader.readexactly(int(answered["content-length"]))
    elif "chunked" in answered.get("transfer-encoding", ""):
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return status, answered, body


class Load:
    """`async with Load(ip, port) as load: …`. Half of the clients keep their connection, half make new ones."""

    def __init__(self, ip: str, port: int, clients: int = 6, pause_s: float = 0.002):
        self._ip, self._port, self._clients, self._pause_s = ip, port, clients, pause_s
        self.tally = Tally()
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = False

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.create_task(self._client(keep=index % 2 == 0)) for index in range(self._clients)]
        return self

    async def __aexit__(self, *exc) -> None:
        self._stop = True
        await asyncio.gather(*self._tasks)

    async def more(self, count: int, deadline_s: float = 30) -> None:
        """Until that many further requests were answered."""
        goal, until = self.tally.total + count, time.monotonic() + deadline_s
        while self.tally.total < goal:
            assert time.monotonic() < until, f"only {self.tally} within {deadline_s} s"
            await asyncio.sleep(0.005)

    async def _client(self, *, keep: bool) -> None:
        reader = writer = None
        while not self._stop:
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(self._ip, self._port)
                async with asyncio.timeout(10):
                    status, headers, body = await ask(reader, writer, f"{self._ip}:{self._port}")
                name = body.decode(errors="replace")
                if status == 200:
                    self.tally.answers[name] += 1
                    self.tally.log.append((time.monotonic(), name))
                else:
                    self.tally.failures[f"status {status}"] += 1
                if not keep or headers.get("connection", "").lower() == "close":
                    writer.close()
                    writer = None
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.tally.failures[f"{type(error).__name__}: {error}"] += 1
                if writer is not None:
                    with contextlib.suppress(OSError):
                        writer.close()
                writer = None
            await asyncio.sleep(self._pause_s)
        if writer is not None:
            writer.close()


async def until(condition, timeout_s: float = 15, what: str = "the condition"):
    """Polls an async condition."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not hold within {timeout_s} s"
        await asyncio.sleep(0.02)
