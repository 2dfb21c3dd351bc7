"""What an image registry does for Trunkline: OCI distribution 1.1, kept on disk, told of in the owner's transactions.

A repository is an id of the caller's choosing; who it belongs to, what it is called and who may use it is the caller's
business. Blobs are shared by content between repositories, but a repository only sees those pushed or mounted into it.

Order of calls. A blob: `begin`, any number of `append`, `finish` (or `cancel`). An image: its blobs first, then
`parse` its manifest and `store` it in a transaction of the caller's, together with the caller's own rows and events.
`finish` returns once the bytes and the link survive a power cut. An upload under way survives a killed process:
`offset` says where to go on.

Everything may run at once; calls for one upload take turns. `drop`, `untag`, `remove` and `unlink` may be repeated.
What nothing refers to any more is deleted by `collect`.
"""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trunkline.core.db import Reader, Tx


@dataclass(frozen=True, slots=True)
class Blob:
    """Content by its digest."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A manifest that is well formed: what it says, and what it refers to."""

    digest: str
    media_type: str
    body: bytes
    blobs: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    subject: str | None = None
    artifact_type: str | None = None
    config_media_type: str | None = None
    image_size: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest in a repository. `image_size` is the sum of its layers' sizes, as compressed."""

    digest: str
    media_type: str
    body: bytes
    subject: str | None
    artifact_type: str | None
    config_media_type: str | None
    image_size: int
    pushed_at: datetime
    pulled_at: datetime | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """What `store` did. `created`: the manifest was new; `previous`: what the tag named before, if anything."""

    digest: str
    created: bool
    tag: str | None
    previous: str | None


class Registry(Protocol):
    """A store of images."""

    async def start(self) -> None:
        """Settle what a killed process left."""

    async def stop(self) -> None:
        """Let writes under way end."""

    async def collect(self, *, grace_s: float = 86400.0) -> int:
        """Delete blobs that no manifest needs and uploads nobody goes on with, older than `grace_s`. Returns bytes."""

    def drop(self, tx: Tx, repository: str) -> None:
        """Forget a repository and everything in it."""

    # blobs

    def blob(self, repository: str, digest: str) -> Blob | None:
        """A blob of the repository."""

    def read(self, blob: Blob, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, without, `end`."""

    async def mount(self, repository: str, digest: str, source: str) -> bool:
        """Make a blob of another repository one of this too; False if that has none."""

    async def unlink(self, repository: str, digest: str) -> bool:
        """Take a blob out of the repository."""

    # uploads

    async def begin(self, repository: str) -> str:
        """Start an upload; its id."""

    def offset(self, repository: str, upload: str) -> int:
        """How many bytes have arrived; `BLOB_UPLOAD_UNKNOWN` if there is no such upload."""

    async def append(
        self,
        repository: str,
        upload: str,
        data: AsyncIterable[bytes],
        *,
        start: int | None = None,
        end: int | None = None,
    ) -> int:
        """Add bytes; returns the offset after them.

        `start` (and `end`, of the last byte) are what the client says of this chunk: out of order is refused.
        """

    async def finish(self, repository: str, upload: str, digest: str) -> Blob:
        """The upload is whole: check its digest and keep it as a blob of the repository."""

    async def cancel(self, repository: str, upload: str) -> None:
        """Throw an upload away."""

    # manifests; the readers take a transaction's view where `reader` is given, else the committed state

    def parse(self, body: bytes, media_type: str | None, *, digest: str | None = None) -> Parsed:
        """Check a manifest's form, and its digest when the client names one."""

    def missing(self, repository: str, parsed: Parsed, *, reader: Reader | None = None) -> tuple[list[str], list[str]]:
        """Blobs and manifests that it refers to and the repository lacks."""

    def store(self, tx: Tx, repository: str, parsed: Parsed, tag: str | None, now: datetime) -> Stored:
        """Keep a manifest, and have `tag` name it; `MANIFEST_BLOB_UNKNOWN` when what it refers to is not there."""

    def manifest(self, repository: str, reference: str, *, reader: Reader | None = None) -> Manifest | None:
        """By tag or digest."""

    def manifests(self, repository: str, *, reader: Reader | None = None) -> list[Manifest]:
        """All of a repository, by digest, without bodies (empty there)."""

    def tags(self, repository: str, *, after: str = "", limit: int | None = None) -> list[str]:
        """Tags in order."""

    def referrers(self, repository: str, subject: str) -> list[Manifest]:
        """Manifests that name `subject` as theirs."""

    def parents(self, repository: str, digest: str, *, reader: Reader | None = None) -> list[str]:
        """Indexes that list a manifest."""

    def untag(self, tx: Tx, repository: str, tag: str) -> str | None:
        """Remove a tag; what it named."""

    def remove(self, tx: Tx, repository: str, digest: str) -> bool:
        """Remove a manifest with its tags."""

    def pulled(self, tx: Tx, repository: str, digest: str, now: datetime) -> None:
        """Remember when a manifest was fetched."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A repository that a client may do to what it asked for; `owner` is whatever the gate needs to know later."""

    repository: str
    owner: object = None


class Gate(Protocol):
    """What the HTTP face asks of the registry's owner. Errors are `RegistryError`."""

    async def admit(self, headers: dict[str, str], client: str) -> object:
        """Who is asking; UNAUTHORIZED if nobody."""

    async def open(self, who: object, name: str, action: str) -> Grant:
        """The repository `name`, for `action`; NAME_UNKNOWN, DENIED.

        Actions: look (is a blob there), layer and image (fetch), list, begin, upload and finish (a blob), put (a
        manifest), delete.
        """

    async def put(self, who: object, grant: Grant, parsed: Parsed, tag: str | None) -> Stored:
        """Store a manifest with whatever goes with it."""

    async def delete(self, who: object, grant: Grant, digest: str | None, tag: str | None) -> bool:
        """Remove a manifest or a tag with whatever goes with it."""

    async def pulled(self, who: object, grant: Grant, manifest: Manifest) -> None:
        """A manifest was fetched."""
