"""Finds what requests name: a repository, a branch, a commit, and a path in it, or AWS's error for each."""

from dataclasses import dataclass

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.engines.git.interface import Commit, Git
from trunkline.services.codecommit import store
from trunkline.services.codecommit.model import BRANCHES, TAGS, Repository, is_branch_name, is_commit_id, normal_path


@dataclass(slots=True)
class Finding:
    """What every part of the API needs."""

    kit: Kit
    git: Git

    def repository(self, call: Call, name: str | None) -> Repository:
        """A repository of the caller's account and region."""
        if not name:
            raise AwsError("RepositoryNameRequiredException", "A repository name is required.")
        found = store.REPOSITORIES.get(self.kit.db, call.account, call.region, name)
        if found is None:
            raise no_repository(name)
        return found

    def branch(self, repository: Repository, name: str | None) -> str:
        """The commit at the tip of a branch."""
        if not name:
            raise AwsError("BranchNameRequiredException", "A branch name is required.")
        if not is_branch_name(name):
            raise bad_branch_name(name)
        ref = BRANCHES + name
        tip = self.git.refs(repository.id, ref).get(ref)
        if tip is None:
            raise AwsError("BranchDoesNotExistException", f"Branch {name} does not exist.")
        return tip

    async def commit(self, repository: Repository, specifier: str | None) -> str:
        """The commit that a specifier names: a branch, a tag, a full reference, a commit id, HEAD; nothing is HEAD."""
        rev = self._rev(repository, specifier)
        found = await self.git.resolve(repository.id, rev) if rev else None
        if found is None:
            raise AwsError(
                "CommitDoesNotExistException", f"The commit {specifier or 'HEAD'} does not exist in {repository.name}."
            )
        return found

    async def read(self, repository: Repository, id: str) -> Commit:
        """A commit's content."""
        return (await self.git.commits(repository.id, [id]))[id]

    def _rev(self, repository: Repository, specifier: str | None) -> str | None:
        if specifier is None or specifier == "HEAD":
            return BRANCHES + repository.default_branch if repository.default_branch else None
        refs = self.git.refs(repository.id)
        for candidate in (BRANCHES + specifier, TAGS + specifier, specifier):
            if candidate in refs:
                return candidate
        if len(specifier) >= 4 and all(c in "0123456789abcdef" for c in specifier):
            return specifier
        if not is_branch_name(specifier):
            raise AwsError("InvalidCommitException", f"{specifier} is not a commit.")
        return None


def path_of(path: str | None) -> str:
    """A request's path as git knows it."""
    if path is None or path == "":
        raise AwsError("PathRequiredException", "A path is required.")
    found = normal_path(path)
    if found is None:
        raise AwsError("InvalidPathException", f"The path {path} is not valid.")
    return found


def commit_id(text: str | None, *, error: str = "InvalidCommitIdException") -> str:
    """A whole commit id."""
    if text is None or not is_commit_id(text):
        raise AwsError(error, f"The commit ID {text} is not valid: it must be the full 40-character ID.")
    return text


def no_repository(name: str) -> AwsError:
    """The error for a repository that is not there."""
    return AwsError("RepositoryDoesNotExistException", f"{name} does not exist")


def bad_branch_name(name: str) -> AwsError:
    """The error for a name that git does not take."""
    return AwsError("InvalidBranchNameException", f"The branch name {name} is not valid.")


def context(call: Call, **more: object) -> Doc:
    """Who moves a reference, for the event."""
    return {"arn": call.caller.principal.arn, **more}
