"""git's smart HTTP protocol, spoken by git itself: a request body goes to its standard input, its output to the client.

Bodies are spooled to disk first. A push's because it must hold the repository's lock only while git works, not while
a slow client sends; a fetch's because it may be gzipped and is small. What git answers to a fetch is streamed.
"""

import asyncio
import tempfile
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from trunkline.engines.git import process
from trunkline.engines.git.interface import NO_OBJECT, GitError, Receive, RefUpdate, Send

SERVICES = ("git-upload-pack", "git-receive-pack")
_CHUNK = 256 * 1024
_MAX_BODY_BYTES = 2 << 30  # CodeCommit's limit for one push
_FRESH = ((b"cache-control", b"no-cache, max-age=0, must-revalidate"), (b"pragma", b"no-cache"))


class BadBody(GitError):
    """The request's body is not what the protocol says."""


async def advertise(repository: Path, service: str, headers: Mapping[str, str], send: Send) -> None:
    """Answer `info/refs`."""
    command = service.removeprefix("git-")
    env = _protocol(headers)
    out = await process.run(repository, [command, "--stateless-rpc", "--http-backend-info-refs", "."], env=env)
    if b"version 2" not in out[:20]:  # version 2 has no use for the service line
        out = packet(f"# service={service}\n".encode()) + b"0000" + out
    await answer(send, 200, out, f"application/x-{service}-advertisement")


async def fetch(repository: Path, spool: Path, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
    """Answer `git-upload-pack`, streaming."""
    async with received(spool, headers, receive) as body:
        running = await process.spawn(
            repository, ["upload-pack", "--stateless-rpc", "."], stdin=body, env=_protocol(headers)
        )
    gone = asyncio.create_task(_gone(receive))
    assert running.stdout is not None and running.stderr is not None
    said = asyncio.create_task(running.stderr.read())
    try:
        await send(_start(200, "application/x-git-upload-pack-result"))
        while chunk := await running.stdout.read(_CHUNK):
            if gone.done():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()
        await process.end(running)
        await said


async def receive_pack(repository: Path, body: IO[bytes], headers: Mapping[str, str], lock: int) -> bytes:
    """Let git take a push; returns what it says to the client. Holds `lock` for as long as it may still change refs."""
    code, out, err = await process.attempt(
        repository, ["receive-pack", "--stateless-rpc", "."], stdin=body, env=_protocol(headers), hold=[lock]
    )
    if code and not out:
        raise GitError(err or f"git receive-pack ended with {code}")
    return out


@asynccontextmanager
async def received(spool: Path, headers: Mapping[str, str], receive: Receive) -> AsyncIterator[IO[bytes]]:
    """The request's body, unzipped, as a file without a name, at its start."""
    gzipped = headers.get("content-encoding", "") in ("gzip", "x-gzip")
    inflate = zlib.decompressobj(31) if gzipped else None
    # Unbuffered: git inherits the descriptor, so its offset must be where this process believes it is.
    with tempfile.TemporaryFile(dir=spool, buffering=0) as body:
        total = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadBody("the client went away")
            more = message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            try:
                data = inflate.decompress(chunk) if inflate else chunk
            except zlib.error as error:
                raise BadBody("the body is not gzip") from error
            total += len(data)
            if total > _MAX_BODY_BYTES:
                raise BadBody("the request is larger than 2 GiB")
            body.write(data)
        if inflate and not inflate.eof:
            raise BadBody("the gzip body is cut off")
        body.seek(0)
        yield body


def commands(body: IO[bytes]) -> list[RefUpdate]:
    """The ref updates that a push asks for; leaves the body at its start."""
    found = []
    while True:
        try:
            length = int(body.read(4) or b"0", 16)
        except ValueError as error:
            raise BadBody("the push does not begin with pkt-lines") from error
        if length < 5:
            break
        line = body.read(length - 4).partition(b"\0")[0].strip().decode(errors="replace")
        parts = line.split(" ", 2)
        if len(parts) == 3:
            old, new, name = parts
            found.append(RefUpdate(name, None if old == NO_OBJECT else old, None if new == NO_OBJECT else new))
    body.seek(0)
    return found


def refusal(updates: Sequence[RefUpdate], why: str) -> bytes:
    """A report that tells stock git, ref by ref, why nothing was taken."""
    lines = packet(b"unpack ok\n") + b"".join(packet(f"ng {update.name} {why}\n".encode()) for update in updates)
    report = lines + b"0000"
    return b"".join(packet(b"\x01" + report[at : at + 60000]) for at in range(0, len(report), 60000)) + b"0000"


def packet(data: bytes) -> bytes:
    """One pkt-line."""
    return f"{len(data) + 4:04x}".encode() + data


async def answer(send: Send, status: int, body: bytes, content_type: str) -> None:
    """Send a whole response."""
    await send(_start(status, content_type, len(body)))
    await send({"type": "http.response.body", "body": body})


def _start(status: int, content_type: str, length: int | None = None) -> dict[str, object]:
    headers = [(b"content-type", content_type.encode()), *_FRESH]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": status, "headers": headers}


def _protocol(headers: Mapping[str, str]) -> dict[str, str]:
    asked = headers.get("git-protocol", "")
    return {"GIT_PROTOCOL": asked} if asked and "\0" not in asked else {}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
