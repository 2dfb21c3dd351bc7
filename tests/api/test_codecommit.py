"""CodeCommit as boto3 uses it."""

import pytest
from botocore.exceptions import ClientError
from tests.support.ledger import events


@pytest.fixture
def codecommit(aws):
    return aws("codecommit")


@pytest.fixture
def repository(codecommit, name):
    codecommit.create_repository(repositoryName=name)
    return name


@pytest.fixture
def first(codecommit, repository):
    """The first commit of the repository, on main."""
    return put(codecommit, repository, {"README.md": b"hello\n", "src/app.py": b"print(1)\n"})


def put(codecommit, repository, files, parent=None, branch="main", **more):
    given = {"parentCommitId": parent} if parent else {}
    answer = codecommit.create_commit(
        repositoryName=repository,
        branchName=branch,
        putFiles=[{"filePath": path, "fileContent": content} for path, content in files.items()],
        **given,
        **more,
    )
    return answer["commitId"]


def refused(code, call, **params):
    with pytest.raises(ClientError) as error:
        call(**params)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


def state_changes(server, repository):
    return events(server, "CodeCommit Repository State Change", repositoryName=repository)


# repositories --------------------------------------------------------------------------------------------------------


def test_a_repository_is_described_with_its_clone_url(codecommit, server, name):
    made = codecommit.create_repository(repositoryName=name, repositoryDescription="d", tags={"team": "a"})
    found = codecommit.get_repository(repositoryName=name)["repositoryMetadata"]
    assert found == made["repositoryMetadata"]
    assert found["cloneUrlHttp"] == f"{server.endpoint}/v1/repos/{name}"
    assert found["Arn"] == f"arn:aws:codecommit:us-east-1:000000000000:{name}"
    assert "defaultBranch" not in found
    assert codecommit.list_tags_for_resource(resourceArn=found["Arn"])["tags"] == {"team": "a"}


def test_names_are_unique_in_an_account_and_region(codecommit, aws, repository):
    refused("RepositoryNameExistsException", codecommit.create_repository, repositoryName=repository)
    aws("codecommit", region="eu-west-1").create_repository(repositoryName=repository)


def test_unknown_repositories_are_refused(codecommit, name):
    refused("RepositoryDoesNotExistException", codecommit.get_repository, repositoryName=name)
    refused("RepositoryDoesNotExistException", codecommit.list_branches, repositoryName=name)
    answer = codecommit.batch_get_repositories(repositoryNames=[name])
    assert answer["repositoriesNotFound"] == [name]
    assert "repositoryId" not in codecommit.delete_repository(repositoryName=name)


@pytest.mark.parametrize("bad", ["has space", "x" * 101, "ends.git"])
def test_bad_names_are_refused(codecommit, bad):
    refused("InvalidRepositoryNameException", codecommit.create_repository, repositoryName=bad)


def test_repositories_are_listed_by_name_and_by_time(codecommit, name):
    for suffix in ("b", "a", "c"):
        codecommit.create_repository(repositoryName=f"{name}-{suffix}")
    listed = [r["repositoryName"] for r in codecommit.list_repositories()["repositories"]]
    assert [n for n in listed if n.startswith(name)] == [f"{name}-{s}" for s in "abc"]
    latest = codecommit.list_repositories(sortBy="lastModifiedDate", order="descending")["repositories"]
    assert [r["repositoryName"] for r in latest if r["repositoryName"].startswith(name)] == [
        f"{name}-{s}" for s in "cab"
    ]


def test_renaming_keeps_the_content(codecommit, repository, first):
    codecommit.update_repository_name(oldName=repository, newName=f"{repository}-new")
    refused("RepositoryDoesNotExistException", codecommit.get_repository, repositoryName=repository)
    branch = codecommit.get_branch(repositoryName=f"{repository}-new", branchName="main")["branch"]
    assert branch["commitId"] == first


def test_a_deleted_repository_is_gone_with_its_branches(codecommit, repository, first):
    assert codecommit.delete_repository(repositoryName=repository)["repositoryId"]
    codecommit.create_repository(repositoryName=repository)
    assert codecommit.list_branches(repositoryName=repository)["branches"] == []


