"""Stock git against the engine over HTTP."""

import asyncio
import gzip
import os
from pathlib import Path

import aiohttp
import pytest

from tests.engines.git_server import client, serving
from trunkline.engines.git.http import packet


@pytest.fixture
async def served(tmp_path):
    async with serving(tmp_path / "server") as served:
        await served.new_repository()
        yield served


@pytest.fixture
async def work(served, tmp_path):
    """A clone with one pushed commit."""
    folder = tmp_path / "work"
    await client(tmp_path, "clone", "-q", f"{served.url}/r1", "work")
    (folder / "a.txt").write_text("one\n")
    await client(folder, "add", ".")
    await client(folder, "commit", "-qm", "one")
    await client(folder, "push", "-q", "origin", "HEAD:refs/heads/main")
    return folder


async def head(folder):
    return (await client(folder, "rev-parse", "HEAD")).strip()


async def test_push_then_clone_gives_the_same_commit(served, work, tmp_path):
    await client(tmp_path, "clone", "-q", f"{served.url}/r1", "again")
    assert await head(tmp_path / "again") == await head(work)
    assert served.git.refs("r1") == {"refs/heads/main": await head(work)}


@pytest.mark.parametrize("version", ["0", "1", "2"])
async def test_every_protocol_version_fetches(served, work, tmp_path, version):
    await client(tmp_path, "-c", f"protocol.version={version}", "clone", "-q", f"{served.url}/r1", "again")
    assert await head(tmp_path / "again") == await head(work)


async def test_a_push_is_recorded_before_it_is_acknowledged(served, work):
    (recorded,) = served.recorded
    assert recorded.context == {"by": "test"}
    assert [(u.name, u.old, u.new) for u in recorded.updates] == [("refs/heads/main", None, await head(work))]


async def test_tags_branches_force_and_delete_are_recorded(served, work):
    first = await head(work)
    await client(work, "tag", "v1")
    await client(work, "push", "-q", "origin", "v1", "HEAD:refs/heads/other")
    await client(work, "commit", "-q", "--amend", "-m", "better")
    await client(work, "push", "-qf", "origin", "HEAD:refs/heads/other")
    await client(work, "push", "-q", "origin", ":refs/heads/other")
    moves = [[(u.name, u.old, u.new) for u in r.updates] for r in served.recorded[1:]]
    assert moves == [
        [("refs/heads/other", None, first), ("refs/tags/v1", None, first)],
        [("refs/heads/other", first, await head(work))],
        [("refs/heads/other", await head(work), None)],
    ]


async def test_a_rejected_push_says_why_and_records_nothing(served, work):
    served.objection = "main is protected"
    (work / "b").write_text("b")
    await client(work, "add", ".")
    await client(work, "commit", "-qm", "two")
    out = await client(work, "push", "origin", "HEAD:refs/heads/main", ok=False)
    assert "[remote rejected]" in out
    assert "main is protected" in out
    assert len(served.recorded) == 1


async def test_large_pushes_use_chunked_bodies_and_come_back_whole(served, work, tmp_path):
    (work / "big.bin").write_bytes(os.urandom(8 << 20))
    await client(work, "add", ".")
    await client(work, "commit", "-qm", "big")
    await client(work, "push", "-q", "origin", "HEAD:refs/heads/main")
    await client(tmp_path, "clone", "-q", f"{served.url}/r1", "again")
    assert (tmp_path / "again/big.bin").read_bytes() == (work / "big.bin").read_bytes()


async def test_shallow_and_partial_clones(served, work, tmp_path):
    await client(work, "commit", "-q", "--allow-empty", "-m", "two")
    await client(work, "push", "-q", "origin", "HEAD:refs/heads/main")
    await client(tmp_path, "clone", "-q", "--depth", "1", f"{served.url}/r1", "shallow")
    assert (await client(tmp_path / "shallow", "rev-list", "--count", "HEAD")).strip() == "1"
    await client(tmp_path, "clone", "-q", "--filter=blob:none", f"{served.url}/r1", "partial")
    assert (tmp_path / "partial/a.txt").read_text() == "one\n"


async def test_many_fetches_and_pushes_at_once(served, work, tmp_path):
    async def push(number):
        folder = tmp_path / f"w{number}"
        await client(tmp_path, "clone", "-q", f"{served.url}/r1", folder.name)
        await client(folder, "commit", "-q", "--allow-empty", "-m", f"{number}")
        await client(folder, "push", "-q", "origin", f"HEAD:refs/heads/b{number}")

    await asyncio.gather(*(push(n) for n in range(6)))
    assert len(served.git.refs("r1")) == 7
    assert sorted(u.name for r in served.recorded[1:] for u in r.updates) == [f"refs/heads/b{n}" for n in range(6)]


async def test_a_gzipped_fetch_request_is_understood(served, work):
    body = packet(b"command=ls-refs\n") + b"0001" + packet(b"ref-prefix refs/heads/\n") + b"0000"
    headers = {"content-encoding": "gzip", "git-protocol": "version=2"}
    async with aiohttp.ClientSession() as session:
        url = f"{served.url}/r1/git-upload-pack"
        async with session.post(url, data=gzip.compress(body), headers=headers) as response:
            assert (await head(work)).encode() in await response.read()


async def test_a_client_that_goes_away_while_fetching_leaves_no_process(served, work):
    (work / "big.bin").write_bytes(os.urandom(16 << 20))
    await client(work, "add", ".")
    await client(work, "commit", "-qm", "big")
    await client(work, "push", "-q", "origin", "HEAD:refs/heads/main")
    want = packet(f"want {await head(work)} side-band-64k\n".encode()) + b"0000" + packet(b"done\n")
    before = children()  # other tests' servers
    async with aiohttp.ClientSession() as session:
        response = await session.post(f"{served.url}/r1/git-upload-pack", data=want)
        await response.content.read(10)
        response.close()
    for _ in range(500):
        if children() <= before:
            break
        await asyncio.sleep(0.01)
    assert children() <= before


def children():
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
