"""S3's flexible checksums: the algorithms that SDKs put in headers and in the trailers of chunked uploads."""

import base64
import hashlib
import zlib
from collections.abc import Callable
from typing import Protocol


class Checksum(Protocol):
    """A running checksum."""

    def update(self, data: bytes) -> None:
        """Add the next bytes."""

    def digest(self) -> bytes:
        """The checksum of everything added, in the byte order S3 encodes as base64."""


class _Crc:
    """A CRC that a C function of (data, previous) computes."""

    def __init__(self, step: Callable[[bytes, int], int], size_bytes: int) -> None:
        self._step = step
        self._size_bytes = size_bytes
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size_bytes, "big")


def _crc32() -> Checksum:
    return _Crc(zlib.crc32, 4)


def _crc32c() -> Checksum:
    # Imported when first used: the library costs 8 MB of memory and most clients send CRC32.
    from awscrt import checksums

    return _Crc(checksums.crc32c, 4)


def _crc64nvme() -> Checksum:
    from awscrt import checksums

    return _Crc(checksums.crc64nvme, 8)


_MAKERS: dict[str, Callable[[], Checksum]] = {
    "crc32": _crc32,
    "crc32c": _crc32c,
    "crc64nvme": _crc64nvme,
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}

ALGORITHMS = tuple(name.upper() for name in _MAKERS)


def checksum(algorithm: str) -> Checksum:
    """A new running checksum; KeyError when S3 has no such algorithm."""
    return _MAKERS[algorithm.lower()]()


def encoded(running: Checksum) -> str:
    """The text that goes into x-amz-checksum-… headers."""
    return base64.b64encode(running.digest()).decode()
