"""The registry's rows: which blobs and manifests a repository has, what they refer to, and tags."""

from collections.abc import Sequence
from datetime import UTC, datetime

from trunkline.core.db import Reader, Row, Tx
from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.interface import Blob, Manifest, Parsed, Stored

STEPS = [
    """
    CREATE TABLE registry_blobs (digest TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE registry_links (
      repository TEXT NOT NULL, digest TEXT NOT NULL, linked_at REAL NOT NULL, PRIMARY KEY (repository, digest)
    ) WITHOUT ROWID;
    CREATE INDEX registry_links_digest ON registry_links (digest);
    CREATE TABLE registry_manifests (
      repository TEXT NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL, subject TEXT, artifact_type TEXT,
      config_media_type TEXT, image_size INTEGER NOT NULL, pushed_at REAL NOT NULL, pulled_at REAL,
      body BLOB NOT NULL, PRIMARY KEY (repository, digest)
    );
    CREATE INDEX registry_manifests_subject ON registry_manifests (repository, subject);
    CREATE TABLE registry_references (
      repository TEXT NOT NULL, manifest TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (repository, manifest, digest)
    ) WITHOUT ROWID;
    CREATE INDEX registry_references_digest ON registry_references (repository, digest);
    CREATE TABLE registry_tags (
      repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (repository, tag)
    ) WITHOUT ROWID;
    CREATE INDEX registry_tags_digest ON registry_tags (repository, digest);
    """,
]
_HEAD = "digest, media_type, subject, artifact_type, config_media_type, image_size, pushed_at, pulled_at"


def drop(tx: Tx, repository: str) -> None:
    """Forget a repository; its blobs' files go when nobody else has them."""
    for table in ("links", "manifests", "references", "tags"):
        tx.execute(f"DELETE FROM registry_{table} WHERE repository = ?", (repository,))


# blobs ---------------------------------------------------------------------------------------------------------------


def blob(reader: Reader, repository: str, digest: str) -> Blob | None:
    """A blob of a repository."""
    row = reader.one(
        "SELECT b.digest, b.size FROM registry_links l JOIN registry_blobs b ON b.digest = l.digest"
        " WHERE l.repository = ? AND l.digest = ?",
        (repository, digest),
    )
    return None if row is None else Blob(row["digest"], row["size"])


def link(tx: Tx, repository: str, found: Blob, now: float) -> None:
    """A blob is on disk, and this repository's."""
    tx.execute("INSERT OR IGNORE INTO registry_blobs VALUES (?, ?)", (found.digest, found.size))
    tx.execute("INSERT OR REPLACE INTO registry_links VALUES (?, ?, ?)", (repository, found.digest, now))


def unlink(tx: Tx, repository: str, digest: str) -> bool:
    """Take a blob out of a repository."""
    return tx.execute("DELETE FROM registry_links WHERE repository = ? AND digest = ?", (repository, digest)) > 0


def unlink_unreferenced(tx: Tx, before: float) -> int:
    """Take blobs linked before an epoch, and used by no manifest of their repository, out of it."""
    return tx.execute(
        "DELETE FROM registry_links WHERE linked_at < ? AND NOT EXISTS (SELECT 1 FROM registry_references r"
        " WHERE r.repository = registry_links.repository AND r.digest = registry_links.digest)",
        (before,),
    )


def ownerless(reader: Reader) -> list[Blob]:
    """Blobs that no repository has."""
    rows = reader.all(
        "SELECT digest, size FROM registry_blobs b"
        " WHERE NOT EXISTS (SELECT 1 FROM registry_links l WHERE l.digest = b.digest)"
    )
    return [Blob(row["digest"], row["size"]) for row in rows]


def forget_ownerless(tx: Tx, digest: str) -> bool:
    """Forget a blob, unless a repository has got it meanwhile."""
    sql = "DELETE FROM registry_blobs WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM registry_links WHERE digest = ?)"
    return tx.execute(sql, (digest, digest)) > 0


# manifests -----------------------------------------------------------------------------------------------------------


def missing(reader: Reader, repository: str, parsed: Parsed) -> tuple[list[str], list[str]]:
    """Blobs and manifests that a manifest refers to and its repository lacks."""
    sql = "SELECT 1 FROM registry_manifests WHERE repository = ? AND digest = ?"
    blobs = [each for each in parsed.blobs if blob(reader, repository, each) is None]
    manifests = [each for each in parsed.manifests if reader.one(sql, (repository, each)) is None]
    return blobs, manifests