def test_descriptions_and_tags_change(codecommit, repository):
    codecommit.update_repository_description(repositoryName=repository, repositoryDescription="new")
    found = codecommit.get_repository(repositoryName=repository)["repositoryMetadata"]
    assert found["repositoryDescription"] == "new"
    codecommit.tag_resource(resourceArn=found["Arn"], tags={"a": "1", "b": "2"})
    codecommit.untag_resource(resourceArn=found["Arn"], tagKeys=["a"])
    assert codecommit.list_tags_for_resource(resourceArn=found["Arn"])["tags"] == {"b": "2"}
    arn = found["Arn"]
    refused("InvalidSystemTagUsageException", codecommit.tag_resource, resourceArn=arn, tags={"aws:x": "1"})


def test_encryption_keys_are_refused_by_name(codecommit, name):
    message = refused("NotImplemented", codecommit.create_repository, repositoryName=name, kmsKeyId="alias/x")
    assert "kmsKeyId" in message


# branches ------------------------------------------------------------------------------------------------------------


def test_the_first_branch_becomes_the_default(codecommit, repository, first):
    found = codecommit.get_repository(repositoryName=repository)["repositoryMetadata"]
    assert found["defaultBranch"] == "main"
    assert found["lastModifiedDate"] > found["creationDate"]


def test_branches_are_made_listed_and_deleted(codecommit, repository, first):
    codecommit.create_branch(repositoryName=repository, branchName="feature/x", commitId=first)
    assert codecommit.list_branches(repositoryName=repository)["branches"] == ["feature/x", "main"]
    deleted = codecommit.delete_branch(repositoryName=repository, branchName="feature/x")["deletedBranch"]
    assert deleted == {"branchName": "feature/x", "commitId": first}
    assert "deletedBranch" not in codecommit.delete_branch(repositoryName=repository, branchName="feature/x")


def test_what_is_wrong_with_a_branch_is_told(codecommit, repository, first):
    def create(branch, commit=first):
        return {"repositoryName": repository, "branchName": branch, "commitId": commit}

    refused("BranchNameExistsException", codecommit.create_branch, **create("main"))
    refused("BranchNameExistsException", codecommit.create_branch, **create("main/below"))
    refused("InvalidBranchNameException", codecommit.create_branch, **create("a..b"))
    refused("InvalidCommitIdException", codecommit.create_branch, **create("x", "abc"))
    refused("CommitDoesNotExistException", codecommit.create_branch, **create("x", "f" * 40))
    refused("BranchDoesNotExistException", codecommit.get_branch, repositoryName=repository, branchName="none")
    refused("BranchNameRequiredException", codecommit.get_branch, repositoryName=repository)
    refused(
        "DefaultBranchCannotBeDeletedException", codecommit.delete_branch, repositoryName=repository, branchName="main"
    )


def test_the_default_branch_can_be_another(codecommit, repository, first):
    codecommit.create_branch(repositoryName=repository, branchName="next", commitId=first)
    codecommit.update_default_branch(repositoryName=repository, defaultBranchName="next")
    assert codecommit.get_repository(repositoryName=repository)["repositoryMetadata"]["defaultBranch"] == "next"
    codecommit.delete_branch(repositoryName=repository, branchName="main")
    refused(
        "BranchDoesNotExistException",
        codecommit.update_default_branch,
        repositoryName=repository,
        defaultBranchName="main",
    )


# commits -------------------------------------------------------------------------------------------------------------


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


def commit_refused(codecommit, code, repository, parent, branch="main", **lists):
    given = {"parentCommitId": parent} if parent else {}
    refused(code, codecommit.create_commit, repositoryName=repository, branchName=branch, **given, **lists)


def file(path, content=b"x"):
    return {"filePath": path, "fileContent": content}


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


# reading -------------------------------------------------------------------------------------------------------------


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


# merging -------------------------------------------------------------------------------------------------------------


