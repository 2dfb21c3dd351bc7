"""The count of references to each piece, and the bytes of small ones, in the database of the rows that refer to them.

A piece of at most INLINE_BYTES lives in its row: it then costs no file, and its durability is the commit's own, shared
with every other write of the group. A larger piece is a file; its row holds only the count.
"""

from collections.abc import Callable, Sequence

from trunkline.core.db import Reader, Tx
from trunkline.engines.objects.interface import MissingPieceError, Piece, Written

INLINE_BYTES = 32 * 1024

MIGRATIONS = [
    "CREATE TABLE objects_pieces (address BLOB PRIMARY KEY, size INTEGER NOT NULL, refs INTEGER NOT NULL, data BLOB);",
]

_KEEP = (
    "INSERT INTO objects_pieces (address, size, refs, data) VALUES (?, ?, 1, ?)"
    " ON CONFLICT (address) DO UPDATE SET refs = refs + 1"
)
_DELETE_LAST = "DELETE FROM objects_pieces WHERE address = ? AND refs = 1 RETURNING data IS NULL AS filed"


def keep(tx: Tx, written: Written) -> None:
    """Count one reference to a new or already known piece."""
    tx.execute(_KEEP, (bytes.fromhex(written.piece.address), written.piece.size, written.inline))


def retain(tx: Tx, pieces: Sequence[Piece]) -> None:
    """Count one more reference to each."""
    for piece in pieces:
        changed = tx.execute(
            "UPDATE objects_pieces SET refs = refs + 1 WHERE address = ?", (bytes.fromhex(piece.address),)
        )
        if not changed:
            raise MissingPieceError(piece.address)


def release(tx: Tx, pieces: Sequence[Piece], on_unused_file: Callable[[str], None]) -> None:
    """Count one reference less to each; call `on_unused_file` after the commit for files nobody refers to."""
    for piece in pieces:
        address = bytes.fromhex(piece.address)
        row = tx.one(_DELETE_LAST, (address,))
        if row is None:
            tx.execute("UPDATE objects_pieces SET refs = refs - 1 WHERE address = ?", (address,))
        elif row["filed"]:
            tx.after_commit(lambda unused=piece.address: on_unused_file(unused))  # type: ignore[misc]


def known(reader: Reader, address: str) -> bool:
    """Whether anybody refers to the piece."""
    row = reader.one("SELECT 1 FROM objects_pieces WHERE address = ?", (bytes.fromhex(address),))
    return row is not None


def inline(reader: Reader, piece: Piece) -> bytes | None:
    """The bytes of a piece that lives in its row; None: it is a file. Raises MissingPieceError."""
    row = reader.one("SELECT data FROM objects_pieces WHERE address = ?", (bytes.fromhex(piece.address),))
    if row is None:
        raise MissingPieceError(piece.address)
    data: bytes | None = row["data"]
    return data
