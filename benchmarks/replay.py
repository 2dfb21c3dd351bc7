"""A client that costs next to nothing: raw requests over kept connections, answers read and thrown away.

boto3 itself costs several times what the server does, so the requests are made by boto3 beforehand (`calls.py`) and
only sent here, in the order and with the waiting (Expect: 100-continue) in which boto3 would.
"""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Wire:
    """One request as bytes; `waits` for the server's word before it sends the body."""

    head: bytes
    body: bytes
    waits: bool


@dataclass
class Sent:
    """What one slice of replaying saw."""

    requests: int
    wall_s: float
    latencies_s: list[float]


class Refusal(Exception):
    """An answer that was not a success."""


class Connection:
    """One kept connection; made anew when the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._buffer = bytearray(_CHUNK)

    def send(self, wire: Wire) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wire.waits:
            self._socket.sendall(wire.head)
            head, rest = self._head(b"")
            if not head.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100")):
                self._finish(head, rest)
                return
            self._socket.sendall(wire.body)
        elif len(wire.body) < 65536:
            self._socket.sendall(wire.head + wire.body)
        else:
            self._socket.sendall(wire.head)
            self._socket.sendall(wire.body)
            rest = b""
        head, rest = self._head(rest if wire.waits else b"")
        while head.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100")):
            head, rest = self._head(rest)
        self._finish(head, rest)

    def _head(self, data: bytes) -> tuple[bytes, bytes]:
        assert self._socket is not None
        while b"\r\n\r\n" not in data:
            more = self._socket.recv(65536)
            if not more:
                self.close()
                raise Refusal(f"the connection was closed after {data!r}")
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _finish(self, head: bytes, rest: bytes) -> None:
        assert self._socket is not None
        lower = head.lower()
        keep = b"connection: close" not in lower and not lower.startswith(b"http/1.0")
        start = lower.find(b"content-length:")
        body = rest
        if start >= 0:
            left = int(lower[start + 15 :].split(b"\r\n", 1)[0]) - len(rest)
            while left > 0:
                count = self._socket.recv_into(self._buffer)
                if not count:
                    raise Refusal("the connection was closed within an answer")
                left -= count
        elif b"transfer-encoding: chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body = body[-16:] + self._socket.recv(65536)
        elif not head.split(b" ", 2)[1].startswith((b"204", b"304")):
            while self._socket.recv_into(self._buffer):
                pass
            keep = False
        if not keep:
            self.close()
        if not head.split(b" ", 2)[1].startswith(b"2"):
            raise Refusal(f"{head.decode('latin-1')}\n{rest[:2000].decode('latin-1')}")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def replay(port: int, wires: Sequence[Wire], connections: int, *, least: int, least_s: float, most_s: float) -> Sent:
    """Send from `wires` in turn: at least `least` requests and for `least_s`, but no longer than `most_s`."""
    sent = Sent(0, 0.0, [])
    failures: list[Exception] = []
    begun = time.perf_counter()

    def run(first: int) -> None:
        connection = Connection(port)
        number = first
        latencies = []
        try:
            while not failures:
                now = time.perf_counter()
                elapsed = now - begun
                if elapsed > most_s or (elapsed > least_s and number >= least):
                    break
                connection.send(wires[number % len(wires)])
                latencies.append(time.perf_counter() - now)
                number += connections
        except (Refusal, OSError) as error:
            failures.append(error)
        finally:
            connection.close()
            sent.latencies_s.extend(latencies)

    if connections == 1:
        run(0)
    else:
        threads = [threading.Thread(target=run, args=(first,)) for first in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    sent.requests = len(sent.latencies_s)
    sent.wall_s = time.perf_counter() - begun
    return sent