def put(tx: Tx, repository: str, parsed: Parsed, tag: str | None, now: datetime) -> Stored:
    """Keep a manifest, and have a tag name it."""
    blobs, manifests = missing(tx, repository, parsed)
    if blobs or manifests:
        text = "manifest references a manifest or blob unknown to registry"
        raise RegistryError("MANIFEST_BLOB_UNKNOWN", text, detail=[*blobs, *manifests])
    key = (repository, parsed.digest)
    created = tx.one("SELECT 1 FROM registry_manifests WHERE repository = ? AND digest = ?", key) is None
    if created:
        tx.execute(
            f"INSERT INTO registry_manifests (repository, {_HEAD}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (
                *key,
                parsed.media_type,
                parsed.subject,
                parsed.artifact_type,
                parsed.config_media_type,
                parsed.image_size,
                now.timestamp(),
                parsed.body,
            ),
        )
        rows = [(*key, each) for each in (*parsed.blobs, *parsed.manifests)]
        tx.executemany("INSERT OR IGNORE INTO registry_references VALUES (?, ?, ?)", rows)
    previous = None
    if tag is not None:
        row = tx.one("SELECT digest FROM registry_tags WHERE repository = ? AND tag = ?", (repository, tag))
        previous = row["digest"] if row else None
        tx.execute("INSERT OR REPLACE INTO registry_tags VALUES (?, ?, ?)", (repository, tag, parsed.digest))
    return Stored(parsed.digest, created, tag, previous)


def manifest(reader: Reader, repository: str, reference: str) -> Manifest | None:
    """By tag or digest."""
    digest = reference
    if not digests.is_digest(reference):
        row = reader.one("SELECT digest FROM registry_tags WHERE repository = ? AND tag = ?", (repository, reference))
        if row is None:
            return None
        digest = row["digest"]
    sql = f"SELECT {_HEAD}, body FROM registry_manifests WHERE repository = ? AND digest = ?"
    found = reader.one(sql, (repository, digest))
    if found is None:
        return None
    rows = reader.all("SELECT tag FROM registry_tags WHERE repository = ? AND digest = ?", (repository, digest))
    return _manifest(found, found["body"], [row["tag"] for row in rows])


def manifests(reader: Reader, repository: str) -> list[Manifest]:
    """All of a repository, without bodies."""
    tagged: dict[str, list[str]] = {}
    for row in reader.all("SELECT tag, digest FROM registry_tags WHERE repository = ?", (repository,)):
        tagged.setdefault(row["digest"], []).append(row["tag"])
    sql = f"SELECT {_HEAD} FROM registry_manifests WHERE repository = ? ORDER BY digest"
    return [_manifest(row, b"", tagged.get(row["digest"], ())) for row in reader.all(sql, (repository,))]


def tags(reader: Reader, repository: str, after: str, limit: int | None) -> list[str]:
    """Tags in order."""
    tail = "" if limit is None else f" LIMIT {int(limit)}"
    sql = f"SELECT tag FROM registry_tags WHERE repository = ? AND tag > ? ORDER BY tag{tail}"
    return [row["tag"] for row in reader.all(sql, (repository, after))]


def referrers(reader: Reader, repository: str, subject: str) -> list[Manifest]:
    """Manifests that name a subject as theirs."""
    sql = f"SELECT {_HEAD}, body FROM registry_manifests WHERE repository = ? AND subject = ? ORDER BY digest"
    return [_manifest(row, row["body"], ()) for row in reader.all(sql, (repository, subject))]


def parents(reader: Reader, repository: str, digest: str) -> list[str]:
    """Indexes that list a manifest."""
    sql = "SELECT manifest FROM registry_references WHERE repository = ? AND digest = ? ORDER BY manifest"
    return [row["manifest"] for row in reader.all(sql, (repository, digest))]


def untag(tx: Tx, repository: str, tag: str) -> str | None:
    """Remove a tag; what it named."""
    row = tx.one("SELECT digest FROM registry_tags WHERE repository = ? AND tag = ?", (repository, tag))
    if row is None:
        return None
    tx.execute("DELETE FROM registry_tags WHERE repository = ? AND tag = ?", (repository, tag))
    return str(row["digest"])


def remove(tx: Tx, repository: str, digest: str) -> bool:
    """Remove a manifest with its tags."""
    key = (repository, digest)
    tx.execute("DELETE FROM registry_tags WHERE repository = ? AND digest = ?", key)
    tx.execute("DELETE FROM registry_references WHERE repository = ? AND manifest = ?", key)
    return tx.execute("DELETE FROM registry_manifests WHERE repository = ? AND digest = ?", key) > 0


def pulled(tx: Tx, repository: str, digest: str, now: datetime) -> None:
    """Remember when a manifest was fetched."""
    sql = "UPDATE registry_manifests SET pulled_at = ? WHERE repository = ? AND digest = ?"
    tx.execute(sql, (now.timestamp(), repository, digest))


def _manifest(row: Row, body: bytes, tags: Sequence[str]) -> Manifest:
    return Manifest(
        row["digest"],
        row["media_type"],
        body,
        row["subject"],
        row["artifact_type"],
        row["config_media_type"],
        row["image_size"],
        datetime.fromtimestamp(row["pushed_at"], UTC),
        datetime.fromtimestamp(row["pulled_at"], UTC) if row["pulled_at"] else None,
        tuple(sorted(tags)),
    )
