"""Branches: made, read, deleted."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.git.interface import RefMoved, RefUpdate
from trunkline.services.codecommit.api.part import REPOSITORY, Part
from trunkline.services.codecommit.finding import bad_branch_name, commit_id, context
from trunkline.services.codecommit.model import BRANCHES, is_branch_name

_PAGE = 1000


class Branches(Part):
    """Operations on branches."""

    @operation(resource=REPOSITORY)
    async def create_branch(self, call: Call, req: Doc) -> Doc:
        """A branch at a commit."""
        repository = self._find.repository(call, req["repositoryName"])
        name = req["branchName"]
        if not is_branch_name(name):
            raise bad_branch_name(name)
        id = commit_id(req["commitId"])
        if await self._git.resolve(repository.id, id) != id:
            raise AwsError("CommitDoesNotExistException", f"The commit {id} does not exist.")
        try:
            await self._git.update_refs(repository.id, [RefUpdate(BRANCHES + name, None, id)], context(call))
        except RefMoved as error:
            raise AwsError("BranchNameExistsException", f"Branch {name} exists, or is a folder of one.") from error
        return {}

    @operation(resource=REPOSITORY)
    async def get_branch(self, call: Call, req: Doc) -> Doc:
        """The commit at its tip."""
        repository = self._find.repository(call, req.get("repositoryName"))
        name = req.get("branchName")
        return {"branch": {"branchName": name, "commitId": self._find.branch(repository, name)}}

    @operation(resource=REPOSITORY)
    async def list_branches(self, call: Call, req: Doc) -> Doc:
        """Their names."""
        repository = self._find.repository(call, req["repositoryName"])
        names = [ref.removeprefix(BRANCHES) for ref in self._git.refs(repository.id, BRANCHES)]
        shown, token = paging.page(
            names, _PAGE, req.get("nextToken"), key=str, error="InvalidContinuationTokenException"
        )
        return {"branches": shown, "nextToken": token}

    @operation(resource=REPOSITORY)
    async def delete_branch(self, call: Call, req: Doc) -> Doc:
        """Delete any but the default branch; one that is not there answers nothing, as on AWS."""
        repository = self._find.repository(call, req["repositoryName"])
        name = req["branchName"]
        if not is_branch_name(name):
            raise bad_branch_name(name)
        if name == repository.default_branch:
            raise AwsError(
                "DefaultBranchCannotBeDeletedException",
                f"{name} is the default branch: make another one the default first.",
            )
        ref = BRANCHES + name
        while (tip := self._git.refs(repository.id, ref).get(ref)) is not None:
            try:
                await self._git.update_refs(repository.id, [RefUpdate(ref, tip, None)], context(call))
            except RefMoved:
                continue  # pushed to meanwhile: delete what is there now
            return {"deletedBranch": {"branchName": name, "commitId": tip}}
        return {}
