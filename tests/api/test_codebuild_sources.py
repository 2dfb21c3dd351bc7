"""Sources on other git servers: fetched from one that runs here, Trunkline's own."""

import asyncio
import io
import zipfile
from urllib.parse import quote

import pytest

from trunkline.services.codebuild import remote


@pytest.fixture
def repository(aws, server, name):
    """The address of a repository with two commits, and their ids."""
    codecommit, iam = aws("codecommit"), aws("iam")
    codecommit.create_repository(repositoryName=name)
    put = {"repositoryName": name, "filePath": "a.txt"}
    first = codecommit.put_file(branchName="main", fileContent=b"one", **put)["commitId"]
    codecommit.create_branch(repositoryName=name, branchName="first", commitId=first)
    second = codecommit.put_file(branchName="main", fileContent=b"two", parentCommitId=first, **put)["commitId"]
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AWSCodeCommitReadOnly")
    made = iam.create_service_specific_credential(UserName=name, ServiceName="codecommit.amazonaws.com")
    secret = made["ServiceSpecificCredential"]
    who = f"{quote(secret['ServiceUserName'], safe='')}:{quote(secret['ServicePassword'], safe='')}"
    return f"http://{who}@127.0.0.1:{server.port}/v1/repos/{name}", [first, second]


def content(archive):
    return zipfile.ZipFile(io.BytesIO(archive)).read("a.txt").decode()


def test_the_head_a_branch_and_a_commit_are_fetched(repository):
    url, (first, second) = repository
    for version, expected in (("", ("two", second)), ("first", ("one", first)), (second, ("two", second))):
        archive, commit = asyncio.run(remote.fetch(url, version))
        assert (content(archive), commit) == expected


def test_what_is_not_there_is_told_in_gits_words(repository):
    with pytest.raises(remote.FetchError, match="nowhere"):
        asyncio.run(remote.fetch(repository[0], "nowhere"))


@pytest.mark.parametrize("bad", ["ext::sh -c id", "file:///etc", "git@host:a", "https://x y", "--upload-pack=x"])
def test_only_web_addresses_are_fetched(bad):
    assert not remote.is_location(bad)
