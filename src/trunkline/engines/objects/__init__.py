"""Objects: content-addressed bytes, streamed in and out, referred to from rows. See `interface` and README.md."""

from trunkline.engines.objects.digests import ALGORITHMS, combined_crc, digest_of
from trunkline.engines.objects.fake import FakeObjects
from trunkline.engines.objects.files import FileObjects
from trunkline.engines.objects.interface import MissingPieceError, Objects, Piece, TooLargeError, Written

__all__ = [
    "ALGORITHMS",
    "FakeObjects",
    "FileObjects",
    "MissingPieceError",
    "Objects",
    "Piece",
    "TooLargeError",
    "Written",
    "combined_crc",
    "digest_of",
]
