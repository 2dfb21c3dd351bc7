"""Pieces in memory: for tests of the services, and as the second proof of the contract."""

from collections.abc import AsyncIterator, Collection, Sequence

from trunkline.core.db import Tx
from trunkline.engines.objects.digests import digest_of
from trunkline.engines.objects.intake import Intake
from trunkline.engines.objects.interface import CHUNK_BYTES, MissingPieceError, Piece, TooLargeError, Written
from trunkline.engines.objects.references import INLINE_BYTES
from trunkline.engines.objects.window import cuts


class FakeObjects:
    """Implements `Objects`; forgets everything when the process ends."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}
        self._refs: dict[str, int] = {}

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def write(
        self,
        source: bytes | AsyncIterator[bytes],
        *,
        digests: Collection[str] = (),
        sha256: str | None = None,
        max_bytes: int | None = None,
    ) -> Written:
        if isinstance(source, bytes):
            data = source
        else:
            intake = Intake(source, max_bytes)
            data = b"".join([b"".join(batch) async for batch in _batches(intake)])
        if max_bytes is not None and len(data) > max_bytes:
            raise TooLargeError(f"more than {max_bytes} bytes")
        done = {name: digest_of(name, data) for name in {"sha256", *digests}}
        return Written(Piece(done["sha256"].hex(), len(data)), done, data)

    def keep(self, tx: Tx, written: Written) -> None:
        def kept() -> None:
            self._data[written.piece.address] = written.inline or b""
            self._refs[written.piece.address] = self._refs.get(written.piece.address, 0) + 1

        tx.after_commit(kept)

    def discard(self, written: Written) -> None:
        return

    def retain(self, tx: Tx, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            if piece.address not in self._data:
                raise MissingPieceError(piece.address)
            tx.after_commit(lambda address=piece.address: self._count(address, 1))  # type: ignore[misc]

    def release(self, tx: Tx, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            tx.after_commit(lambda address=piece.address: self._count(address, -1))  # type: ignore[misc]

    def _count(self, address: str, change: int) -> None:
        self._refs[address] += change
        if not self._refs[address]:
            del self._refs[address], self._data[address]

    def read(self, pieces: Sequence[Piece], start: int = 0, length: int | None = None) -> bytes | AsyncIterator[bytes]:
        parts = []
        for cut in cuts(pieces, start, length):
            if cut.piece.address not in self._data:
                raise MissingPieceError(cut.piece.address)
            parts.append(self._data[cut.piece.address][cut.start : cut.start + cut.length])
        data = b"".join(parts)
        return data if len(data) <= INLINE_BYTES else _chunks(data)


async def _batches(intake: Intake) -> AsyncIterator[list[bytes]]:
    while batch := await intake.batch():
        yield batch


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]
