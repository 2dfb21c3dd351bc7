"""Commits made and read through the API."""

import pytest
from tests.api.codecommit.asking import commit_refused, file, put, refused


def test_a_commit_lists_what_it_did(codecommit, repository, first):
    answer = codecommit.create_commit(
        repositoryName=repository,
        branchName="main",
        parentCommitId=first,
        authorName="Ada",
        email="ada@example.com",
        commitMessage="move things",
        putFiles=[
            {"filePath": "new.txt", "fileContent": b"new"},
            {"filePath": "README.md", "fileContent": b"changed"},
            {"filePath": "lib/app.py", "sourceFile": {"filePath": "src/app.py", "isMove": True}},
        ],
        setFileModes=[],
    )
    assert sorted(f["absolutePath"] for f in answer["filesAdded"]) == ["lib/app.py", "new.txt"]
    assert [f["absolutePath"] for f in answer["filesUpdated"]] == ["README.md"]
    assert [f["absolutePath"] for f in answer["filesDeleted"]] == ["src/app.py"]
    commit = codecommit.get_commit(repositoryName=repository, commitId=answer["commitId"])["commit"]
    assert (commit["message"], commit["parents"], commit["treeId"]) == ("move things", [first], answer["treeId"])
    assert (commit["author"]["name"], commit["author"]["email"]) == ("Ada", "ada@example.com")


def test_modes_are_set(codecommit, repository, first):
    answer = codecommit.create_commit(
        repositoryName=repository,
        branchName="main",
        parentCommitId=first,
        setFileModes=[{"filePath": "src/app.py", "fileMode": "EXECUTABLE"}],
    )
    assert answer["filesUpdated"][0]["fileMode"] == "EXECUTABLE"
    file = codecommit.get_file(repositoryName=repository, filePath="src/app.py")
    assert (file["fileMode"], file["fileContent"]) == ("EXECUTABLE", b"print(1)\n")


@pytest.mark.parametrize(
    ("code", "lists"),
    [
        ("FileEntryRequiredException", {}),
        ("NoChangeException", {"putFiles": [file("README.md", b"hello\n")]}),
        ("SamePathRequestException", {"putFiles": [file("a")], "deleteFiles": [{"filePath": "a"}]}),
        ("PutFileEntryConflictException", {"putFiles": [file("a"), file("a/b")]}),
        ("FileNameConflictsWithDirectoryNameException", {"putFiles": [file("src")]}),
        ("DirectoryNameConflictsWithFileNameException", {"putFiles": [file("README.md/x")]}),
        ("FileDoesNotExistException", {"deleteFiles": [{"filePath": "none"}]}),
        ("FileDoesNotExistException", {"setFileModes": [{"filePath": "src", "fileMode": "NORMAL"}]}),
        ("FileDoesNotExistException", {"putFiles": [{"filePath": "a", "sourceFile": {"filePath": "none"}}]}),
        ("SourceFileOrContentRequiredException", {"putFiles": [{"filePath": "a"}]}),
        (
            "FileContentAndSourceFileSpecifiedException",
            {"putFiles": [{**file("a"), "sourceFile": {"filePath": "README.md"}}]},
        ),
        ("InvalidPathException", {"putFiles": [file("a/../b")]}),
        ("InvalidPathException", {"putFiles": [file(".git/config")]}),
        ("FileContentSizeLimitExceededException", {"putFiles": [file("a", b"x" * (6 * 1024 * 1024 + 1))]}),
        ("MaximumFileEntriesExceededException", {"putFiles": [file(str(n)) for n in range(101)]}),
    ],
)
def test_commits_that_make_no_sense_are_refused(codecommit, repository, first, code, lists):
    commit_refused(codecommit, code, repository, first, **lists)
    assert codecommit.get_branch(repositoryName=repository, branchName="main")["branch"]["commitId"] == first


def test_the_parent_must_be_the_tip(codecommit, repository, first):
    second = put(codecommit, repository, {"a": b"1"}, first)
    one = {"putFiles": [file("b")]}
    commit_refused(codecommit, "ParentCommitIdRequiredException", repository, None, **one)
    commit_refused(codecommit, "ParentCommitIdOutdatedException", repository, first, **one)
    commit_refused(codecommit, "ParentCommitDoesNotExistException", repository, "f" * 40, **one)
    commit_refused(codecommit, "InvalidParentCommitIdException", repository, "xyz", **one)
    commit_refused(codecommit, "BranchDoesNotExistException", repository, second, branch="none", **one)


