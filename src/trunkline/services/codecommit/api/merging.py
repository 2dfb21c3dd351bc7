"""Merges of branches, decided by git."""

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.git.interface import MergeConflict, NewCommit, RefMoved, RefUpdate
from trunkline.services.codecommit.api.part import REPOSITORY
from trunkline.services.codecommit.api.writing import Writing
from trunkline.services.codecommit.finding import bad_branch_name, context
from trunkline.services.codecommit.model import BRANCHES, Repository, is_branch_name


class Merging(Writing):
    """Operations that merge."""

    @operation(resource=REPOSITORY)
    async def merge_branches_by_fast_forward(self, call: Call, req: Doc) -> Doc:
        """Move the destination on to the source."""
        repository, source, destination = await self._sides(call, req)
        if not await self._git.ahead(repository.id, source, destination):
            raise _manual("The destination has commits that the source lacks: a fast-forward is not possible.")
        await self._apply(call, req, repository, destination, source, "FAST_FORWARD_MERGE")
        return {"commitId": source, "treeId": (await self._find.read(repository, source)).tree}

    @operation(resource=REPOSITORY)
    async def merge_branches_by_squash(self, call: Call, req: Doc) -> Doc:
        """One commit with all changes of the source."""
        return await self._merge(call, req, "SQUASH_MERGE")

    @operation(resource=REPOSITORY)
    async def merge_branches_by_three_way(self, call: Call, req: Doc) -> Doc:
        """A merge commit."""
        return await self._merge(call, req, "THREE_WAY_MERGE")

    @operation(resource=REPOSITORY)
    async def get_merge_options(self, call: Call, req: Doc) -> Doc:
        """Which merges would succeed."""
        repository, source, destination = await self._sides(call, req)
        base = await self._git.merge_base(repository.id, source, destination)
        options = ["FAST_FORWARD_MERGE"] if base == destination else []
        try:
            await self._git.merge_tree(repository.id, destination, source)
            options += ["SQUASH_MERGE", "THREE_WAY_MERGE"]
        except MergeConflict:
            pass
        return {
            "mergeOptions": options,
            "sourceCommitId": source,
            "destinationCommitId": destination,
            "baseCommitId": base or "",
        }

    async def _merge(self, call: Call, req: Doc, option: str) -> Doc:
        if "conflictResolution" in req or req.get("conflictResolutionStrategy", "NONE") != "NONE":
            raise Refused("Trunkline does not resolve conflicts while merging; merge with git and push the result.")
        repository, source, destination = await self._sides(call, req)
        try:
            tree = await self._git.merge_tree(repository.id, destination, source)
        except MergeConflict as error:
            raise _manual(f"The branches conflict in {', '.join(error.paths)}.") from error
        author = self.author(call, req)
        parents = (destination, source) if option == "THREE_WAY_MERGE" else (destination,)
        message = self.message(req) or f"Merge {req['sourceCommitSpecifier']} into {req['destinationCommitSpecifier']}"
        new = NewCommit(parents, message, author, author, tree=tree)
        commit = await self._git.write_commit(repository.id, new)
        await self._apply(call, req, repository, destination, commit.id, option)
        return {"commitId": commit.id, "treeId": commit.tree}

    async def _sides(self, call: Call, req: Doc) -> tuple[Repository, str, str]:
        repository = self._find.repository(call, req["repositoryName"])
        source = await self._find.commit(repository, req["sourceCommitSpecifier"])
        return repository, source, await self._find.commit(repository, req["destinationCommitSpecifier"])

    async def _apply(self, call: Call, req: Doc, repository: Repository, old: str, new: str, option: str) -> None:
        name = req.get("targetBranch") or req["destinationCommitSpecifier"].removeprefix(BRANCHES)
        if not is_branch_name(name):
            raise bad_branch_name(name)
        if self._find.branch(repository, name) != old:
            raise AwsError("InvalidTargetBranchException", f"{name} is not at the destination commit.")
        if old == new:
            return
        told = context(call, baseCommitId=old, mergeOption=option, conflictResolutionStrategy="NONE")
        try:
            await self._git.update_refs(repository.id, [RefUpdate(BRANCHES + name, old, new)], told)
        except RefMoved as error:
            raise AwsError("ConcurrentReferenceUpdateException", f"Branch {name} was pushed to meanwhile.") from error


def _manual(why: str) -> AwsError:
    return AwsError("ManualMergeRequiredException", why)
