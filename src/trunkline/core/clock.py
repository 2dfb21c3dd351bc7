"""The only source of time.

Two kinds of waiting are kept apart. `sleep` is a real pause of the machinery (a health check, an alarm's period).
`wait` is a wait that a user rehearses (a canary's interval, a bake, an approval's time-out) and that `--clock 60`
makes sixty times shorter. Timestamps are always real.
"""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What reads time or waits takes one of these; nothing else imports `time` or `datetime.now`."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""

    def time(self) -> float:
        """The present as seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never go backwards, for measuring durations."""

    async def sleep(self, seconds: float) -> None:
        """A real pause."""

    async def wait(self, seconds: float) -> None:
        """A rehearsable wait: accelerated."""

    def due(self, seconds: float) -> float:
        """The epoch instant at which a `wait` of `seconds` that starts now is over: store it to survive a restart."""

    async def wait_until(self, epoch: float) -> None:
        """Return at (or after) the instant `due` named."""


class RealClock:
    """The machine's clock; waits pass `speed` times faster."""

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("the clock's speed must be positive")
        self.speed = speed

    def now(self) -> datetime:
        return datetime.now(UTC)

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def due(self, seconds: float) -> float:
        return time.time() + seconds / self.speed

    async def wait_until(self, epoch: float) -> None:
        while (left := epoch - time.time()) > 0:
            await asyncio.sleep(min(left, 3600.0))


class ManualClock:
    """A clock that tests move by hand; sleeping and waiting are the same to it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._epoch = (start or datetime(2026, 1, 1, tzinfo=UTC)).timestamp()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._epoch, UTC)

    def time(self) -> float:
        return self._epoch

    def monotonic(self) -> float:
        return self._epoch

    async def sleep(self, seconds: float) -> None:
        await self.wait_until(self._epoch + max(0.0, seconds))

    async def wait(self, seconds: float) -> None:
        await self.sleep(seconds)

    def due(self, seconds: float) -> float:
        return self._epoch + seconds

    async def wait_until(self, epoch: float) -> None:
        if epoch <= self._epoch:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (epoch, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time on, waking sleepers in order and letting what they wake run before the next."""
        end = self._epoch + seconds
        while True:
            await settle()
            if not self._sleepers or self._sleepers[0][0] > end:
                break
            epoch, _, future = heapq.heappop(self._sleepers)
            self._epoch = max(self._epoch, epoch)
            if not future.done():
                future.set_result(None)
        self._epoch = end
        await settle()


async def settle(turns: int = 20) -> None:
    """Let everything that is ready on the event loop run."""
    for _ in range(turns):
        await asyncio.sleep(0)
