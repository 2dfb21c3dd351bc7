"""Repositories and their branches."""

import pytest
from tests.api.codecommit.asking import refused


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
