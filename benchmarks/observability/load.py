"""PutLogEvents as fast as one process can send it: requests signed by hand, over a few kept connections.

One client process beside the server on the same cores, so whatever it burns is missing there: a request is one HMAC
chain and one `json` of strings made beforehand.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.servers import ACCESS_KEY, SECRET_KEY, Server

BATCH = 100
_SIGNED = "content-type;host;x-amz-date;x-amz-target"


@dataclass
class Load:
    """Batches for one stream after the other, evenly over a span of time."""

    server: Server
    group: str
    streams: list[str]
    start_ms: int
    step_ms: float
    events: int
    sent: int = 0
    latencies_s: list[float] = field(default_factory=list)
    _key: bytes = b""
    _day: str = ""

    async def run(self, connections: int = 6) -> float:
        """Send everything; the seconds it took."""
        begun = time.perf_counter()
        batches = iter(range(self.events // BATCH))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(self._send(batches))
        return time.perf_counter() - begun

    async def _send(self, batches: Iterator[int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        for number in batches:
            begun = time.perf_counter()
            writer.write(self._request(number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            if b" 200 " not in head[:16]:
                raise RuntimeError(f"{head.decode()}{body.decode()}")
            self.latencies_s.append(time.perf_counter() - begun)
            self.sent += BATCH
        writer.close()

    def _request(self, number: int) -> bytes:
        stream = self.streams[number % len(self.streams)]
        first = number * BATCH
        events = ",".join(
            f'{{"timestamp":{int(self.start_ms + n * self.step_ms)},"message":{json.dumps(message(n))}}}'
            for n in range(first, first + BATCH)
        )
        body = f'{{"logGroupName":"{self.group}","logStreamName":"{stream}","logEvents":[{events}]}}'.encode()
        return self._signed("Logs_20140328.PutLogEvents", body)

    def _signed(self, target: str, body: bytes) -> bytes:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        day, host = now[:8], f"127.0.0.1:{self.server.port}"
        if day != self._day:
            self._day, self._key = day, _key(day)
        scope = f"{day}/us-east-1/logs/aws4_request"
        canonical = (
            f"POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:{host}\nx-amz-date:{now}\n"
            f"x-amz-target:{target}\n\n{_SIGNED}\n{hashlib.sha256(body).hexdigest()}"
        )
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key, text.encode(), "sha256").hexdigest()
        return (
            f"POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-date: {now}\r\n"
            f"x-amz-target: {target}\r\ncontent-length: {len(body)}\r\nauthorization: AWS4-HMAC-SHA256 Credential="
            f"{ACCESS_KEY}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}\r\n\r\n"
        ).encode() + body


def _key(day: str) -> bytes:
    key = b"AWS4" + SECRET_KEY.encode()
    for part in (day, "us-east-1", "logs", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


def message(n: int) -> str:
    """A line of an access log as JSON: about 140 bytes, one in a thousand an error."""
    level, status = ("ERROR", 500) if n % 1000 == 0 else ("INFO", 200)
    return (
        f'{{"level":"{level}","status":{status},"latency_ms":{n * 7919 % 997},"path":"/api/items/{n * 31 % 100_003}",'
        f'"user":"user-{n % 5000}","region":"us-east-1","request":"{n:016x}"}}'
    )
