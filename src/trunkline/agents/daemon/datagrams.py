"""Segments by UDP: `{"format":"json","version":1}`, a line end, and one segment document. Nothing is ever answered."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

Segment = dict[str, Any]
Take = Callable[[Segment, str], None]


class Datagrams(asyncio.DatagramProtocol):
    """Hands each segment on with the address that sent it; `refuse` is told why a datagram is none."""

    def __init__(self, take: Take, refuse: Callable[[str], None]) -> None:
        self._take = take
        self._refuse = refuse

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        segment = parse(data)
        if isinstance(segment, str):
            self._refuse(segment)
        else:
            self._take(segment, addr[0])

    def error_received(self, exc: Exception) -> None:
        self._refuse(str(exc))


def parse(data: bytes) -> Segment | str:
    """The segment of a datagram, or why there is none."""
    head, separator, body = data.partition(b"\n")
    if not separator:
        return "a datagram has no header line"
    try:
        header = orjson.loads(head)
        if not isinstance(header, dict) or header.get("format") != "json" or header.get("version") != 1:
            return "a datagram's header is not that of version 1 in JSON"
        segment = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "a datagram is not JSON"
    return segment if isinstance(segment, dict) else "a datagram holds no segment"
