"""What the tests of CodeCommit share."""

import pytest
from botocore.exceptions import ClientError
from tests.support.ledger import events


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


def commit_refused(codecommit, code, repository, parent, branch="main", **lists):
    given = {"parentCommitId": parent} if parent else {}
    refused(code, codecommit.create_commit, repositoryName=repository, branchName=branch, **given, **lists)


def file(path, content=b"x"):
    return {"filePath": path, "fileContent": content}
