"""Makes commits without a work tree: a throw-away index, blobs from memory, and git's own merge."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from trunkline.engines.git import process, read
from trunkline.engines.git.interface import (
    NO_OBJECT,
    Commit,
    Edit,
    GitError,
    MergeConflict,
    NewCommit,
    Person,
    RefMoved,
    RefUpdate,
)

_EMPTY_BLOB_NAME = ".gitkeep"


async def commit(repository: Path, new: NewCommit) -> Commit:
    """Store a commit; no ref names it yet."""
    tree = new.tree or await _tree(repository, new)
    arguments = ["commit-tree", tree, "-F", "-"]
    for parent in new.parents:
        arguments += ["-p", parent]
    env = {**_identity("AUTHOR", new.author), **_identity("COMMITTER", new.committer)}
    id = (await process.run(repository, arguments, stdin=new.message.encode(), env=env)).decode().strip()
    return (await read.commits(repository, [id]))[id]


async def merge_tree(repository: Path, ours: str, theirs: str) -> str:
    """The tree of a merge; needs git 2.38 (Debian 12 has 2.39)."""
    arguments = ["merge-tree", "--write-tree", "--name-only", "-z", "--no-messages", "--allow-unrelated-histories"]
    code, out, err = await process.attempt(repository, [*arguments, ours, theirs])
    if code > 1:
        raise GitError(err)
    tree, *paths = [part for part in out.decode(errors="surrogateescape").split("\0") if part]
    if code == 1:
        raise MergeConflict(tuple(dict.fromkeys(paths)))
    return tree


async def update_refs(repository: Path, updates: Sequence[RefUpdate], lock: int) -> None:
    """Move refs, all or none, each from the value it must have."""
    lines = ["start"]
    for update in updates:
        if update.new is None:
            lines.append(f"delete {update.name} {update.old or ''}".rstrip())
        else:
            lines.append(f"update {update.name} {update.new} {update.old or NO_OBJECT}")
    lines += ["prepare", "commit", ""]
    code, _, err = await process.attempt(
        repository, ["update-ref", "--stdin"], stdin="\n".join(lines).encode(), hold=[lock]
    )
    if code:
        moved = "cannot lock ref" in err or "but expected" in err or "already exists" in err
        raise RefMoved(err) if moved else GitError(err)


async def _tree(repository: Path, new: NewCommit) -> str:
    with tempfile.TemporaryDirectory(prefix="index-", dir=repository) as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        if new.parents:
            await process.run(repository, ["read-tree", new.parents[0]], env=env)
        blobs = await _blobs(repository, new.edits, Path(folder))
        edits = list(new.edits)
        lines = [
            f"0 {NO_OBJECT}\t{edit.path}" if blob is None else f"{edit.mode} {blob}\t{edit.path}"
            for edit, blob in zip(edits, blobs, strict=True)
        ]
        # Deletions first: a file may give way to a folder of its name.
        lines.sort(key=lambda line: not line.startswith("0 "))
        index = "".join(f"{line}\0" for line in lines).encode(errors="surrogateescape")
        await process.run(repository, ["update-index", "-z", "--index-info"], stdin=index, env=env)
        if new.keep_empty_folders:
            await _keep_folders(repository, new, env)
        return (await process.run(repository, ["write-tree"], env=env)).decode().strip()


async def _keep_folders(repository: Path, new: NewCommit, env: dict[str, str]) -> None:
    listed = await process.run(repository, ["ls-files", "-z"], env=env)
    left = listed.decode(errors="surrogateescape").split("\0")
    lines = []
    for edit in new.edits:
        folder = edit.path.rpartition("/")[0]
        deleted = edit.content is None and edit.blob is None
        if deleted and folder and not any(path.startswith(folder + "/") for path in left):
            blob = await process.run(repository, ["hash-object", "-w", "--stdin"], stdin=b"")
            lines.append(f"100644 {blob.decode().strip()}\t{folder}/{_EMPTY_BLOB_NAME}\0")
    if lines:
        await process.run(repository, ["update-index", "-z", "--index-info"], stdin="".join(lines).encode(), env=env)


async def _blobs(repository: Path, edits: Sequence[Edit], folder: Path) -> list[str | None]:
    """The blob of each edit, None for deletions; one git process writes all new ones."""
    names = []
    for number, edit in enumerate(edits):
        if edit.content is not None:
            name = folder / str(number)
            name.write_bytes(edit.content)
            names.append(f"{name}\n")
    written: list[str] = []
    if names:
        arguments = ["hash-object", "-w", "--no-filters", "--stdin-paths"]
        written = (await process.run(repository, arguments, stdin="".join(names).encode())).decode().split()
    fresh = iter(written)
    return [next(fresh) if edit.content is not None else edit.blob for edit in edits]


def _identity(role: str, person: Person) -> dict[str, str]:
    # git refuses names made only of what it strips (angle brackets, newlines): they'd forge header lines.
    name = re.sub(r"[<>\n\0]", "", person.name).strip() or "unknown"
    email = re.sub(r"[<>\n\0]", "", person.email).strip()
    found = {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email}
    if person.date:
        found[f"GIT_{role}_DATE"] = person.date
    return found
