"""Reads repositories through git's plumbing and parses what it prints."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

from trunkline.engines.git import process
from trunkline.engines.git.interface import EMPTY_TREE, Change, Commit, Entry, GitError, Person

_CHUNK = 256 * 1024


async def refs(repository: Path) -> dict[str, str]:
    """The refs on disk."""
    out = await process.run(repository, ["for-each-ref", "--format=%(objectname) %(refname)"])
    pairs = (line.split(" ", 1) for line in out.decode().splitlines())
    return {name: object_id for object_id, name in pairs}


async def resolve(repository: Path, rev: str) -> str | None:
    """The commit a revision names."""
    if not rev or rev.startswith("-") or any(c in rev for c in "\0\n"):
        return None
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"]
    code, out, _ = await process.attempt(repository, arguments)
    return out.decode().strip() if code == 0 else None


async def objects(repository: Path, ids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Kind and content of those of `ids` that exist."""
    wanted = [each for each in ids if _is_id(each)]
    out = await process.run(repository, ["cat-file", "--batch"], stdin="".join(f"{each}\n" for each in wanted).encode())
    found: dict[str, tuple[str, bytes]] = {}
    place = 0
    for each in wanted:
        end = out.index(b"\n", place)
        head = out[place:end].decode().split(" ")
        place = end + 1
        if len(head) == 3:
            size = int(head[2])
            found[each] = (head[1], out[place : place + size])
            place += size + 1
    return found


async def commits(repository: Path, ids: Sequence[str]) -> dict[str, Commit]:
    """Those of `ids` that are commits."""
    found = await objects(repository, ids)
    return {each: parse_commit(each, data) for each, (kind, data) in found.items() if kind == "commit"}


async def log(repository: Path, rev: str, path: str, limit: int, skip: int) -> list[Commit]:
    """History, newest first."""
    arguments = ["rev-list", f"--max-count={limit}", f"--skip={skip}", "--end-of-options", rev, "--"]
    if path:
        arguments.append(f":(literal){path}")
    ids = (await process.run(repository, arguments)).decode().split()
    found = await commits(repository, ids)
    return [found[each] for each in ids]


async def ahead(repository: Path, rev: str, of: str) -> bool:
    """Whether `of` is an ancestor of `rev`."""
    code, _, err = await process.attempt(repository, ["merge-base", "--is-ancestor", of, rev])
    if code > 1:
        raise GitError(err)
    return code == 0


async def merge_base(repository: Path, one: str, other: str) -> str | None:
    """The best common ancestor."""
    code, out, err = await process.attempt(repository, ["merge-base", "--end-of-options", one, other])
    if code > 1:
        raise GitError(err)
    return out.decode().strip() or None


async def entry(repository: Path, rev: str, path: str) -> Entry | None:
    """What stands at a path."""
    if not path:
        out = await process.run(repository, ["rev-parse", "--verify", "--end-of-options", f"{rev}^{{tree}}"])
        return Entry("", "040000", "tree", out.decode().strip())
    return (await entries(repository, rev, [path])).get(path)


async def entries(repository: Path, rev: str, paths: Sequence[str]) -> dict[str, Entry]:
    """What stands at each of several paths."""
    if not paths:
        return {}
    out = await process.run(repository, ["ls-tree", "-z", "-l", "--full-tree", rev, "--", *paths])
    return {found.path: found for found in parse_tree(out)}


async def folder(repository: Path, tree: str) -> list[Entry]:
    """The names directly in a tree."""
    return parse_tree(await process.run(repository, ["ls-tree", "-z", "-l", "--full-tree", tree]))


async def size(repository: Path, id: str) -> int | None:
    """The size of a blob."""
    if not _is_id(id):
        return None
    out = await process.run(repository, ["cat-file", "--batch-check"], stdin=f"{id}\n".encode())
    head = out.decode().split()
    return int(head[2]) if len(head) == 3 and head[1] == "blob" else None


async def diff(repository: Path, before: str | None, after: str, paths: Sequence[str]) -> list[Change]:
    """Files that differ between two trees."""
    arguments = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--abbrev=40", before or EMPTY_TREE, after, "--"]
    arguments += [f":(literal){path}" for path in paths]
    fields = (await process.run(repository, arguments)).decode(errors="surrogateescape").split("\0")
    return [_change(head, path) for head, path in zip(fields[0::2], fields[1::2], strict=False)]


async def archive(repository: Path, rev: str, form: Literal["zip", "tar"]) -> AsyncIterator[bytes]:
    """The files of a commit as one stream."""
    running = await process.spawn(repository, ["archive", f"--format={form}", rev])
    assert running.stdout is not None and running.stderr is not None
    try:
        while chunk := await running.stdout.read(_CHUNK):
            yield chunk
        said = await running.stderr.read()
        if await running.wait():
            raise GitError(said.decode(errors="replace").strip())
    finally:
        await process.end(running)


def parse_commit(id: str, data: bytes) -> Commit:
    """A commit object's text, taken apart."""
    head, _, message = data.partition(b"\n\n")
    fields: list[tuple[str, str]] = []
    for line in head.decode(errors="replace").split("\n"):
        if line.startswith(" ") and fields:  # a continued line: signatures have many
            fields[-1] = (fields[-1][0], fields[-1][1] + "\n" + line[1:])
        else:
            key, _, value = line.partition(" ")
            fields.append((key, value))
    values = dict(fields)
    usual = {"tree", "parent", "author", "committer"}
    return Commit(
        id=id,
        tree=values.get("tree", ""),
        parents=tuple(value for key, value in fields if key == "parent"),
        author=_person(values.get("author", "")),
        committer=_person(values.get("committer", "")),
        message=message.decode(errors="replace"),
        additional="\n".join(f"{key} {value}" for key, value in fields if key not in usual),
    )


def parse_tree(out: bytes) -> list[Entry]:
    """What `ls-tree -z -l` prints."""
    found = []
    for line in out.decode(errors="surrogateescape").split("\0"):
        if line:
            head, path = line.split("\t", 1)
            mode, kind, id, size_text = head.split()
            found.append(Entry(path, mode, kind, id, 0 if size_text == "-" else int(size_text)))
    return found


def _person(text: str) -> Person:
    name, _, rest = text.partition(" <")
    email, _, date = rest.partition("> ")
    return Person(name, email, date)


def _change(head: str, path: str) -> Change:
    old_mode, new_mode, old, new, status = head.lstrip(":").split(" ")
    before = None if status == "A" else Entry(path, old_mode, "blob", old)
    after = None if status == "D" else Entry(path, new_mode, "blob", new)
    return Change("A" if status == "A" else "D" if status == "D" else "M", before, after)


def _is_id(text: str) -> bool:
    return len(text) == 40 and all(c in "0123456789abcdef" for c in text)
