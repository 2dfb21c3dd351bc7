"""What git does for Trunkline: repositories that stock git clones and pushes to, and that APIs read and commit to.

Order of calls. `create` makes the directory of a repository; `adopt`, in the transaction that makes the repository
known, keeps it (a directory nobody adopted is swept away at the next start). `drop`, in the transaction that forgets
the repository, removes it. A repository has an id of the caller's choosing and no name: renaming is not git's business.

Every change of a ref, by a push or by an API, goes through `push` or `update_refs`, which let one change at a time into
a repository and tell the `Recorder` of it, in a transaction of its own, BEFORE the change is acknowledged. A change
that a killed process left behind on disk is told of by the next `start`, with the context its author came with. So a
ref update is recorded exactly once, whatever dies when.

Reads may run at any time, and at once. `create`, `start` and `stop` may be repeated.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from trunkline.core.db import Tx

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NO_OBJECT = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class GitError(Exception):
    """git refused or failed; the message is what it said."""


class RefMoved(GitError):
    """A ref no longer has (or already has) the value its change started from."""


class MergeConflict(GitError):
    """Two commits change the same lines; `paths` are the files."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        super().__init__(f"conflicts in {', '.join(paths)}")
        self.paths = paths


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A ref that moved. `old` is None when it was created, `new` is None when it was deleted."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Ref updates to be recorded, and the context (who, from where) given by the one who made them."""

    repository: str
    updates: tuple[RefUpdate, ...]
    context: Mapping[str, Any]


Recorder = Callable[[Tx, Recorded], None]


@dataclass(frozen=True, slots=True)
class Person:
    """An author or committer; `date` is git's form: epoch seconds and offset, as `1700000000 +0000`."""

    name: str
    email: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit object."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    additional: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree: `kind` is blob, tree or commit (a submodule); `mode` is six octal digits."""

    path: str
    mode: str
    kind: str
    id: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs between two commits."""

    kind: Literal["A", "M", "D"]
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One file to write (`content` or the existing blob `blob`), or to delete (neither)."""

    path: str
    content: bytes | None = None
    blob: str | None = None
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit to be made: `edits` on top of the tree of `parents[0]` (or on nothing), or a ready-made `tree`."""

    parents: tuple[str, ...]
    message: str
    author: Person
    committer: Person
    edits: Sequence[Edit] = field(default_factory=tuple)
    tree: str | None = None
    keep_empty_folders: bool = False


class Git(Protocol):
    """A store of bare repositories."""

    # lifecycle

    def record_with(self, recorder: Recorder) -> None:
        """Whom to tell of ref updates. Once, before `start`."""

    async def start(self) -> None:
        """Settle what a killed process left: unrecorded ref updates, half-made and dropped repositories."""

    async def stop(self) -> None:
        """Wait for changes under way."""

    async def create(self, repository: str) -> None:
        """Make an empty bare repository on disk."""

    def adopt(self, tx: Tx, repository: str) -> None:
        """Keep a created repository."""

    def drop(self, tx: Tx, repository: str) -> None:
        """Forget a repository and, after the commit, remove its files."""

    # refs

    def refs(self, repository: str, prefix: str = "refs/") -> dict[str, str]:
        """The recorded refs and their objects, in order of name. From the database: cheap."""

    async def set_head(self, repository: str, ref: str) -> None:
        """Make `ref` what HEAD names, the branch a clone checks out."""

    async def update_refs(self, repository: str, updates: Sequence[RefUpdate], context: Mapping[str, Any]) -> None:
        """Move refs, all or none; `RefMoved` if one no longer has the value `old`."""

    # reading; a `rev` is a commit id, a full ref name or an abbreviation git understands

    async def resolve(self, repository: str, rev: str) -> str | None:
        """The commit `rev` names (tags peeled), or None."""

    async def commits(self, repository: str, ids: Sequence[str]) -> dict[str, Commit]:
        """Those of `ids` that are commits."""

    async def log(self, repository: str, rev: str, *, path: str = "", limit: int = 100, skip: int = 0) -> list[Commit]:
        """History of `rev`, newest first, optionally of one path."""

    async def ahead(self, repository: str, rev: str, of: str) -> bool:
        """Whether `rev` has `of` among its ancestors (or is it)."""

    async def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """The best common ancestor."""

    async def entry(self, repository: str, rev: str, path: str) -> Entry | None:
        """What stands at `path` (\"\" is the root) in a commit."""

    async def entries(self, repository: str, rev: str, paths: Sequence[str]) -> dict[str, Entry]:
        """What stands at each of several paths in a commit; those with nothing are left out."""

    async def folder(self, repository: str, tree: str) -> list[Entry]:
        """The names directly in a tree, with full sizes of blobs; paths are relative to the tree."""

    async def blob(self, repository: str, id: str) -> bytes | None:
        """The content of a blob."""

    async def size(self, repository: str, id: str) -> int | None:
        """The size of a blob, or None if there is no such blob."""

    async def diff(self, repository: str, before: str | None, after: str, paths: Sequence[str] = ()) -> list[Change]:
        """Files that differ between two commits (from nothing, when `before` is None); renames are D and A."""

    def archive(self, repository: str, rev: str, form: Literal["zip", "tar"] = "zip") -> AsyncIterator[bytes]:
        """The files of a commit as one stream."""

    # writing objects; nothing shows until a ref names them

    async def write_commit(self, repository: str, commit: NewCommit) -> Commit:
        """Store a commit and what it contains."""

    async def merge_tree(self, repository: str, ours: str, theirs: str) -> str:
        """The tree of merging two commits; `MergeConflict` when lines collide."""

    # smart HTTP: authenticated and authorized by the caller

    async def advertise(self, repository: str, service: str, headers: Mapping[str, str], send: Send) -> None:
        """Answer `GET info/refs?service=git-upload-pack|git-receive-pack`."""

    async def fetch(self, repository: str, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        """Answer `POST git-upload-pack`."""

    async def push(
        self,
        repository: str,
        headers: Mapping[str, str],
        receive: Receive,
        send: Send,
        *,
        context: Mapping[str, Any],
        allow: Callable[[Sequence[RefUpdate]], Awaitable[str | None]] | None = None,
    ) -> None:
        """Answer `POST git-receive-pack`; what it moved is recorded before the client is answered.

        `allow` sees the refs the client asks to move and may object (the text is shown to the user).
        """
