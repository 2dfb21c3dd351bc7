"""Choosing numbers that should not meet those of others, without anybody to ask: spread by a hash, in a fixed order."""

import hashlib
from collections.abc import Iterator


def spread(key: str, count: int) -> Iterator[int]:
    """Every number below `count` once, starting where the key says."""
    first = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count
    for step in range(count):
        yield (first + step) % count


def short(key: str, length: int) -> str:
    """A name's part that tells keys apart: interface names have 15 characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:length]
