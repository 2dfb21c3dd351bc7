"""The tables of buckets and of object versions.

The current version of a key is in s3_objects, older ones in s3_noncurrent: a put to a bucket without versions is one
row written, and a listing never steps over history. Each row has the columns that listings answer with beside the
document.
"""

import functools
from collections.abc import Sequence

import msgspec

from trunkline.core.db import Reader, Row, Table, Tx
from trunkline.services.s3.model import Bucket, ObjectVersion

BUCKETS = Table("s3_buckets", Bucket, key=("name",), index=("account",))

_LISTED = "version_id, modified, marker, size, etag, storage_class, account"
_COLUMNS = """
      bucket TEXT NOT NULL, key TEXT NOT NULL, {seq} version_id TEXT NOT NULL, modified REAL NOT NULL,
      marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, storage_class TEXT NOT NULL,
      account TEXT NOT NULL, doc BLOB NOT NULL,
"""
MIGRATIONS = [
    BUCKETS.ddl,
    f"CREATE TABLE s3_objects ({_COLUMNS.format(seq='')} PRIMARY KEY (bucket, key)) WITHOUT ROWID;",
    f"CREATE TABLE s3_noncurrent ({_COLUMNS.format(seq='seq INTEGER NOT NULL,')} PRIMARY KEY (bucket, key, seq))"
    " WITHOUT ROWID;",
]

_PUT_CURRENT = f"INSERT OR REPLACE INTO s3_objects (bucket, key, {_LISTED}, doc) VALUES (?,?,?,?,?,?,?,?,?,?)"
_PUT_OLD = f"INSERT INTO s3_noncurrent (bucket, key, seq, {_LISTED}, doc) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
_GET_CURRENT = "SELECT doc FROM s3_objects WHERE bucket = ? AND key = ?"
_GET_OLD = "SELECT doc FROM s3_noncurrent WHERE bucket = ? AND key = ? AND version_id = ?"
_NEXT_SEQ = "SELECT coalesce(max(seq), 0) + 1 AS seq FROM s3_noncurrent WHERE bucket = ? AND key = ?"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ObjectVersion).decode


@functools.lru_cache(maxsize=256)
def _bucket(doc: bytes) -> Bucket:
    return msgspec.json.decode(doc, type=Bucket)


def bucket(reader: Reader, name: str) -> Bucket | None:
    """A bucket. What is given is shared and must not be changed: put a `dataclasses.replace` of it."""
    row = reader.one("SELECT doc FROM s3_buckets WHERE name = ?", (name,))
    return None if row is None else _bucket(row[0])


def current(reader: Reader, bucket: str, key: str) -> ObjectVersion | None:
    """The newest version of a key; it may be a delete marker."""
    row = reader.one(_GET_CURRENT, (bucket, key))
    return None if row is None else _decode(row[0])


