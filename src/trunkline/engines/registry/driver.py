"""The driver that keeps blobs as files and everything else in the database."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.db import Database, Reader, Tx
from trunkline.engines.registry import digest as digests
from trunkline.engines.registry import manifests as forms
from trunkline.engines.registry import store
from trunkline.engines.registry.blobs import BlobFiles
from trunkline.engines.registry.interface import Blob, Manifest, Parsed, Stored
from trunkline.engines.registry.uploads import Uploads


class FileRegistry:
    """See `interface.Registry`."""

    def __init__(self, root: Path, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._files = BlobFiles(root / "blobs")
        self._uploads = Uploads(root / "uploads")
        db.migrate("registry", store.STEPS)

    async def start(self) -> None:
        self._uploads.prepare()

    async def stop(self) -> None:
        return None

    async def collect(self, *, grace_s: float = 86400.0) -> int:
        before = self._clock.time() - grace_s
        freed = self._uploads.expire(before)
        await self._db.write(lambda tx: store.unlink_unreferenced(tx, before))
        for blob in store.ownerless(self._db):
            async with self._files.turn(blob.digest):
                if await self._db.write(lambda tx, digest=blob.digest: store.forget_ownerless(tx, digest)):  # type: ignore[misc]
                    await self._files.remove(blob.digest)
                    freed += blob.size
        return freed

    def drop(self, tx: Tx, repository: str) -> None:
        store.drop(tx, repository)

    # blobs -----------------------------------------------------------------------------------------------------------

    def blob(self, repository: str, digest: str) -> Blob | None:
        return store.blob(self._db, repository, digest)

    def read(self, blob: Blob, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        return self._files.read(blob.digest, start, blob.size if end is None else end)

    async def mount(self, repository: str, digest: str, source: str) -> bool:
        now = self._clock.time()

        def work(tx: Tx) -> bool:
            found = store.blob(tx, source, digest)
            if found is not None:
                store.link(tx, repository, found, now)
            return found is not None

        return await self._db.write(work)

    async def unlink(self, repository: str, digest: str) -> bool:
        return await self._db.write(lambda tx: store.unlink(tx, repository, digest))

    # uploads ---------------------------------------------------------------------------------------------------------

    async def begin(self, repository: str) -> str:
        return self._uploads.begin(repository)

    def offset(self, repository: str, upload: str) -> int:
        return self._uploads.offset(repository, upload)

    async def append(
        self,
        repository: str,
        upload: str,
        data: AsyncIterable[bytes],
        *,
        start: int | None = None,
        end: int | None = None,
    ) -> int:
        return await self._uploads.append(repository, upload, data, start, end)

    async def finish(self, repository: str, upload: str, digest: str) -> Blob:
        path, size = await self._uploads.complete(repository, upload, digests.check(digest))
        blob = Blob(digest, size)
        now = self._clock.time()
        async with self._files.turn(digest):
            await self._files.place(digest, path)
            await self._db.write(lambda tx: store.link(tx, repository, blob, now))
        return blob

    async def cancel(self, repository: str, upload: str) -> None:
        self._uploads.cancel(repository, upload)

    # manifests -------------------------------------------------------------------------------------------------------

    def parse(self, body: bytes, media_type: str | None, *, digest: str | None = None) -> Parsed:
        return forms.parse(body, media_type, digest)

    def missing(self, repository: str, parsed: Parsed, *, reader: Reader | None = None) -> tuple[list[str], list[str]]:
        return store.missing(reader or self._db, repository, parsed)

    def store(self, tx: Tx, repository: str, parsed: Parsed, tag: str | None, now: datetime) -> Stored:
        return store.put(tx, repository, parsed, tag, now)

    def manifest(self, repository: str, reference: str, *, reader: Reader | None = None) -> Manifest | None:
        return store.manifest(reader or self._db, repository, reference)

    def manifests(self, repository: str, *, reader: Reader | None = None) -> list[Manifest]:
        return store.manifests(reader or self._db, repository)

    def tags(self, repository: str, *, after: str = "", limit: int | None = None) -> list[str]:
        return store.tags(self._db, repository, after, limit)

    def referrers(self, repository: str, subject: str) -> list[Manifest]:
        return store.referrers(self._db, repository, subject)

    def parents(self, repository: str, digest: str, *, reader: Reader | None = None) -> list[str]:
        return store.parents(reader or self._db, repository, digest)

    def untag(self, tx: Tx, repository: str, tag: str) -> str | None:
        return store.untag(tx, repository, tag)

    def remove(self, tx: Tx, repository: str, digest: str) -> bool:
        return store.remove(tx, repository, digest)

    def pulled(self, tx: Tx, repository: str, digest: str, now: datetime) -> None:
        store.pulled(tx, repository, digest, now)
