"""The git engine's contract: reading, committing and recording through the API, without HTTP."""

import asyncio
import io
import zipfile

import pytest

from tests.engines.git_server import Served
from trunkline.engines.git.interface import Edit, MergeConflict, NewCommit, Person, RefMoved, RefUpdate

ADA = Person("Ada", "ada@example.com", "1700000000 +0100")


@pytest.fixture
async def served(tmp_path):
    served = Served(tmp_path)
    await served.git.start()
    await served.new_repository()
    yield served
    await served.git.stop()
    served.db.close()


async def commit(served, edits, *parents, ref="refs/heads/main"):
    new = await served.git.write_commit("r1", NewCommit(parents, "message\n", ADA, ADA, edits))
    if ref:
        old = served.git.refs("r1").get(ref)
        await served.git.update_refs("r1", [RefUpdate(ref, old, new.id)], {"by": "api"})
    return new


async def test_a_new_repository_has_no_refs(served):
    assert served.git.refs("r1") == {}
    assert await served.git.resolve("r1", "HEAD") is None


async def test_creating_twice_keeps_the_content(served):
    made = await commit(served, [Edit("a", b"1")])
    await served.git.create("r1")
    assert await served.git.resolve("r1", "refs/heads/main") == made.id


async def test_a_commit_keeps_author_date_message_and_parents(served):
    one = await commit(served, [Edit("a.txt", b"one")])
    two = await commit(served, [Edit("b/c.txt", b"two")], one.id)
    assert two.parents == (one.id,)
    assert two.author == ADA
    assert two.message == "message\n"
    assert (await served.git.commits("r1", [two.id, "f" * 40, "nonsense"])) == {two.id: two}


async def test_tree_blob_and_sizes_are_read(served):
    made = await commit(served, [Edit("a.txt", b"one"), Edit("dir/run.sh", b"#!/bin/sh\n", mode="100755")])
    root = await served.git.entry("r1", made.id, "")
    assert [(e.path, e.kind, e.size) for e in await served.git.folder("r1", root.id)] == [
        ("a.txt", "blob", 3),
        ("dir", "tree", 0),
    ]
    entry = await served.git.entry("r1", made.id, "dir/run.sh")
    assert entry.mode == "100755"
    assert await served.git.blob("r1", entry.id) == b"#!/bin/sh\n"
    assert await served.git.size("r1", entry.id) == 10
    assert await served.git.blob("r1", root.id) is None
    assert await served.git.blob("r1", "f" * 40) is None
    assert await served.git.entry("r1", made.id, "no/such") is None


async def test_odd_file_names_survive(served):
    made = await commit(served, [Edit("sp ace/ü*[x].txt", b"x")])
    assert (await served.git.entry("r1", made.id, "sp ace/ü*[x].txt")).size == 1
    assert (await served.git.diff("r1", None, made.id))[0].after.path == "sp ace/ü*[x].txt"


async def test_deleting_a_file_and_replacing_it_by_a_folder(served):
    one = await commit(served, [Edit("x", b"file")])
    two = await commit(served, [Edit("x"), Edit("x/y", b"inside")], one.id)
    assert (await served.git.entry("r1", two.id, "x")).kind == "tree"
    kinds = {(c.kind, (c.after or c.before).path) for c in await served.git.diff("r1", one.id, two.id)}
    assert kinds == {("D", "x"), ("A", "x/y")}


async def test_empty_folders_can_be_kept(served):
    one = await commit(served, [Edit("d/a", b"1"), Edit("e", b"2")])
    new = NewCommit((one.id,), "m", ADA, ADA, [Edit("d/a")], keep_empty_folders=True)
    made = await served.git.write_commit("r1", new)
    assert (await served.git.entry("r1", made.id, "d/.gitkeep")).size == 0


async def test_diff_can_be_limited_to_a_path(served):
    one = await commit(served, [Edit("a", b"1"), Edit("d/b", b"1")])
    two = await commit(served, [Edit("a", b"2"), Edit("d/b", b"2")], one.id)
    assert [c.after.path for c in await served.git.diff("r1", one.id, two.id, ["d"])] == ["d/b"]
    assert [c.kind for c in await served.git.diff("r1", one.id, two.id)] == ["M", "M"]


async def test_log_walks_history_of_a_path(served):
    one = await commit(served, [Edit("a", b"1")])
    two = await commit(served, [Edit("b", b"1")], one.id)
    three = await commit(served, [Edit("a", b"2")], two.id)
    assert [c.id for c in await served.git.log("r1", "refs/heads/main")] == [three.id, two.id, one.id]
    assert [c.id for c in await served.git.log("r1", three.id, path="a")] == [three.id, one.id]
    assert [c.id for c in await served.git.log("r1", three.id, limit=1, skip=1)] == [two.id]


