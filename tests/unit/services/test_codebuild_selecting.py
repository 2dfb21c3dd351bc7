"""Which files an artifact takes, and that no archive can write or read outside of its folder."""

import io
import tarfile
import zipfile

import pytest

from trunkline.services.codebuild import selecting


def tar(files, links=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"src/{path}")
            info.size, info.mode = len(text), 0o755 if path.endswith(".sh") else 0o644
            archive.addfile(info, io.BytesIO(text.encode()))
        for path, target in links:
            info = tarfile.TarInfo(f"src/{path}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return out.getvalue()


TREE = ("a.py", "b.txt", "d/a.py", "d/e/f.py", ".hidden", "d/.git/config", "run.sh", "x[1].txt")


@pytest.mark.parametrize(
    ("globs", "found"),
    [
        (["**/*"], set(TREE)),
        (["*"], {"a.py", "b.txt", ".hidden", "run.sh", "x[1].txt"}),
        (["*.py"], {"a.py"}),
        (["**/*.py"], {"a.py", "d/a.py", "d/e/f.py"}),
        (["d/**/*"], {"d/a.py", "d/e/f.py", "d/.git/config"}),
        (["d/*"], {"d/a.py"}),
        (["./a.py", "?.txt"], {"a.py", "b.txt"}),
        (["[ab].*"], {"a.py", "b.txt"}),
        (["x[[]1].txt"], {"x[1].txt"}),
        (["absent"], set()),
        (["a"], set()),
    ],
)
def test_patterns_take_what_they_take_on_aws(globs, found):
    assert set(selecting.select(tar(dict.fromkeys(TREE, "")), globs, [], discard_paths=False)) == found


def test_excluded_paths_stay_out_and_modes_come_along():
    found = selecting.select(tar({"a.sh": "#!", "d/b": ""}), ["**/*"], ["d/**/*"], discard_paths=False)
    assert found == {"a.sh": (b"#!", 0o755)}


def test_discarded_paths_leave_the_names():
    found = selecting.select(tar({"d/e/a": "1", "f/b": "2"}), ["**/*"], [], discard_paths=True)
    assert {name: content for name, (content, _) in found.items()} == {"a": b"1", "b": b"2"}


def test_links_inside_are_followed_and_links_outside_are_not():
    archive = tar({"a": "1"}, [("inside", "a"), ("outside", "../../etc/passwd"), ("nowhere", "absent")])
    found = selecting.select(archive, ["**/*"], [], discard_paths=False)
    assert {name: content for name, (content, _) in found.items()} == {"a": b"1", "inside": b"1"}


def test_the_same_files_give_the_same_zip_with_their_modes():
    files = {"b": (b"2", 0o644), "a.sh": (b"1", 0o755)}
    assert selecting.zipped(files) == selecting.zipped(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(selecting.zipped(files))) as archive:
        assert archive.namelist() == ["a.sh", "b"]
        assert archive.getinfo("a.sh").external_attr >> 16 & 0o777 == 0o755


def test_a_zip_never_reaches_out_of_its_folder():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in ("../up", "/etc/passwd", "a/../../up", "..", "good/../fine", "..hidden", "folder/"):
            archive.writestr(path, "x")
    with tarfile.open(fileobj=io.BytesIO(selecting.zip_to_tar(out.getvalue(), "codebuild/src"))) as unpacked:
        names = unpacked.getnames()
    assert names == ["codebuild/src/fine", "codebuild/src/..hidden"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_what_is_no_zip_is_said(content):
    with pytest.raises(ValueError, match="not a zip archive"):
        selecting.zip_to_tar(content, "x")


def test_a_zip_with_damage_inside_is_said():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "content that is long enough to be damaged")
    damaged = bytearray(out.getvalue())
    damaged[45] ^= 0xFF
    with pytest.raises(ValueError, match="not a zip archive"):
        selecting.zip_to_tar(bytes(damaged), "x")


def test_a_zip_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(selecting, "MAX_BYTES", 1000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 2000)
    with pytest.raises(ValueError, match="larger than"):
        selecting.zip_to_tar(out.getvalue(), "x")
