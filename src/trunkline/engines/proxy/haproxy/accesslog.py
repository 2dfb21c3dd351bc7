"""Receives HAProxy's log lines: one datagram a request, parsed in a thread of its own.

UDP on purpose: HAProxy never waits for us. Lines are lost while Trunkline is down; a stalled event loop loses none,
because the thread goes on reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from trunkline.core.log import get
from trunkline.engines.proxy.haproxy import tracing
from trunkline.engines.proxy.interface import RequestRecord

log = get(__name__)

_PAUSE_S = 0.05
_BUFFER = 16 << 20
_LONGEST = 4096


class AccessLog:
    """`port` is stable across restarts where possible, since it stands in the running configuration."""

    def __init__(self, port_file: Path, deliver: Callable[[Sequence[RequestRecord]], None]) -> None:
        self._port_file = port_file
        self._deliver = deliver
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = 0

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            receiver.bind(("127.0.0.1", int(self._port_file.read_text())))
        except (OSError, ValueError):
            receiver.bind(("127.0.0.1", 0))
        # FORCE passes the machine's limit, where we may.
        for option in (socket.SO_RCVBUF, getattr(socket, "SO_RCVBUFFORCE", 33)):
            with contextlib.suppress(OSError):
                receiver.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        receiver.settimeout(0.2)
        self.port = receiver.getsockname()[1]
        self._port_file.parent.mkdir(parents=True, exist_ok=True)
        self._port_file.write_text(str(self.port))
        self._socket = receiver
        self._thread = threading.Thread(target=self._receive, args=(receiver,), name="access-log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        receiver, self._socket = self._socket, None
        if self._thread is not None:
            self._thread.join(2)
        if receiver is not None:
            receiver.close()

    def _receive(self, receiver: socket.socket) -> None:
        while self._socket is receiver:
            try:
                lines = [receiver.recv(_LONGEST)]
                # A short pause lets lines gather: one wake-up for many, instead of one each.
                time.sleep(_PAUSE_S)
                receiver.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        lines.append(receiver.recv(_LONGEST))
            except TimeoutError:
                continue
            except OSError:
                return
            receiver.settimeout(0.2)
            records = [record for record in map(parse, lines) if record is not None]
            if records and self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                    self._loop.call_soon_threadsafe(self._deliver, records)


def parse(line: bytes) -> RequestRecord | None:
    """One line of render.LOG_FIELDS; None for anything else (HAProxy's own messages, relayed requests)."""
    words = line.split()
    if len(words) != 8 or not words[2].startswith(b"l-"):
        return None
    at, rule, frontend, backend, server, status, response_ms, traced = words
    kind, _, rule_id = rule.decode().partition(".")
    if kind == "relay":
        return None
    try:
        answered = server != b"<NOSRV>" and int(response_ms) >= 0
        return RequestRecord(
            time=int(at) / 1e6,
            listener=frontend[2:].decode(),
            rule=rule_id,
            kind="" if kind == "-" else kind,
            target_group=backend[2:].decode() if backend.startswith(b"t-") else "",
            member="" if server == b"<NOSRV>" else server.decode(),
            status=int(status),
            answered_by_target=answered,
            target_time_s=max(0, int(response_ms)) / 1000,
            trace=None if traced == b"-" else tracing.read(traced),
        )
    except ValueError:
        log.warning("unexpected access log line", line=line)
        return None
