"""The driver that is git: bare repositories in a directory, changed one at a time, told of exactly once."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from trunkline.core.db import Database, Tx
from trunkline.core.log import get
from trunkline.engines.git import http, read, write
from trunkline.engines.git.interface import (
    Change,
    Commit,
    Entry,
    NewCommit,
    Receive,
    Recorder,
    RefUpdate,
    Send,
)
from trunkline.engines.git.journal import Journal
from trunkline.engines.git.layout import Layout
from trunkline.engines.git.maintenance import Maintenance

log = get(__name__)
T = TypeVar("T")


class GitDriver:
    """See `interface.Git`."""

    def __init__(self, root: Path, db: Database) -> None:
        self._layout = Layout(root)
        self._journal = Journal(db)
        self._maintenance = Maintenance()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changes: set[asyncio.Task[Any]] = set()

    # lifecycle -------------------------------------------------------------------------------------------------------

    def record_with(self, recorder: Recorder) -> None:
        self._journal.recorder = recorder

    async def start(self) -> None:
        self._layout.prepare()
        known = self._journal.known()
        for repository in self._layout.present():
            if repository not in known:
                self._layout.remove(repository)
        for repository in self._journal.unsettled():
            async with self._layout.locked(repository):
                updates = await self._settle(repository)
            log.info("settled a repository after a crash", repository=repository, updates=len(updates))

    async def stop(self) -> None:
        if self._changes:
            await asyncio.wait(self._changes)
        await self._maintenance.stop()

    async def create(self, repository: str) -> None:
        await self._layout.create(repository)

    def adopt(self, tx: Tx, repository: str) -> None:
        self._journal.adopt(tx, repository)

    def drop(self, tx: Tx, repository: str) -> None:
        self._journal.drop(tx, repository)
        tx.after_commit(lambda: self._layout.remove(repository))

    # refs ------------------------------------------------------------------------------------------------------------

    def refs(self, repository: str, prefix: str = "refs/") -> dict[str, str]:
        return self._journal.refs(repository, prefix)

    async def set_head(self, repository: str, ref: str) -> None:
        head = self._path(repository) / "HEAD"
        wanted = f"ref: {ref}\n"
        if head.read_text() != wanted:
            fresh = head.with_name("HEAD.new")
            fresh.write_text(wanted)
            fresh.replace(head)

    async def update_refs(self, repository: str, updates: Sequence[RefUpdate], context: Mapping[str, Any]) -> None:
        await self._change(repository, context, lambda lock: write.update_refs(self._path(repository), updates, lock))

    # reading ---------------------------------------------------------------------------------------------------------

    async def resolve(self, repository: str, rev: str) -> str | None:
        return await read.resolve(self._path(repository), rev)

    async def commits(self, repository: str, ids: Sequence[str]) -> dict[str, Commit]:
        return await read.commits(self._path(repository), ids)

    async def log(self, repository: str, rev: str, *, path: str = "", limit: int = 100, skip: int = 0) -> list[Commit]:
        return await read.log(self._path(repository), rev, path, limit, skip)

    async def ahead(self, repository: str, rev: str, of: str) -> bool:
        return await read.ahead(self._path(repository), rev, of)

    async def merge_base(self, repository: str, one: str, other: str) -> str | None:
        return await read.merge_base(self._path(repository), one, other)

    async def entry(self, repository: str, rev: str, path: str) -> Entry | None:
        return await read.entry(self._path(repository), rev, path)

    async def entries(self, repository: str, rev: str, paths: Sequence[str]) -> dict[str, Entry]:
        return await read.entries(self._path(repository), rev, paths)

    async def folder(self, repository: str, tree: str) -> list[Entry]:
        return await read.folder(self._path(repository), tree)

    async def blob(self, repository: str, id: str) -> bytes | None:
        kind, data = (await read.objects(self._path(repository), [id])).get(id, ("", b""))
        return data if kind == "blob" else None

    async def size(self, repository: str, id: str) -> int | None:
        return await read.size(self._path(repository), id)

    async def diff(self, repository: str, before: str | None, after: str, paths: Sequence[str] = ()) -> list[Change]:
        return await read.diff(self._path(repository), before, after, paths)

    def archive(self, repository: str, rev: str, form: Literal["zip", "tar"] = "zip") -> AsyncIterator[bytes]:
        return read.archive(self._path(repository), rev, form)

    # writing objects -------------------------------------------------------------------------------------------------

    async def write_commit(self, repository: str, commit: NewCommit) -> Commit:
        return await write.commit(self._path(repository), commit)

    async def merge_tree(self, repository: str, ours: str, theirs: str) -> str:
        return await write.merge_tree(self._path(repository), ours, theirs)

    # smart HTTP ------------------------------------------------------------------------------------------------------

    async def advertise(self, repository: str, service: str, headers: Mapping[str, str], send: Send) -> None:
        await http.advertise(self._path(repository), service, headers, send)

    async def fetch(self, repository: str, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        await http.fetch(self._path(repository), self._layout.spool, headers, receive, send)

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
        path = self._path(repository)
        async with http.received(self._layout.spool, headers, receive) as body:
            asked = http.commands(body)
            objection = await allow(asked) if allow and asked else None
            if objection is not None:
                out = http.refusal(asked, objection)
            elif not asked:  # git probes with an empty push whether it may send a large one
                out = b""
            else:
                out = await self._change(repository, context, lambda lock: http.receive_pack(path, body, headers, lock))
        await http.answer(send, 200, out, "application/x-git-receive-pack-result")
        self._maintenance.after_push(path)

    # changing refs ---------------------------------------------------------------------------------------------------

    async def _change(self, repository: str, context: Mapping[str, Any], act: Callable[[int], Awaitable[T]]) -> T:
        """Run `act` alone in the repository and record what it moved. Goes on when the one who asks is cancelled."""

        async def work() -> T:
            async with self._turns[repository], self._layout.locked(repository) as lock:
                await self._journal.begin(repository, context)
                try:
                    return await act(lock)
                finally:
                    await self._settle(repository)

        task = asyncio.create_task(work())
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    async def _settle(self, repository: str) -> tuple[RefUpdate, ...]:
        return await self._journal.settle(repository, await read.refs(self._path(repository)))

    def _path(self, repository: str) -> Path:
        return self._layout.path(repository)
