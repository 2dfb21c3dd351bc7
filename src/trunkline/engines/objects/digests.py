"""Digests computed while bytes pass by, so that no upload is ever read twice.

The names are the ones stored with an object and are S3's checksum algorithms in lower case. CRC32C, CRC64NVME and the
XXHash family come from AWS's own C library, which is loaded the first time one of them is asked for: 7 MB that most
servers never need.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol


class Digest(Protocol):
    """Feed it every byte once, in order; `digest` ends it."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    def __init__(self, step: Callable[[bytes, int], int], width: int) -> None:
        self._step = step
        self._width = width
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


class _XXHash:
    def __init__(self, hasher: Any) -> None:
        self._hasher = hasher

    def update(self, data: bytes) -> None:
        self._hasher.update(data)

    def digest(self) -> bytes:
        return bytes(self._hasher.finalize())


def _md5() -> Digest:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Digest:
    return hashlib.sha1(usedforsecurity=False)


def _crc32() -> Digest:
    return _Crc(zlib.crc32, 4)


def _crc32c() -> Digest:
    from awscrt import checksums

    return _Crc(checksums.crc32c, 4)


def _crc64nvme() -> Digest:
    from awscrt import checksums

    return _Crc(checksums.crc64nvme, 8)


def _xxhash64() -> Digest:
    from awscrt import checksums

    return _XXHash(checksums.XXHash.new_xxhash64())


def _xxhash3() -> Digest:
    from awscrt import checksums

    return _XXHash(checksums.XXHash.new_xxhash3_64())


def _xxhash128() -> Digest:
    from awscrt import checksums

    return _XXHash(checksums.XXHash.new_xxhash3_128())


ALGORITHMS: dict[str, Callable[[], Digest]] = {
    "md5": _md5,
    "sha1": _sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "crc32": _crc32,
    "crc32c": _crc32c,
    "crc64nvme": _crc64nvme,
    "xxhash64": _xxhash64,
    "xxhash3": _xxhash3,
    "xxhash128": _xxhash128,
}


def digest_of(name: str, data: bytes) -> bytes:
    """The digest of bytes already at hand."""
    if name == "md5":
        return hashlib.md5(data, usedforsecurity=False).digest()
    if name == "sha256":
        return hashlib.sha256(data).digest()
    if name == "crc32":
        return zlib.crc32(data).to_bytes(4, "big")
    digest = ALGORITHMS[name]()
    digest.update(data)
    return digest.digest()


def combined_crc(name: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The CRC of a whole from the CRC and the length in bytes of each of its parts, without reading them again."""
    from awscrt import checksums

    combine = {
        "crc32": checksums.combine_crc32,
        "crc32c": checksums.combine_crc32c,
        "crc64nvme": checksums.combine_crc64nvme,
    }[name]
    value = 0
    width = 8 if name == "crc64nvme" else 4
    for index, (crc, length) in enumerate(parts):
        part = int.from_bytes(crc, "big")
        value = part if index == 0 else combine(value, part, length)
    return value.to_bytes(width, "big")
