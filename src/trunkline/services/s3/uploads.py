"""The tables of multipart uploads under way."""

from collections.abc import Sequence

import msgspec

from trunkline.core.db import Reader, Tx
from trunkline.engines.objects import Objects
from trunkline.services.s3.model import Part, Upload

MIGRATIONS = [
    """
    CREATE TABLE s3_uploads (
      bucket TEXT NOT NULL, key TEXT NOT NULL, upload_id TEXT NOT NULL, doc BLOB NOT NULL,
      PRIMARY KEY (bucket, key, upload_id)
    ) WITHOUT ROWID;
    CREATE TABLE s3_parts (
      upload_id TEXT NOT NULL, number INTEGER NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (upload_id, number)
    ) WITHOUT ROWID;
    """,
]

_encode = msgspec.json.Encoder().encode
_upload = msgspec.json.Decoder(Upload).decode
_part = msgspec.json.Decoder(Part).decode


def insert(tx: Tx, upload: Upload) -> None:
    """Begin an upload."""
    tx.execute(
        "INSERT INTO s3_uploads VALUES (?, ?, ?, ?)", (upload.bucket, upload.key, upload.upload_id, _encode(upload))
    )


def get(reader: Reader, bucket: str, key: str, upload_id: str) -> Upload | None:
    """An upload under way."""
    row = reader.one(
        "SELECT doc FROM s3_uploads WHERE bucket = ? AND key = ? AND upload_id = ?", (bucket, key, upload_id)
    )
    return None if row is None else _upload(row[0])


def find(reader: Reader, bucket: str, prefix: str = "", after: tuple[str, str] = ("", "")) -> Sequence[Upload]:
    """The uploads of a bucket behind (key, upload id), in that order."""
    rows = reader.all(
        "SELECT doc FROM s3_uploads WHERE bucket = ? AND (key, upload_id) > (?, ?) ORDER BY key, upload_id",
        (bucket, *after),
    )
    return [upload for upload in (_upload(row[0]) for row in rows) if upload.key.startswith(prefix)]


def put_part(tx: Tx, objects: Objects, upload_id: str, part: Part) -> None:
    """Add a part, in place of one with the same number."""
    row = tx.one("SELECT doc FROM s3_parts WHERE upload_id = ? AND number = ?", (upload_id, part.number))
    if row is not None:
        objects.release(tx, _part(row[0]).pieces)
    tx.execute("INSERT OR REPLACE INTO s3_parts VALUES (?, ?, ?)", (upload_id, part.number, _encode(part)))


def parts(reader: Reader, upload_id: str, after: int = 0, limit: int = 10_000) -> list[Part]:
    """The parts of an upload in the order of their numbers."""
    rows = reader.all(
        "SELECT doc FROM s3_parts WHERE upload_id = ? AND number > ? ORDER BY number LIMIT ?", (upload_id, after, limit)
    )
    return [_part(row[0]) for row in rows]


def delete(tx: Tx, upload: Upload) -> None:
    """Remove the rows of an upload. The references to its parts' bytes are the caller's business."""
    tx.execute(
        "DELETE FROM s3_uploads WHERE bucket = ? AND key = ? AND upload_id = ?",
        (upload.bucket, upload.key, upload.upload_id),
    )
    tx.execute("DELETE FROM s3_parts WHERE upload_id = ?", (upload.upload_id,))


def abort(tx: Tx, objects: Objects, upload: Upload) -> None:
    """Give an upload up, with its bytes."""
    for part in parts(tx, upload.upload_id):
        objects.release(tx, part.pieces)
    delete(tx, upload)


def abort_all(tx: Tx, objects: Objects, bucket: str) -> None:
    """Give up all uploads of a bucket that is being deleted."""
    for upload in find(tx, bucket):
        abort(tx, objects, upload)