async def test_merge_base_and_merge(served):
    base = await commit(served, [Edit("a", b"1\n2\n3\n")])
    ours = await commit(served, [Edit("b", b"b")], base.id, ref="")
    theirs = await commit(served, [Edit("c", b"c")], base.id, ref="")
    assert await served.git.merge_base("r1", ours.id, theirs.id) == base.id
    assert await served.git.ahead("r1", ours.id, base.id)
    assert not await served.git.ahead("r1", base.id, ours.id)
    tree = await served.git.merge_tree("r1", ours.id, theirs.id)
    merged = await served.git.write_commit("r1", NewCommit((ours.id, theirs.id), "merge", ADA, ADA, tree=tree))
    assert {c.after.path for c in await served.git.diff("r1", None, merged.id)} == {"a", "b", "c"}


async def test_conflicting_lines_name_their_files(served):
    base = await commit(served, [Edit("a", b"1\n")])
    ours = await commit(served, [Edit("a", b"2\n")], base.id, ref="")
    theirs = await commit(served, [Edit("a", b"3\n")], base.id, ref="")
    with pytest.raises(MergeConflict) as conflict:
        await served.git.merge_tree("r1", ours.id, theirs.id)
    assert conflict.value.paths == ("a",)


async def test_archive_is_a_zip_of_the_commit(served):
    made = await commit(served, [Edit("buildspec.yml", b"version: 0.2\n")])
    data = b"".join([chunk async for chunk in served.git.archive("r1", made.id)])
    assert zipfile.ZipFile(io.BytesIO(data)).read("buildspec.yml") == b"version: 0.2\n"


async def test_every_move_of_a_ref_is_recorded_with_its_context(served):
    one = await commit(served, [Edit("a", b"1")])
    two = await commit(served, [Edit("a", b"2")], one.id)
    await served.git.update_refs("r1", [RefUpdate("refs/heads/main", two.id, None)], {"by": "someone"})
    assert [r.updates for r in served.recorded] == [
        (RefUpdate("refs/heads/main", None, one.id),),
        (RefUpdate("refs/heads/main", one.id, two.id),),
        (RefUpdate("refs/heads/main", two.id, None),),
    ]
    assert served.recorded[-1].context == {"by": "someone"}


async def test_a_ref_that_moved_meanwhile_is_not_overwritten(served):
    one = await commit(served, [Edit("a", b"1")])
    two = await commit(served, [Edit("a", b"2")], one.id)
    with pytest.raises(RefMoved):
        await served.git.update_refs("r1", [RefUpdate("refs/heads/main", one.id, one.id)], {})
    with pytest.raises(RefMoved):
        await served.git.update_refs("r1", [RefUpdate("refs/heads/main", None, one.id)], {})
    assert served.git.refs("r1") == {"refs/heads/main": two.id}
    assert len(served.recorded) == 2


async def test_concurrent_changes_of_one_ref_are_each_recorded_or_refused(served):
    one = await commit(served, [Edit("a", b"1")])
    made = [await commit(served, [Edit("a", str(n).encode())], one.id, ref="") for n in range(8)]
    moves = [
        served.git.update_refs("r1", [RefUpdate("refs/heads/main", one.id, each.id)], {"n": n})
        for n, each in enumerate(made, 10)
    ]
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(r, RefMoved) for r in results) == 7
    assert len(served.recorded) == 2


async def test_a_dropped_repository_is_gone_and_its_id_can_be_used_again(served):
    await commit(served, [Edit("a", b"1")])
    await served.db.write(lambda tx: served.git.drop(tx, "r1"))
    assert served.git.refs("r1") == {}
    await served.new_repository()
    assert await served.git.resolve("r1", "refs/heads/main") is None


async def test_head_names_the_default_branch(served):
    made = await commit(served, [Edit("a", b"1")], ref="refs/heads/trunk")
    await served.git.set_head("r1", "refs/heads/trunk")
    assert await served.git.resolve("r1", "HEAD") == made.id


@pytest.mark.parametrize("rev", ["", "-q", "--all", "a\nb", "no-such", "HEAD^{tree}"])
async def test_what_names_no_commit_resolves_to_nothing(served, rev):
    assert await served.git.resolve("r1", rev) is None


async def test_author_names_cannot_forge_header_lines(served):
    forger = Person("x <y>\ncommitter z", "a>\nparent 0", "1700000000 +0000")
    made = await served.git.write_commit("r1", NewCommit((), "m", forger, ADA, [Edit("a", b"1")]))
    assert made.parents == ()
    assert made.committer == ADA
