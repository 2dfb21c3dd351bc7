"""Which bytes of which piece make up a range of the whole: the arithmetic of a manifest of parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.engines.objects.interface import Piece


@dataclass(frozen=True, slots=True)
class Cut:
    """`length` bytes of `piece` from `start`."""

    piece: Piece
    start: int
    length: int


def cuts(pieces: Sequence[Piece], start: int, length: int | None) -> list[Cut]:
    """The cuts that, joined, are `length` bytes (None: the rest) from `start`; fewer where the whole ends."""
    wanted: list[Cut] = []
    left = sum(piece.size for piece in pieces) - start if length is None else length
    for piece in pieces:
        if left <= 0:
            break
        if start >= piece.size:
            start -= piece.size
            continue
        take = min(piece.size - start, left)
        wanted.append(Cut(piece, start, take))
        left -= take
        start = 0
    return wanted
