"""Applies lifecycle policies and collects the registry's garbage, again and again."""

import asyncio

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.services.ecr import lifecycle, store
from trunkline.services.ecr.images import Gone, Images, IsListed
from trunkline.services.ecr.model import Repository

log = get(__name__)
_EVERY_S = 3600.0


class Expiring:
    """A task that wakes every hour, and when a policy is put."""

    def __init__(self, kit: Kit, images: Images) -> None:
        self._kit = kit
        self._images = images
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; what was begun is one transaction an image."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def soon(self) -> None:
        """A policy has changed."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                for repository in store.REPOSITORIES.find(self._kit.db):
                    if repository.lifecycle is not None:
                        await self._apply(repository, repository.lifecycle)
                freed = await self._images.registry.collect()
                if freed:
                    log.info("collected unused layers", bytes=freed)
            except Exception:
                log.exception("lifecycle policies were not applied")
            pause = asyncio.create_task(self._kit.clock.sleep(_EVERY_S))
            wake = asyncio.create_task(self._wake.wait())
            try:
                await asyncio.wait([pause, wake], return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                wake.cancel()
            self._wake.clear()

    async def _apply(self, repository: Repository, text: str) -> None:
        now = self._kit.clock.now()
        images = self._images.registry.manifests(repository.id)
        expiring = lifecycle.evaluate(lifecycle.parse(text), images, now)
        for digest in expiring:
            try:
                await self._images.delete(repository.id, digest)
            except IsListed:  # goes after the index that lists it
                continue
            except Gone:
                return

        def work(tx: Tx) -> None:
            found = store.by_id(tx, repository.id)
            if found is not None:
                found.lifecycle_evaluated = now
                store.REPOSITORIES.put(tx, found)

        await self._kit.db.write(work)
        if expiring:
            log.info("expired images", repository=repository.name, images=len(expiring))
