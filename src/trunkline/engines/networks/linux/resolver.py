"""The name server of every VPC (169.254.169.253, and the address two above the VPC's first).

It answers AWS's names of private addresses (ip-10-0-1-7.ec2.internal) itself, asks `names` for those that a service
keeps, and hands everything else to the name servers of this host. It is in this process: while the control plane is
down, containers resolve no names; their connections go on.
"""

import asyncio
import contextlib
import ipaddress
import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from trunkline.core.log import get

log = get(__name__)

PORT = 53
_TIMEOUT_S = 3.0
_PRIVATE = re.compile(r"ip-(\d+)-(\d+)-(\d+)-(\d+)\.(?:ec2|[a-z0-9-]+\.compute)\.internal")
_TTL_S = 60
_A, _IN = 1, 1
_SERVER_FAILURE = 2

Names = Callable[[str, str], Sequence[str] | None]
"""(address of who asks, name) → its IPv4 addresses; None when it is nobody's business here."""


class Resolver:
    def __init__(self, names: Names | None = None, servers: Sequence[str] | None = None) -> None:
        self._names = names
        self._servers = list(servers) if servers is not None else host_servers()
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def start(self, address: str) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(address, PORT))
        self._server = await asyncio.start_server(self._stream, address, PORT)

    async def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._server is not None:
            self._server.close()
            self._server = None

    async def answer(self, query: bytes, client: str, *, stream: bool = False) -> bytes | None:
        """None for what is no query."""
        try:
            name, kind, end = question(query)
        except (ValueError, IndexError, struct.error):
            return None
        known = self._known(client, name)
        if known is not None:
            return _reply(query, end, known if kind == _A else [])
        for server in self._servers:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(_TIMEOUT_S):
                    return await (_ask_stream if stream else _ask)(server, query)
        return _reply(query, end, [], _SERVER_FAILURE)

    def _known(self, client: str, name: str) -> Sequence[str] | None:
        found = _PRIVATE.fullmatch(name)
        if found:
            address = ".".join(found.groups())
            with contextlib.suppress(ValueError):
                return [str(ipaddress.IPv4Address(address))]
        return self._names(client, name) if self._names else None

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = str(writer.get_extra_info("peername")[0])
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                async with asyncio.timeout(_TIMEOUT_S * 4):
                    query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                answer = await self.answer(query, client, stream=True)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, query: bytes, addr: tuple[str, int]) -> None:
        answer = await self._resolver.answer(query, addr[0])
        if answer is not None and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, addr)


class _One(asyncio.DatagramProtocol):
    """One question to another server."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _ask(server: str, query: bytes) -> bytes:
    transport, asked = await asyncio.get_running_loop().create_datagram_endpoint(_One, remote_addr=(server, PORT))
    try:
        transport.sendto(query)
        return await asked.answer
    finally:
        transport.close()


async def _ask_stream(server: str, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server, PORT)
    try:
        writer.write(len(query).to_bytes(2, "big") + query)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()


def host_servers(path: Path = Path("/etc/resolv.conf")) -> list[str]:
    """IPv4 name servers of this host."""
    with contextlib.suppress(OSError):
        lines = [line.split() for line in path.read_text().splitlines()]
        return [line[1] for line in lines if len(line) > 1 and line[0] == "nameserver" and ":" not in line[1]]
    return []


def question(query: bytes) -> tuple[str, int, int]:
    """(name, type, where the question ends) of the first question; ValueError for what is no query."""
    flags, count = struct.unpack_from("!HH", query, 2)
    if flags & 0x8000 or count < 1:
        raise ValueError("not a query")
    labels, at = [], 12
    while length := query[at]:
        if length > 63:
            raise ValueError("a compressed name in a question")
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels), kind, at + 5


def _reply(query: bytes, end: int, addresses: Sequence[str], code: int = 0) -> bytes:
    asked = int.from_bytes(query[2:4], "big") & 0x7900  # opcode and "recursion desired" come back
    head = query[:2] + struct.pack("!HHHHH", 0x8080 | asked | code, 1, len(addresses), 0, 0)
    records = b"".join(
        struct.pack("!HHHIH", 0xC00C, _A, _IN, _TTL_S, 4) + ipaddress.IPv4Address(address).packed
        for address in addresses
    )
    return head + query[12:end] + records
