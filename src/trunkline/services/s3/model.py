"""Buckets, object versions and uploads: what they are and which names are allowed. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.engines.objects import Piece

NULL_VERSION = "null"
MAX_KEY_BYTES = 1024
MAX_PUT_BYTES = 5 * 1024**3
MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * 1024**2
STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
"""On one machine they differ in name only; but what is in an archive must be restored before it can be read."""
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


@dataclass(slots=True)
class Bucket:
    """A bucket. `versioning` is "" until it is first enabled, then Enabled or Suspended.

    `settings` holds its other configurations by name (policy, cors, lifecycle …), each as the request gave it.
    """

    name: str
    account: str
    region: str
    created: datetime
    versioning: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Part:
    """A part of a completed or growing multipart object."""

    number: int
    size: int
    etag: str
    modified: float
    pieces: list[Piece]
    checksums: dict[str, str] = field(default_factory=dict)
    nonce: str = ""


@dataclass(slots=True)
class ObjectVersion:
    """One version of an object, or a delete marker.

    etag is without quotes. `headers` are members of the request that come back with the object (ContentType …).
    `checksums` maps members such as ChecksumCRC32 to base64. `seal` says how the pieces are encrypted, {} if not.
    """

    bucket: str
    key: str
    version_id: str
    modified: float
    marker: bool = False
    size: int = 0
    etag: str = ""
    storage_class: str = "STANDARD"
    account: str = ""
    pieces: list[Piece] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    checksum_type: str = ""
    parts: list[Part] = field(default_factory=list)
    seal: dict[str, Any] = field(default_factory=dict)
    upload_id: str = ""
    restored_until: float = 0

    def is_archived(self, now: float) -> bool:
        """Whether it lies in an archive and is not restored."""
        return self.storage_class in ARCHIVES and self.restored_until <= now


@dataclass(slots=True)
class Upload:
    """A multipart upload under way; what it says goes to the object when it is completed."""

    bucket: str
    key: str
    upload_id: str
    started: float
    account: str
    storage_class: str = "STANDARD"
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    algorithm: str = ""
    checksum_type: str = ""
    seal: dict[str, Any] = field(default_factory=dict)


def is_bucket_name(name: str) -> bool:
    """S3's rules for general purpose buckets."""
    return bool(
        _BUCKET_NAME.fullmatch(name)
        and ".." not in name
        and not _ADDRESS.fullmatch(name)
        and not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
        and not name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))
    )