def version(reader: Reader, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
    """One version by its id, current or not."""
    found = current(reader, bucket, key)
    if found is not None and found.version_id == version_id:
        return found
    row = reader.one(_GET_OLD, (bucket, key, version_id))
    return None if row is None else _decode(row[0])


def put_current(tx: Tx, item: ObjectVersion) -> None:
    """Make `item` the current version, in place of whatever row was there."""
    tx.execute(_PUT_CURRENT, (item.bucket, item.key, *_listed(item), _encode(item)))


def rewrite(tx: Tx, item: ObjectVersion) -> None:
    """Change the document of a version that exists (its tags, its storage class)."""
    values = (_encode(item), item.storage_class, item.bucket, item.key, item.version_id)
    for table in ("s3_objects", "s3_noncurrent"):
        sql = f"UPDATE {table} SET doc = ?, storage_class = ? WHERE bucket = ? AND key = ? AND version_id = ?"
        if tx.execute(sql, values):
            return


def retire(tx: Tx, item: ObjectVersion) -> None:
    """Add what was the current version to the older ones. The caller replaces the current row."""
    row = tx.one(_NEXT_SEQ, (item.bucket, item.key))
    seq = row["seq"] if row else 1
    tx.execute(_PUT_OLD, (item.bucket, item.key, seq, *_listed(item), _encode(item)))


def delete_current(tx: Tx, bucket: str, key: str) -> None:
    """Remove the current version and let the newest older one take its place."""
    tx.execute("DELETE FROM s3_objects WHERE bucket = ? AND key = ?", (bucket, key))
    row = tx.one(
        "SELECT seq, doc FROM s3_noncurrent WHERE bucket = ? AND key = ? ORDER BY seq DESC LIMIT 1", (bucket, key)
    )
    if row is not None:
        put_current(tx, _decode(row["doc"]))
        tx.execute("DELETE FROM s3_noncurrent WHERE bucket = ? AND key = ? AND seq = ?", (bucket, key, row["seq"]))


def delete_old(tx: Tx, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
    """Remove one of the older versions; gives it back."""
    row = tx.one(_GET_OLD, (bucket, key, version_id))
    if row is None:
        return None
    tx.execute("DELETE FROM s3_noncurrent WHERE bucket = ? AND key = ? AND version_id = ?", (bucket, key, version_id))
    return _decode(row[0])


def is_empty(reader: Reader, bucket: str) -> bool:
    """Whether a bucket has neither objects nor older versions nor delete markers."""
    tables = ("s3_objects", "s3_noncurrent")
    return not any(reader.one(f"SELECT 1 FROM {table} WHERE bucket = ? LIMIT 1", (bucket,)) for table in tables)


def list_current(reader: Reader, bucket: str, start: str, end: str | None, limit: int) -> Sequence[Row]:
    """Rows of current objects (no markers) with start <= key (< end), in the order of their UTF-8 bytes."""
    upper, params = ("", [bucket, start]) if end is None else (" AND key < ?", [bucket, start, end])
    sql = f"SELECT key, {_LISTED} FROM s3_objects WHERE bucket = ? AND key >= ?{upper} AND marker = 0"
    return reader.all(f"{sql} ORDER BY key LIMIT {limit:d}", params)


def list_versions(
    reader: Reader, bucket: str, start: str, before_seq: int, end: str | None, limit: int
) -> Sequence[Row]:
    """Rows of all versions in the order of keys, newest first, from (start, below before_seq).

    `seq` counts the versions of a key from 1; the current one has CURRENT_SEQ.
    """
    upper, bound = ("", []) if end is None else (" AND key < ?", [end])
    select = "SELECT key, {seq} AS seq, {listed} FROM {table} WHERE bucket = ? AND key >= ?{upper}"
    now = select.format(seq=CURRENT_SEQ, listed=_LISTED, table="s3_objects", upper=upper)
    old = select.format(seq="seq", listed=_LISTED, table="s3_noncurrent", upper=upper)
    sql = f"SELECT * FROM ({now} UNION ALL {old}) WHERE key > ? OR seq < ? ORDER BY key, seq DESC LIMIT {limit:d}"
    return reader.all(sql, [bucket, start, *bound, bucket, start, *bound, start, before_seq])


def seq_of(reader: Reader, bucket: str, key: str, version_id: str) -> int | None:
    """The place of a version among those of its key, as `list_versions` counts."""
    found = current(reader, bucket, key)
    if found is not None and found.version_id == version_id:
        return CURRENT_SEQ
    row = reader.one(
        "SELECT seq FROM s3_noncurrent WHERE bucket = ? AND key = ? AND version_id = ?", (bucket, key, version_id)
    )
    return None if row is None else int(row["seq"])


CURRENT_SEQ = 1 << 62


def _listed(item: ObjectVersion) -> tuple[str, float, int, int, str, str, str]:
    return (item.version_id, item.modified, int(item.marker), item.size, item.etag, item.storage_class, item.account)


def noncurrent(reader: Reader, bucket: str, key: str) -> list[ObjectVersion]:
    """The older versions of a key, newest first."""
    rows = reader.all("SELECT doc FROM s3_noncurrent WHERE bucket = ? AND key = ? ORDER BY seq DESC", (bucket, key))
    return [_decode(row[0]) for row in rows]


def keys(reader: Reader, bucket: str, start: str, limit: int) -> list[str]:
    """Keys that have any version, from `start`, in order."""
    sql = (
        "SELECT key FROM (SELECT key FROM s3_objects WHERE bucket = ? AND key >= ?"
        " UNION SELECT key FROM s3_noncurrent WHERE bucket = ? AND key >= ?) ORDER BY key LIMIT ?"
    )
    return [row["key"] for row in reader.all(sql, (bucket, start, bucket, start, limit))]
