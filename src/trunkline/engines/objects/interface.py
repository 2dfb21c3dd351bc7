"""Where the bytes of objects are kept: written once, read often, shared by everything that has the same content.

A piece is an immutable run of bytes addressed by its SHA-256. An object is a list of pieces (one for an ordinary
upload, one per part of a multipart upload), so that completing, copying and versioning never copy bytes.

Order of calls:

    written = await objects.write(source)              durable, but belongs to nobody yet
    await db.write(lambda tx: (..., objects.keep(tx, written), ...))   now referred to by the owner's row, in one commit
    objects.discard(written)                           instead of keep, when that write failed or was not wanted

    objects.retain(tx, pieces)     one more reference (a copy)      objects.release(tx, pieces)     one less

References are counted in the same database and the same transaction as the rows that refer to the pieces: a crash at
any moment leaves either a row with its bytes, or no row, and bytes that `start` sweeps. `write` may run any number of
times at once, also with the same content. `keep` and `discard` are each called at most once for a write, never both;
neither when the write's outcome is unknown (the caller was cancelled while it committed): the next start then sweeps.
Readers that have begun finish reading, even when the last reference goes meanwhile.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trunkline.core.db import Tx

CHUNK_BYTES = 1 << 20
"""How much is read, written and hashed at once, off the event loop."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are kept: the address is the SHA-256 in hexadecimal."""

    address: str
    size: int


@dataclass(frozen=True, slots=True)
class Written:
    """A finished write. `digests` holds sha256 and what else was asked for."""

    piece: Piece
    digests: dict[str, bytes] = field(default_factory=dict)
    inline: bytes | None = None


class MissingPieceError(Exception):
    """The bytes are not here (any more): the reference that the caller read was released meanwhile."""


class TooLargeError(Exception):
    """The source gave more bytes than the caller allows."""


class Objects(Protocol):
    """An object store; see the module for the order of calls."""

    async def start(self) -> None:
        """Sweep what a crash left behind. Call once, before the first write."""

    async def stop(self) -> None:
        """Let running work finish. What was acknowledged is durable without it."""

    async def write(
        self,
        source: bytes | AsyncIterator[bytes],
        *,
        digests: Collection[str] = (),
        sha256: str | None = None,
        max_bytes: int | None = None,
    ) -> Written:
        """Take all of `source`; afterwards the bytes survive a power loss as soon as a `keep` of them is committed.

        `sha256` is the digest in hexadecimal when the source itself verifies it and raises at its end if it is wrong
        (a signed payload): it is then not computed a second time. An exception of the source leaves nothing behind.
        """

    def keep(self, tx: Tx, written: Written) -> None:
        """Make `written` belong to the rows of this transaction: one reference."""

    def discard(self, written: Written) -> None:
        """Forget a write that was not kept."""

    def retain(self, tx: Tx, pieces: Sequence[Piece]) -> None:
        """One more reference to each piece (a piece listed twice gets two). Raises MissingPieceError."""

    def release(self, tx: Tx, pieces: Sequence[Piece]) -> None:
        """One reference less to each; the bytes go with the last one, after the commit."""

    def read(self, pieces: Sequence[Piece], start: int = 0, length: int | None = None) -> bytes | AsyncIterator[bytes]:
        """`length` bytes from offset `start` of the pieces joined: bytes at once when they are few, else a stream.

        Everything is opened before this returns; raises MissingPieceError if a piece is gone.
        """
