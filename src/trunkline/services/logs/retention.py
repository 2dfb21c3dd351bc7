"""Delete what retention policies have expired, once an hour. Until then reads leave it out."""

from __future__ import annotations

import asyncio

from trunkline.core.clock import Clock
from trunkline.core.log import get
from trunkline.engines.telemetry import Telemetry
from trunkline.services.logs.store import Store

log = get(__name__)

_EVERY_S = 3600


class Retention:
    def __init__(self, store: Store, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="logs-retention")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> None:
        now_ms = int(self._clock.time() * 1000)
        for group in self._store.all_groups():
            if group.retention_days is not None:
                await self._telemetry.expire_logs(group.id, group.kept_from_ms(now_ms))

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("the retention sweep failed; it is tried again in an hour")
            await self._clock.sleep(_EVERY_S)
