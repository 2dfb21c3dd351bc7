"""Commits made through the API: CreateCommit, PutFile, DeleteFile."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.git.interface import Commit, NewCommit, Person, RefMoved, RefUpdate
from trunkline.services.codecommit import planning
from trunkline.services.codecommit.api.part import REPOSITORY, Part
from trunkline.services.codecommit.finding import bad_branch_name, commit_id, context, path_of
from trunkline.services.codecommit.model import BRANCHES, TAGS, Repository, is_branch_name

_MAX_MESSAGE_BYTES = 1 << 20


class Writing(Part):
    """Operations that commit."""

    @operation(resource=REPOSITORY)
    async def create_commit(self, call: Call, req: Doc) -> Doc:
        """Put, move, delete and change the mode of files in one commit."""
        repository, parent = await self._target(call, req)
        asked = planning.wish(req)
        commit, plan = await self._commit(call, req, repository, parent, asked)
        touched = [*plan.added, *plan.updated]
        after = await self._git.entries(repository.id, commit.id, touched)
        return {
            "commitId": commit.id,
            "treeId": commit.tree,
            "filesAdded": planning.listed(plan.added, after),
            "filesUpdated": planning.listed(plan.updated, after),
            "filesDeleted": [planning.shown(entry) for entry in plan.deleted],
        }

    @operation(resource=REPOSITORY)
    async def put_file(self, call: Call, req: Doc) -> Doc:
        """Add or replace one file."""
        repository, parent = await self._target(call, req)
        one = {key: req[key] for key in ("filePath", "fileContent", "fileMode") if key in req}
        asked = planning.wish({"putFiles": [one]})
        try:
            commit, _ = await self._commit(call, req, repository, parent, asked)
        except AwsError as error:
            if error.code != "NoChangeException":
                raise
            raise AwsError("SameFileContentException", "The file has this content already.") from error
        path = asked.puts[0].path
        entry = (await self._git.entries(repository.id, commit.id, [path]))[path]
        return {"commitId": commit.id, "blobId": entry.id, "treeId": commit.tree}

    @operation(resource=REPOSITORY)
    async def delete_file(self, call: Call, req: Doc) -> Doc:
        """Delete one file."""
        repository, parent = await self._target(call, req)
        asked = planning.wish({"deleteFiles": [{"filePath": req["filePath"]}]})
        commit, plan = await self._commit(call, req, repository, parent, asked)
        return {
            "commitId": commit.id,
            "blobId": plan.deleted[0].id,
            "treeId": commit.tree,
            "filePath": path_of(req["filePath"]),
        }

    async def _target(self, call: Call, req: Doc) -> tuple[Repository, str | None]:
        """The repository and the commit to build on: the branch's tip, or none in an empty repository."""
        repository = self._find.repository(call, req["repositoryName"])
        name = req["branchName"]
        if not is_branch_name(name):
            raise bad_branch_name(name)
        refs = self._git.refs(repository.id)
        tip = refs.get(BRANCHES + name)
        if tip is None:
            if TAGS + name in refs:
                raise AwsError("BranchNameIsTagNameException", f"{name} is a tag.")
            if any(ref.startswith(BRANCHES) for ref in refs):
                raise AwsError("BranchDoesNotExistException", f"Branch {name} does not exist.")
            return repository, None
        parent = req.get("parentCommitId")
        if parent is None:
            raise AwsError("ParentCommitIdRequiredException", f"Branch {name} has commits: name its tip as the parent.")
        commit_id(parent, error="InvalidParentCommitIdException")
        if parent != tip:
            if await self._git.resolve(repository.id, parent) is None:
                raise AwsError("ParentCommitDoesNotExistException", f"The commit {parent} does not exist.")
            raise _outdated(name, tip)
        return repository, tip

    async def _commit(
        self, call: Call, req: Doc, repository: Repository, parent: str | None, asked: planning.Wish
    ) -> tuple[Commit, planning.Plan]:
        before = await self._git.entries(repository.id, parent, asked.paths) if parent else {}
        plan = planning.plan(asked, before)
        author = self.author(call, req)
        commit = await self._git.write_commit(
            repository.id,
            NewCommit(
                (parent,) if parent else (),
                self.message(req, plan),
                author,
                author,
                plan.edits,
                keep_empty_folders=bool(req.get("keepEmptyFolders")),
            ),
        )
        if parent and (await self._find.read(repository, parent)).tree == commit.tree:
            raise AwsError("NoChangeException", "The commit would change nothing.")
        name = req["branchName"]
        update = RefUpdate(BRANCHES + name, parent, commit.id)
        try:
            await self._git.update_refs(repository.id, [update], context(call))
        except RefMoved as error:
            raise _outdated(name, "another commit") from error
        return commit, plan

    def author(self, call: Call, req: Doc) -> Person:
        """Author and committer; without a name, the caller's."""
        name = req.get("authorName") or req.get("name") or call.caller.principal.name or "unknown"
        email = req.get("email", "")
        if len(name) > 256:
            raise AwsError("NameLengthExceededException", "The name is longer than 256 characters.")
        if len(email) > 256 or any(c in email for c in "<>\n\0"):
            raise AwsError("InvalidEmailException", "The email address is not valid.")
        return Person(name, email, f"{int(self._kit.clock.time())} +0000")

    def message(self, req: Doc, plan: planning.Plan | None = None) -> str:
        """The message, or one that says what was done, as AWS makes one up."""
        text: str | None = req.get("commitMessage")
        if text is None and plan is not None:
            done = (
                ("Added", plan.added),
                ("Edited", plan.updated),
                ("Deleted", [entry.path for entry in plan.deleted]),
            )
            text = "\n".join(f"{word} {path}" for word, paths in done for path in paths)
        text = text or ""
        if len(text.encode()) > _MAX_MESSAGE_BYTES or "\0" in text:
            raise AwsError("CommitMessageLengthExceededException", "The commit message is too long.")
        return text


def _outdated(branch: str, tip: str) -> AwsError:
    return AwsError("ParentCommitIdOutdatedException", f"Branch {branch} has moved on to {tip}.")
