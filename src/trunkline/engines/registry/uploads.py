"""Uploads under way: a file each, whose size is the offset; they go on after a restart.

Content is hashed as it arrives. After a restart the hash begins anew over what the file already has.
"""

import asyncio
import os
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.core import ids
from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError

if TYPE_CHECKING:
    from hashlib import _Hash

_BATCH = 1 << 20


@dataclass(slots=True)
class _Running:
    """What is remembered of an upload beside its file."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    hash: "_Hash | None" = None
    hashed: int = 0


class Uploads:
    """The directory of the uploads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[str, _Running] = {}

    def prepare(self) -> None:
        """Make the directory."""
        self._root.mkdir(parents=True, exist_ok=True)

    def begin(self, repository: str) -> str:
        """Start an upload."""
        upload = ids.uuid()
        self._path(repository, upload).touch(exist_ok=False)
        return upload

    def offset(self, repository: str, upload: str) -> int:
        """How many bytes have arrived."""
        try:
            return self._path(repository, upload).stat().st_size
        except FileNotFoundError as error:
            raise _unknown(upload) from error

    async def append(
        self, repository: str, upload: str, data: AsyncIterable[bytes], start: int | None, end: int | None
    ) -> int:
        """Add bytes, in order."""
        path = self._path(repository, upload)
        running = self._running.setdefault(upload, _Running())
        async with running.turn:
            offset = self.offset(repository, upload)
            if start is not None and start != offset:
                raise _out_of_order(offset)
            await self._catch_up(path, running, offset)
            with path.open("ab", buffering=0) as file:
                batch, size = [], 0
                async for chunk in data:
                    batch.append(chunk)
                    size += len(chunk)
                    if size >= _BATCH:
                        await asyncio.to_thread(_write, file.fileno(), running, b"".join(batch))
                        batch, size = [], 0
                if batch:
                    await asyncio.to_thread(_write, file.fileno(), running, b"".join(batch))
                if end is not None and running.hashed != end + 1:
                    # What the client said and what it sent differ: forget the chunk.
                    os.ftruncate(file.fileno(), offset)
                    running.hash = None
                    raise RegistryError("SIZE_INVALID", "content length did not match the range", status=416)
            return running.hashed

    async def complete(self, repository: str, upload: str, digest: str) -> tuple[Path, int]:
        """Check the digest and sync the file; what happens to the file then is the caller's."""
        path = self._path(repository, upload)
        running = self._running.setdefault(upload, _Running())
        async with running.turn:
            size = self.offset(repository, upload)
            algorithm, _, wanted = digests.check(digest).partition(":")
            if algorithm == "sha256":
                await self._catch_up(path, running, size)
                assert running.hash is not None
                found = running.hash.hexdigest()
            else:
                found = (await asyncio.to_thread(_hash_file, path, algorithm)).hexdigest()
            if found != wanted:
                raise RegistryError(
                    "DIGEST_INVALID", "provided digest did not match uploaded content", detail=f"{algorithm}:{found}"
                )
            await asyncio.to_thread(_sync, path)
            self._running.pop(upload, None)
            return path, size

    def cancel(self, repository: str, upload: str) -> None:
        """Throw an upload away."""
        try:
            self._path(repository, upload).unlink()
        except FileNotFoundError as error:
            raise _unknown(upload) from error
        self._running.pop(upload, None)

    def expire(self, before: float) -> int:
        """Delete uploads that nobody has added to since an epoch; returns bytes."""
        freed = 0
        for path in self._root.iterdir():
            with suppress(FileNotFoundError):
                found = path.stat()
                if found.st_mtime < before:
                    path.unlink()
                    freed += found.st_size
                    self._running.pop(path.name.rpartition("@")[2], None)
        return freed

    async def _catch_up(self, path: Path, running: _Running, offset: int) -> None:
        if running.hash is None or running.hashed != offset:
            running.hash = await asyncio.to_thread(_hash_file, path, "sha256")
            running.hashed = offset

    def _path(self, repository: str, upload: str) -> Path:
        if not all(c.isalnum() or c == "-" for c in upload):
            raise _unknown(upload)
        return self._root / f"{repository}@{upload}"


def _write(descriptor: int, running: _Running, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    assert running.hash is not None
    running.hash.update(data)
    running.hashed += len(data)


def _hash_file(path: Path, algorithm: str) -> "_Hash":
    found = digests.new(algorithm)
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_BATCH):
            found.update(chunk)
    return found


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unknown(upload: str) -> RegistryError:
    return RegistryError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", detail=upload[:64])


def _out_of_order(offset: int) -> RegistryError:
    headers = (("Range", f"0-{max(offset - 1, 0)}"),)
    return RegistryError("BLOB_UPLOAD_INVALID", f"the next byte is {offset}", status=416, headers=headers)
