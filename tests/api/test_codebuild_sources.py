"""Sources on other git servers: fetched from one that runs here, Trunkline's own."""

import asyncio
import io
import zipfile
from urllib.parse import quote, unquote, urlsplit

import pytest
from botocore.exceptions import ClientError

from trunkline.services.codebuild import remote
from trunkline.services.codebuild.model import SourceCredential


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


def opened(url):
    """The address without its user and password, and these as a credential of CodeBuild."""
    parts = urlsplit(url)
    credential = SourceCredential(
        "0", "r", "GITHUB_ENTERPRISE", "BASIC_AUTH", unquote(parts.password), unquote(parts.username)
    )
    return f"http://127.0.0.1:{parts.port}{parts.path}", credential


def content(archive):
    return zipfile.ZipFile(io.BytesIO(archive)).read("a.txt").decode()


def test_the_head_a_branch_and_a_commit_are_fetched(repository):
    url, (first, second) = repository
    for version, expected in (("", ("two", second)), ("first", ("one", first)), (second, ("two", second))):
        archive, commit = asyncio.run(remote.fetch(url, version))
        assert (content(archive), commit) == expected


def test_a_closed_repository_is_opened_by_a_credential(repository):
    url, credential = opened(repository[0])
    with pytest.raises(remote.FetchError):
        asyncio.run(remote.fetch(url, ""))
    archive, _ = asyncio.run(remote.fetch(url, "", credential))
    assert content(archive) == "two"


def test_credentials_are_kept_one_for_a_kind_of_server_and_not_shown(aws):
    codebuild = aws("codebuild")
    given = {"serverType": "BITBUCKET", "authType": "BASIC_AUTH", "username": "me", "token": "secret"}
    arn = codebuild.import_source_credentials(**given)["arn"]
    with pytest.raises(ClientError, match="already exists"):
        codebuild.import_source_credentials(**given, shouldOverwrite=False)
    listed = codebuild.list_source_credentials()["sourceCredentialsInfos"]
    assert {"arn": arn, "serverType": "BITBUCKET", "authType": "BASIC_AUTH"} in listed
    codebuild.delete_source_credentials(arn=arn)
    with pytest.raises(ClientError, match="cannot be found"):
        codebuild.delete_source_credentials(arn=arn)


def test_what_is_not_there_is_told_in_gits_words(repository):
    with pytest.raises(remote.FetchError, match="nowhere"):
        asyncio.run(remote.fetch(repository[0], "nowhere"))


@pytest.mark.parametrize("bad", ["ext::sh -c id", "file:///etc", "git@host:a", "https://x y", "--upload-pack=x"])
def test_only_web_addresses_are_fetched(bad):
    assert not remote.is_location(bad)
