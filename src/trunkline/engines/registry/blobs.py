"""Blob files: named by what they contain, complete and on the platter before anybody is told of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_CHUNK = 1 << 20
_STRIPES = 64


class BlobFiles:
    """The directory of the blobs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turns = [asyncio.Lock() for _ in range(_STRIPES)]

    def path(self, digest: str) -> Path:
        """Where a blob lies."""
        algorithm, _, name = digest.partition(":")
        return self._root / algorithm / name[:2] / name

    @asynccontextmanager
    async def turn(self, digest: str) -> AsyncIterator[None]:
        """One at a time for a digest: placing a blob and deleting it must not overtake one another."""
        async with self._turns[hash(digest) % _STRIPES]:
            yield

    async def place(self, digest: str, file: Path) -> None:
        """Move a synced file to its place; within `turn`."""
        await asyncio.to_thread(self._place, self.path(digest), file)

    async def remove(self, digest: str) -> None:
        """Delete a blob's file; within `turn`."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def read(self, digest: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes from `start` up to, without, `end`."""
        with self.path(digest).open("rb", buffering=0) as file:
            file.seek(start)
            left = end - start
            while left > 0:
                chunk = await asyncio.to_thread(file.read, min(_CHUNK, left))
                if not chunk:
                    raise OSError(f"the file of {digest} is cut off")
                left -= len(chunk)
                yield chunk

    @staticmethod
    def _place(place: Path, file: Path) -> None:
        if place.exists():
            file.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        file.rename(place)
        for folder in (place.parent, place.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