def test_branches_are_merged(codecommit, repository, first):
    codecommit.create_branch(repositoryName=repository, branchName="work", commitId=first)
    work = put(codecommit, repository, {"w": b"1"}, first, branch="work")
    sides = {"repositoryName": repository, "sourceCommitSpecifier": "work", "destinationCommitSpecifier": "main"}
    options = codecommit.get_merge_options(**sides)
    assert options["mergeOptions"] == ["FAST_FORWARD_MERGE", "SQUASH_MERGE", "THREE_WAY_MERGE"]
    assert codecommit.merge_branches_by_fast_forward(**sides)["commitId"] == work
    main = put(codecommit, repository, {"m": b"1"}, work)
    work2 = put(codecommit, repository, {"w2": b"1"}, work, branch="work")
    refused("ManualMergeRequiredException", codecommit.merge_branches_by_fast_forward, **sides)
    merged = codecommit.merge_branches_by_three_way(**sides)["commitId"]
    commit = codecommit.get_commit(repositoryName=repository, commitId=merged)["commit"]
    assert commit["parents"] == [main, work2]


def test_conflicting_branches_are_not_merged(codecommit, repository, first):
    codecommit.create_branch(repositoryName=repository, branchName="work", commitId=first)
    put(codecommit, repository, {"README.md": b"ours"}, first)
    put(codecommit, repository, {"README.md": b"theirs"}, first, branch="work")
    sides = {"repositoryName": repository, "sourceCommitSpecifier": "work", "destinationCommitSpecifier": "main"}
    assert "README.md" in refused("ManualMergeRequiredException", codecommit.merge_branches_by_squash, **sides)
    assert codecommit.get_merge_options(**sides)["mergeOptions"] == []


# events --------------------------------------------------------------------------------------------------------------


def test_every_moved_reference_is_an_event(codecommit, server, repository, first):
    second = put(codecommit, repository, {"a": b"1"}, first)
    codecommit.create_branch(repositoryName=repository, branchName="x", commitId=first)
    codecommit.delete_branch(repositoryName=repository, branchName="x")
    found = state_changes(server, repository)
    assert [(e["event"], e["referenceName"], e.get("oldCommitId"), e.get("commitId")) for e in found] == [
        ("referenceCreated", "main", None, first),
        ("referenceUpdated", "main", first, second),
        ("referenceCreated", "x", None, first),
        ("referenceDeleted", "x", first, None),
    ]
    assert found[0]["referenceFullName"] == "refs/heads/main"
    assert found[0]["referenceType"] == "branch"
    assert found[0]["callerUserArn"] == "arn:aws:iam::000000000000:root"


def test_triggers_to_lambda_are_refused(codecommit, repository):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    trigger = {"name": "t", "destinationArn": arn, "branches": [], "events": ["all"]}
    message = refused(
        "NotImplemented", codecommit.put_repository_triggers, repositoryName=repository, triggers=[trigger]
    )
    assert "Lambda" in message


def test_triggers_are_kept(codecommit, repository):
    trigger = {
        "name": "t",
        "destinationArn": "arn:aws:sns:us-east-1:000000000000:topic",
        "customData": "c",
        "branches": ["main"],
        "events": ["updateReference"],
    }
    made = codecommit.put_repository_triggers(repositoryName=repository, triggers=[trigger])
    found = codecommit.get_repository_triggers(repositoryName=repository)
    assert (found["configurationId"], found["triggers"]) == (made["configurationId"], [trigger])
    elsewhere = {**trigger, "destinationArn": "arn:aws:sns:eu-west-1:000000000000:topic"}
    refused(
        "InvalidRepositoryTriggerRegionException",
        codecommit.put_repository_triggers,
        repositoryName=repository,
        triggers=[elsewhere],
    )


def test_a_trigger_publishes_to_its_topic(codecommit, aws, repository):
    topic = aws("sns").create_topic(Name=repository)["TopicArn"]
    trigger = {"name": "t", "destinationArn": topic, "branches": [], "events": ["all"]}
    missing = {**trigger, "name": "u", "destinationArn": f"{topic}-none"}
    answer = codecommit.test_repository_triggers(repositoryName=repository, triggers=[trigger, missing])
    assert answer["successfulExecutions"] == ["t"]
    assert [f["trigger"] for f in answer["failedExecutions"]] == ["u"]


def test_pull_requests_are_refused_by_name(codecommit, repository):
    message = refused("NotImplemented", codecommit.get_pull_request, pullRequestId="1")
    assert "GetPullRequest" in message
