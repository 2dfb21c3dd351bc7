"""Where repositories lie on disk: made beside their place and renamed into it, so that one is there whole or not."""

import asyncio
import fcntl
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline.core import ids
from trunkline.core.log import get
from trunkline.engines.git import process

log = get(__name__)

# gc is ours to start (`maintenance.py`): one that git forks by itself would hold the repository's lock.
# `fsync` of refs too: an acknowledged push survives power loss.
_SETTINGS = {
    "core.fsync": "objects,derived-metadata,reference",
    "core.fsyncMethod": "fsync",
    "gc.auto": "0",
    "receive.autogc": "false",
    "receive.denyDeleteCurrent": "refuse",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "repack.writeBitmaps": "true",
}
_LOCK = "trunkline.lock"


class Layout:
    """The directory of the repositories."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._new = root / "new"
        self._trash = root / "trash"
        self.spool = root / "spool"

    def path(self, repository: str) -> Path:
        """The directory of a repository."""
        return self.root / "repositories" / repository[:2] / f"{repository}.git"

    def prepare(self) -> None:
        """Make the directories; throw away what was half made, half received or half removed."""
        for folder in (self._new, self._trash, self.spool):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)

    def present(self) -> Iterable[str]:
        """The ids of the repositories on disk."""
        return [found.name.removesuffix(".git") for found in (self.root / "repositories").glob("*/*.git")]

    async def create(self, repository: str) -> None:
        """Make an empty repository, unless it is there."""
        place = self.path(repository)
        if place.exists():
            return
        self._new.mkdir(parents=True, exist_ok=True)
        fresh = self._new / ids.hex_id(16)
        await process.run(self._new, ["init", "-q", "--bare", "--template=", "--initial-branch=main", str(fresh)])
        with (fresh / "config").open("a") as config:
            for key, value in _SETTINGS.items():
                section, name = key.split(".")
                config.write(f"[{section}]\n\t{name} = {value}\n")
        (fresh / _LOCK).touch()
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.rename(place)
        _sync(place.parent)

    def remove(self, repository: str) -> None:
        """Take a repository away, if it is there: at once out of its place, and then off the disk.

        Called on the database's writer thread, which must neither wait for a large folder nor see an error: what
        cannot be removed now is swept away at the next start.
        """
        gone = self._trash / ids.hex_id(16)
        try:
            self._trash.mkdir(parents=True, exist_ok=True)
            self.path(repository).rename(gone)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("a deleted repository is still on disk", repository=repository, error=error)
            return
        threading.Thread(target=shutil.rmtree, args=(gone, True), name="git-remove", daemon=True).start()

    @asynccontextmanager
    async def locked(self, repository: str) -> AsyncIterator[int]:
        """Hold the repository's lock file; gives its descriptor, to be handed to the git that changes refs.

        That git keeps the lock when Trunkline is killed over it, so that whoever comes next waits until it is through.
        """
        descriptor = os.open(self.path(repository) / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(0.02)
            yield descriptor
        finally:
            os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
