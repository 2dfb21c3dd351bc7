"""Pieces as files of the data directory: the embedded driver.

`objects/ab/abcdef…` is a piece, named by its SHA-256; `objects/new/…` are writes under way. A file is published by
writing it under a temporary name, fsync, rename and fsync of its folder, so a name never shows half a piece. Small
pieces never become files: see `references`. Everything slow happens on the driver's own threads.
"""

import asyncio
import functools
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from trunkline.core import ids
from trunkline.core.db import Database, Tx
from trunkline.core.log import get
from trunkline.engines.objects import references
from trunkline.engines.objects.digests import ALGORITHMS, Digest, digest_of
from trunkline.engines.objects.intake import Intake
from trunkline.engines.objects.interface import CHUNK_BYTES, MissingPieceError, Piece, TooLargeError, Written
from trunkline.engines.objects.references import INLINE_BYTES
from trunkline.engines.objects.window import cuts

P = ParamSpec("P")
T = TypeVar("T")

log = get(__name__)

_THREADS = 4
_NEW = "new"


class FileObjects:
    """Implements `Objects` on a folder and the database's count of references."""

    def __init__(self, root: Path, db: Database) -> None:
        self._root = root
        self._db = db
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="objects")
        self._lock = threading.Lock()
        self._pins: Counter[str] = Counter()  # published, not yet kept or discarded: never to be unlinked
        db.migrate("objects", references.MIGRATIONS)
        (root / _NEW).mkdir(parents=True, exist_ok=True)

    async def start(self) -> None:
        await self._run(self._sweep)

    async def stop(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    # writing ---------------------------------------------------------------------------------------------------------

    async def write(
        self,
        source: bytes | AsyncIterator[bytes],
        *,
        digests: Collection[str] = (),
        sha256: str | None = None,
        max_bytes: int | None = None,
    ) -> Written:
        if isinstance(source, bytes):
            if max_bytes is not None and len(source) > max_bytes:
                raise TooLargeError(f"more than {max_bytes} bytes")
            if len(source) <= INLINE_BYTES:
                return _small(source, digests, sha256)
            source = _once(source)
        intake = Intake(source, max_bytes)
        first = await intake.batch(INLINE_BYTES + 1)
        if intake.size <= INLINE_BYTES:
            return _small(b"".join(first), digests, sha256)
        return await self._large(first, intake, digests, sha256)

    async def _large(self, batch: list[bytes], intake: Intake, digests: Collection[str], sha256: str | None) -> Written:
        names = set(digests) | ({"sha256"} if sha256 is None else set())
        running = {name: ALGORITHMS[name]() for name in names}
        path = self._root / _NEW / ids.hex_id(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            while batch:
                # The next batch is received while this one is hashed and written.
                work = asyncio.ensure_future(self._run(_store, descriptor, batch, running))
                try:
                    batch = await intake.batch()
                finally:
                    await asyncio.shield(work)
            done = {name: digest.digest() for name, digest in running.items()}
            if sha256 is not None:
                done["sha256"] = bytes.fromhex(sha256)
            piece = Piece(done["sha256"].hex(), intake.size)
            await self._published(descriptor, path, piece.address)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        return Written(piece, done)

    async def _published(self, descriptor: int, path: Path, address: str) -> None:
        work = asyncio.ensure_future(self._run(self._publish, descriptor, path, address))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread cannot be stopped: see it end, then take back what it published.
            await work
            self._unpin(address)
            self._forget(address)
            raise

    def _publish(self, descriptor: int, path: Path, address: str) -> None:
        os.fsync(descriptor)
        target = self._path(address)
        with self._lock:
            if target.exists():
                path.unlink()
            else:
                if not target.parent.exists():
                    target.parent.mkdir(exist_ok=True)
                    _sync_folder(self._root)
                path.rename(target)
            self._pins[address] += 1
        # Also for a file found there: whoever renamed it may not have come to this line yet.
        _sync_folder(target.parent)

    # references ------------------------------------------------------------------------------------------------------

    def keep(self, tx: Tx, written: Written) -> None:
        references.keep(tx, written)
        if written.inline is None:
            tx.after_commit(lambda: self._unpin(written.piece.address))

    def discard(self, written: Written) -> None:
        if written.inline is None:
            self._unpin(written.piece.address)
            self._forget(written.piece.address)

    def retain(self, tx: Tx, pieces: Sequence[Piece]) -> None:
        references.retain(tx, pieces)

    def release(self, tx: Tx, pieces: Sequence[Piece]) -> None:
        references.release(tx, pieces, self._forget)

    def _unpin(self, address: str) -> None:
        with self._lock:
            self._pins[address] -= 1
            if self._pins[address] <= 0:
                del self._pins[address]

    def _forget(self, address: str) -> None:
        try:
            self._threads.submit(self._unlink_unless_used, address)
        except RuntimeError:  # stopping: the next start sweeps it
            return

    def _unlink_unless_used(self, address: str) -> None:
        # The lock orders this against _publish: whoever comes second sees what the first did.
        with self._lock:
            if not self._pins.get(address) and not references.known(self._db, address):
                self._path(address).unlink(missing_ok=True)

    def _sweep(self) -> None:
        swept = 0
        for path in (self._root / _NEW).iterdir():
            path.unlink(missing_ok=True)
            swept += 1
        for folder in self._root.iterdir():
            if folder.name == _NEW or not folder.is_dir():
                continue
            for path in folder.iterdir():
                if not references.known(self._db, path.name):
                    self._unlink_unless_used(path.name)
                    swept += 1
        if swept:
            log.info("swept objects nobody refers to", files=swept)

    # reading ---------------------------------------------------------------------------------------------------------

    def read(self, pieces: Sequence[Piece], start: int = 0, length: int | None = None) -> bytes | AsyncIterator[bytes]:
        parts: list[bytes | _OpenCut] = []
        try:
            for cut in cuts(pieces, start, length):
                data = references.inline(self._db, cut.piece)
                if data is not None:
                    parts.append(data[cut.start : cut.start + cut.length])
                else:
                    parts.append(_OpenCut(self._path(cut.piece.address), cut.start, cut.length))
        except BaseException:
            for part in parts:
                if isinstance(part, _OpenCut):
                    part.close()
            raise
        if not any(isinstance(part, _OpenCut) for part in parts):
            return b"".join(part for part in parts if isinstance(part, bytes))
        return self._stream(parts)

    async def _stream(self, parts: "list[bytes | _OpenCut]") -> AsyncIterator[bytes]:
        try:
            for part in parts:
                if isinstance(part, bytes):
                    yield part
                    continue
                while chunk := await self._run(part.next):
                    yield chunk
        finally:
            for part in parts:
                if isinstance(part, _OpenCut):
                    part.close()

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        work = functools.partial(call, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _path(self, address: str) -> Path:
        return self._root / address[:2] / address


class _OpenCut:
    """A range of an open file, read chunk by chunk on the driver's threads. Closed by itself when nobody holds it."""

    def __init__(self, path: Path, start: int, length: int) -> None:
        try:
            self._file = path.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise MissingPieceError(path.name) from error
        self._offset = start
        self._left = length
        self._lock = threading.Lock()  # a reader that goes away closes while a thread may be reading

    def next(self) -> bytes:
        with self._lock:
            if not self._left or self._file.closed:
                return b""
            chunk = os.pread(self._file.fileno(), min(CHUNK_BYTES, self._left), self._offset)
            if not chunk:
                raise OSError(f"{self._file.name} is shorter than it was when it was written")
            self._offset += len(chunk)
            self._left -= len(chunk)
            return chunk

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _small(data: bytes, digests: Collection[str], sha256: str | None) -> Written:
    done = {"sha256": bytes.fromhex(sha256) if sha256 is not None else digest_of("sha256", data)}
    for name in digests:
        if name not in done:
            done[name] = digest_of(name, data)
    return Written(Piece(done["sha256"].hex(), len(data)), done, data)


def _store(descriptor: int, batch: list[bytes], running: dict[str, Digest]) -> None:
    for chunk in batch:
        for digest in running.values():
            digest.update(chunk)
        left = memoryview(chunk)
        while left:
            left = left[os.write(descriptor, left) :]


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
