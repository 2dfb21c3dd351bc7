"""A push that reached the disk is told of exactly once, wherever the process is killed."""

import asyncio
import fcntl
import os
import subprocess
import sys
import textwrap

import pytest

from tests.engines.git_server import Served
from trunkline.engines.git import read, write
from trunkline.engines.git.interface import Edit, NewCommit, Person, RefUpdate

ADA = Person("Ada", "ada@example.com", "1700000000 +0000")

CHANGE = """
import asyncio, sys
from pathlib import Path
from trunkline.core.db import Database
from trunkline.engines.git import open_git
from trunkline.engines.git.interface import Edit, NewCommit, Person, RefUpdate

async def main(root):
    db = Database(root / "state.db")
    db.migrate("told", ["CREATE TABLE told (name TEXT, new TEXT, context TEXT)"])
    git = open_git(root, db)
    git.record_with(lambda tx, r: [tx.execute("INSERT INTO told VALUES (?, ?, ?)", (u.name, u.new, r.context.get("by")))
                                   for u in r.updates] and None)
    await git.start()
    ada = Person("Ada", "ada@example.com", "1700000000 +0000")
    if "r1" not in {row["id"] for row in db.all("SELECT id FROM git_repositories")}:
        await git.create("r1")
        await db.write(lambda tx: git.adopt(tx, "r1"))
    for n in range(2):
        if f"refs/heads/b{n}" not in git.refs("r1"):
            made = await git.write_commit("r1", NewCommit((), "m", ada, ada, [Edit("a", b"1")]))
            await git.update_refs("r1", [RefUpdate(f"refs/heads/b{n}", None, made.id)], {"by": f"user{n}"})
    await git.stop()
    db.close()

asyncio.run(main(Path(sys.argv[1])))
"""


def run(root, **env):
    command = [sys.executable, "-c", textwrap.dedent(CHANGE), str(root)]
    return subprocess.run(command, check=False, env={**os.environ, **env}, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("side", ["before", "after"])
async def test_killed_at_any_commit_each_ref_update_is_told_once(tmp_path, side):
    counted = run(tmp_path / "count", TRUNKLINE_COUNT_COMMITS=str(tmp_path / "commits"))
    assert counted.returncode == 0, counted.stderr
    commits = (tmp_path / "commits").stat().st_size
    assert commits >= 5
    for number in range(1, commits + 1):
        root = tmp_path / f"{side}{number}"
        killed = run(root, TRUNKLINE_CRASH_AT=f"{number}:{side}")
        assert killed.returncode == -9, killed.stderr
        again = run(root)
        assert again.returncode == 0, again.stderr
        served = Served(root)
        told = [(row["name"], row["context"]) for row in served.db.all("SELECT * FROM told ORDER BY name")]
        served.db.close()
        assert told == [("refs/heads/b0", "user0"), ("refs/heads/b1", "user1")]


async def test_an_orphaned_git_is_waited_for_before_settling(tmp_path):
    """A git that outlives its killed parent holds the repository's lock until it has moved the ref."""
    served = Served(tmp_path)
    await served.git.start()
    await served.new_repository()
    path = served.git._layout.path("r1")
    made = await write.commit(path, NewCommit((), "m", ADA, ADA, [Edit("a", b"1")]))
    await served.git._journal.begin("r1", {"by": "the killed one"})
    orphan = os.open(path / "trunkline.lock", os.O_RDWR)
    fcntl.flock(orphan, fcntl.LOCK_EX)

    again = Served(tmp_path)
    starting = asyncio.create_task(again.git.start())
    await asyncio.sleep(0.1)
    assert not starting.done()
    await write.update_refs(path, [RefUpdate("refs/heads/main", None, made.id)], orphan)
    os.close(orphan)
    await starting
    assert [(r.context, r.updates) for r in again.recorded] == [
        ({"by": "the killed one"}, (RefUpdate("refs/heads/main", None, made.id),))
    ]
    assert again.git.refs("r1") == await read.refs(path)
    served.db.close()
    again.db.close()


async def test_a_repository_nobody_adopted_is_swept_away(tmp_path):
    served = Served(tmp_path)
    await served.git.start()
    await served.git.create("r1")
    await served.new_repository("r2")
    again = Served(tmp_path)
    await again.git.start()
    assert list(again.git._layout.present()) == ["r2"]
    served.db.close()
    again.db.close()
