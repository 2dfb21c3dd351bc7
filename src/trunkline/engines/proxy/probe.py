"""One health check of one member, made by Trunkline itself.

A proxy checks a new server at some random moment of its interval; a deployment cannot wait up to 30 s for that. So
a member that joins is probed here, often, until it answers as its matcher asks for, and only then becomes a server
of the proxy, which checks it from then on.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from trunkline.engines.proxy.interface import Failure, HealthCheck, Member


@dataclass(frozen=True, slots=True)
class ProbeResult:
    passed: bool
    failure: Failure = Failure.NONE
    code: int | None = None


def matches(matcher: str, code: int) -> bool:
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= code <= int(high or low):
            return True
    return False


async def probe(member: Member, check: HealthCheck, source: str = "") -> ProbeResult:
    """From the address `source` of this host, if it is given."""
    try:
        async with asyncio.timeout(check.timeout_s):
            if check.tcp:
                await _connect(member.ip, check.port or member.port, source)
                return ProbeResult(True)
            code = await _status(member.ip, check.port or member.port, check.path, source)
    except TimeoutError:
        return ProbeResult(False, Failure.TIMEOUT)
    except (OSError, ValueError, EOFError):
        return ProbeResult(False, Failure.CONNECTION)
    if matches(check.matcher, code):
        return ProbeResult(True, code=code)
    return ProbeResult(False, Failure.STATUS, code)


async def _connect(ip: str, port: int, source: str) -> None:
    _, writer = await asyncio.open_connection(ip, port, local_addr=(source, 0) if source else None)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _status(ip: str, port: int, path: str, source: str) -> int:
    reader, writer = await asyncio.open_connection(ip, port, local_addr=(source, 0) if source else None)
    try:
        host = f"{ip}:{port}"
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        await writer.drain()
        status_line = await reader.readline()
        version, code, *_ = status_line.split(None, 2)
        if not version.startswith(b"HTTP/1."):
            raise ValueError(status_line)
        # Read the rest (bounded), so that the application does not log a broken pipe for every probe.
        await reader.read(65536)
        return int(code)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
