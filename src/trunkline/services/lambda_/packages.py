"""Deployment packages on disk: zips by their digest, unpacked once, and layers laid over one another.

Everything is named by what it contains, so that writing it twice is harmless and functions with the same code share it.
"""

import asyncio
import base64
import hashlib
import io
import shutil
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from trunkline.core import ids
from trunkline.services.lambda_.model import Code

_UNPACKED_LIMIT = 262_144_000
_ZIPPED_LIMIT = 52_428_800


class PackageError(Exception):
    """A zip that cannot be used; the message is AWS's."""


class Packages:
    """In `folder`: <digest>.zip, <digest>/ and layers-<digest>/."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def add(self, content: bytes, *, is_direct: bool) -> Code:
        """Keep and unpack a zip. is_direct: sent with the request, where AWS's limit is lower."""
        if is_direct and len(content) > _ZIPPED_LIMIT * 4 / 3:
            raise PackageError(f"Request must be smaller than {_ZIPPED_LIMIT * 4 // 3} bytes for the operation")
        return await asyncio.to_thread(self._add, content)

    def _add(self, content: bytes) -> Code:
        digest = hashlib.sha256(content)
        name = digest.hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / name).is_dir():
            self._unpacked([content], self._folder / name)
        if not (self._folder / f"{name}.zip").exists():
            whole = self._folder / f".{ids.hex_id(12)}.zip"
            whole.write_bytes(content)
            whole.rename(self._folder / f"{name}.zip")
        return Code(base64.b64encode(digest.digest()).decode(), len(content), name)

    def directory(self, code: Code) -> str:
        """Where a package is unpacked."""
        return str((self._folder / code.folder).absolute())

    def zip_path(self, folder: str) -> Path:
        return self._folder / f"{folder}.zip"

    async def layered(self, codes: list[Code]) -> str:
        """The directory that layers make together, the later over the earlier; "" for none."""
        if not codes:
            return ""
        together = hashlib.sha256(" ".join(code.folder for code in codes).encode()).hexdigest()
        target = self._folder / f"layers-{together}"
        if not target.is_dir():
            contents = [(self._folder / f"{code.folder}.zip").read_bytes() for code in codes]
            await asyncio.to_thread(self._unpacked, contents, target)
        return str(target.absolute())

    def _unpacked(self, zips: Iterable[bytes], target: Path) -> None:
        work = self._folder / f".{ids.hex_id(12)}"
        work.mkdir(parents=True)
        try:
            for content in zips:
                _unpack(content, work)
            work.chmod(0o755)
            try:
                work.rename(target)
            except OSError:
                if not target.is_dir():  # somebody else was quicker
                    raise
        finally:
            shutil.rmtree(work, ignore_errors=True)

    async def keep_only(self, folders: set[str]) -> None:
        """Remove packages that nothing refers to; merged layers are made again when needed."""
        await asyncio.to_thread(self._keep_only, folders)

    def _keep_only(self, folders: set[str]) -> None:
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            if path.name.removesuffix(".zip") in folders:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _unpack(content: bytes, target: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _UNPACKED_LIMIT:
                raise PackageError(f"Unzipped size must be smaller than {_UNPACKED_LIMIT} bytes")
            for entry in entries:
                _write(archive, entry, target)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise PackageError(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    path = (target / entry.filename).resolve()
    if not path.is_relative_to(target.resolve()):
        raise PackageError("Could not unzip uploaded file. Please check your file, then try to upload again.")
    mode = entry.external_attr >> 16
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.is_file():
        path.unlink()
    if stat.S_ISLNK(mode):
        path.symlink_to(archive.read(entry).decode())
        return
    with archive.open(entry) as source, path.open("wb") as written:
        shutil.copyfileobj(source, written)
    # The sandbox's user is another than ours: what a zip made elsewhere forgot to open is readable here.
    path.chmod((mode & 0o777 or 0o644) | 0o444)
