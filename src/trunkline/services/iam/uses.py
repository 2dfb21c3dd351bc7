"""When a key was used last: noted in memory for every request, written down now and then.

A write for every request would cost more than the request; a crash forgets at most the last minute.
"""

import asyncio
import contextlib
from datetime import UTC, datetime

from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.services.iam.identity import StoredIdentity
from trunkline.services.iam.store import KEYS

_EVERY_S = 60


class UseRecorder:
    """Stores what `StoredIdentity.note_use` collected."""

    def __init__(self, db: Database, clock: Clock, identity: StoredIdentity) -> None:
        self._db = db
        self._clock = clock
        self._identity = identity
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write uses down."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write the last ones down."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> None:
        """Write down what was noted since the last time."""
        uses = self._identity.take_uses()
        if not uses:
            return

        def write(tx: Tx) -> None:
            for access_key_id, (when, service, region) in uses.items():
                key = KEYS.get(tx, access_key_id)
                if key is not None:
                    key.used, key.used_service, key.used_region = datetime.fromtimestamp(when, UTC), service, region
                    KEYS.put(tx, key)

        await self._db.write(write)

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(_EVERY_S)
            await self.flush()
