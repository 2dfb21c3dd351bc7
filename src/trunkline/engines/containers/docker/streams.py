"""Taking apart the streams that Docker sends: framed output, timestamped log lines, JSON by line."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from trunkline.engines.containers.docker.encoding import timestamp_ns

_HEADER = 8
_STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}


class Demultiplexer:
    """Docker's frames (stream, length, payload) out of pieces cut anywhere."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """The frames that are complete now."""
        self._buffer += data
        frames = []
        at = 0
        while len(self._buffer) - at >= _HEADER:
            size = int.from_bytes(self._buffer[at + 4 : at + _HEADER], "big")
            if len(self._buffer) - at - _HEADER < size:
                break
            stream = _STREAMS.get(self._buffer[at], "stdout")
            frames.append((stream, bytes(self._buffer[at + _HEADER : at + _HEADER + size])))
            at += _HEADER + size
        del self._buffer[:at]
        return frames


class LineJoiner:
    """Lines out of log frames. Docker cuts lines at 16 KB; each piece has a timestamp, only the last a line break."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[int, bytearray]] = {}

    def feed(self, stream: str, frame: bytes) -> tuple[int, bytes] | None:
        """(timestamp_ns, line) once the line is complete."""
        stamp, _, text = frame.partition(b" ")
        ended = text.endswith(b"\n")
        started = self._open.get(stream)
        if started is None:
            at = timestamp_ns(stamp.decode())
            if ended:
                return at, text[:-1].removesuffix(b"\r")
            self._open[stream] = (at, bytearray(text))
            return None
        started[1].extend(text)
        if not ended:
            return None
        del self._open[stream]
        return started[0], bytes(started[1][:-1]).removesuffix(b"\r")

    def rest(self) -> list[tuple[str, int, bytes]]:
        """What a container wrote last without a line break."""
        left = [(stream, at, bytes(text)) for stream, (at, text) in self._open.items()]
        self._open.clear()
        return left


async def json_lines(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """One document per line, however the pieces are cut."""
    buffer = b""
    async for piece in response.content.iter_any():
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    if buffer.strip():
        yield json.loads(buffer)