def test_put_file_and_delete_file(codecommit, repository, first):
    answer = codecommit.put_file(
        repositoryName=repository, branchName="main", filePath="a.txt", fileContent=b"1", parentCommitId=first
    )
    assert codecommit.get_blob(repositoryName=repository, blobId=answer["blobId"])["content"] == b"1"
    refused(
        "SameFileContentException",
        codecommit.put_file,
        repositoryName=repository,
        branchName="main",
        filePath="a.txt",
        fileContent=b"1",
        parentCommitId=answer["commitId"],
    )
    gone = codecommit.delete_file(
        repositoryName=repository, branchName="main", filePath="a.txt", parentCommitId=answer["commitId"]
    )
    assert (gone["filePath"], gone["blobId"]) == ("a.txt", answer["blobId"])
    refused("FileDoesNotExistException", codecommit.get_file, repositoryName=repository, filePath="a.txt")


def test_folders_are_listed(codecommit, repository, first):
    root = codecommit.get_folder(repositoryName=repository, folderPath="/")
    assert [f["absolutePath"] for f in root["files"]] == ["README.md"]
    assert [f["absolutePath"] for f in root["subFolders"]] == ["src"]
    below = codecommit.get_folder(repositoryName=repository, folderPath="src", commitSpecifier="main")
    assert [(f["absolutePath"], f["relativePath"]) for f in below["files"]] == [("src/app.py", "app.py")]
    refused("FolderDoesNotExistException", codecommit.get_folder, repositoryName=repository, folderPath="README.md")


def test_commits_are_named_in_many_ways(codecommit, repository, first):
    for specifier in ("main", "refs/heads/main", "HEAD", first, first[:8]):
        answer = codecommit.get_file(repositoryName=repository, filePath="README.md", commitSpecifier=specifier)
        assert answer["commitId"] == first
    for specifier in ("none", "f" * 40):
        refused(
            "CommitDoesNotExistException",
            codecommit.get_file,
            repositoryName=repository,
            filePath="README.md",
            commitSpecifier=specifier,
        )
    refused(
        "InvalidCommitException",
        codecommit.get_file,
        repositoryName=repository,
        filePath="README.md",
        commitSpecifier="a^{tree}",
    )


def test_an_empty_repository_has_no_commit_to_read(codecommit, repository):
    refused("CommitDoesNotExistException", codecommit.get_file, repositoryName=repository, filePath="a")


def test_differences_come_in_pages(codecommit, repository, first):
    second = put(codecommit, repository, {"a": b"1", "b": b"1", "README.md": b"2"}, first)
    pages = codecommit.get_paginator("get_differences").paginate(
        repositoryName=repository,
        beforeCommitSpecifier=first,
        afterCommitSpecifier=second,
        PaginationConfig={"PageSize": 2},
    )
    found = [(d["changeType"], d["afterBlob"]["path"]) for page in pages for d in page["differences"]]
    assert found == [("M", "README.md"), ("A", "a"), ("A", "b")]
    everything = codecommit.get_differences(repositoryName=repository, afterCommitSpecifier=first)["differences"]
    assert {d["afterBlob"]["path"] for d in everything} == {"README.md", "src/app.py"}


def test_commits_are_read_in_batches(codecommit, repository, first):
    answer = codecommit.batch_get_commits(repositoryName=repository, commitIds=[first, "f" * 40])
    assert [c["commitId"] for c in answer["commits"]] == [first]
    assert [e["commitId"] for e in answer["errors"]] == ["f" * 40]


def test_the_history_of_a_file(codecommit, repository, first):
    second = put(codecommit, repository, {"other": b"1"}, first)
    third = put(codecommit, repository, {"README.md": b"2"}, second)
    answer = codecommit.list_file_commit_history(repositoryName=repository, filePath="README.md", maxResults=1)
    assert [r["commit"]["commitId"] for r in answer["revisionDag"]] == [third]
    rest = codecommit.list_file_commit_history(
        repositoryName=repository, filePath="README.md", maxResults=1, nextToken=answer["nextToken"]
    )
    assert [r["commit"]["commitId"] for r in rest["revisionDag"]] == [first]
    assert "nextToken" not in rest
