"""Repacks repositories now and then, beside their use: git's own auto gc is off, it would keep the push's lock."""

import asyncio
from pathlib import Path

from trunkline.core.log import get
from trunkline.engines.git import process

log = get(__name__)
_LOOSE_OBJECTS = 2000
_PACKS = 30


class Maintenance:
    """At most one gc at a time, started after pushes."""

    def __init__(self) -> None:
        self._running: asyncio.Task[None] | None = None

    def after_push(self, repository: Path) -> None:
        """Consider a repository for gc; git decides by the number of loose objects and packs."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(_gc(repository))

    async def stop(self) -> None:
        """End a gc under way: it is safe to kill at any time."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


async def _gc(repository: Path) -> None:
    arguments = ["-c", f"gc.auto={_LOOSE_OBJECTS}", "-c", f"gc.autoPackLimit={_PACKS}", "-c", "gc.autoDetach=false"]
    try:
        code, _, said = await process.attempt(repository, [*arguments, "gc", "--auto", "--quiet"])
    except FileNotFoundError:  # deleted meanwhile
        return
    if code:
        log.warning("git gc failed", repository=str(repository), said=said)
