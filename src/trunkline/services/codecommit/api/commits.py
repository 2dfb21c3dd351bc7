"""Commits and what they changed."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.git.interface import Change, Commit, Entry, Person
from trunkline.services.codecommit.api.part import REPOSITORY, Part
from trunkline.services.codecommit.finding import commit_id, path_of
from trunkline.services.codecommit.model import is_commit_id

_BATCH = 100
_MAX_DIFFERENCES = 1000
_MAX_HISTORY = 100


class Commits(Part):
    """Operations on commits."""

    @operation(resource=REPOSITORY)
    async def get_commit(self, call: Call, req: Doc) -> Doc:
        """One by its id."""
        repository = self._find.repository(call, req["repositoryName"])
        id = commit_id(req["commitId"])
        found = (await self._git.commits(repository.id, [id])).get(id)
        if found is None:
            raise AwsError("CommitIdDoesNotExistException", f"The commit {id} does not exist.")
        return {"commit": described(found)}

    @operation(resource=REPOSITORY)
    async def batch_get_commits(self, call: Call, req: Doc) -> Doc:
        """Several at once; what is not found is listed beside."""
        ids = list(dict.fromkeys(req["commitIds"]))
        if not ids:
            raise AwsError("CommitIdsListRequiredException", "At least one commit ID is required.")
        if len(ids) > _BATCH:
            raise AwsError("CommitIdsLimitExceededException", f"At most {_BATCH} commits can be asked for.")
        repository = self._find.repository(call, req["repositoryName"])
        found = await self._git.commits(repository.id, ids)
        return {
            "commits": [described(found[id]) for id in ids if id in found],
            "errors": [
                {
                    "commitId": id,
                    "errorCode": "CommitDoesNotExistException" if is_commit_id(id) else "InvalidCommitIdException",
                    "errorMessage": f"The commit {id} does not exist.",
                }
                for id in ids
                if id not in found
            ],
        }

    @operation(resource=REPOSITORY)
    async def get_differences(self, call: Call, req: Doc) -> Doc:
        """Files that differ between two commits."""
        repository = self._find.repository(call, req["repositoryName"])
        limit = req.get("MaxResults", 100)
        if not 1 <= limit <= _MAX_DIFFERENCES:
            raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {_MAX_DIFFERENCES}.")
        after = await self._find.commit(repository, req["afterCommitSpecifier"])
        specifier = req.get("beforeCommitSpecifier")
        before = await self._find.commit(repository, specifier) if specifier else None
        paths = []
        for member, commit in (("beforePath", before), ("afterPath", after)):
            if member in req and (path := path_of(req[member])):
                if commit is not None and await self._git.entry(repository.id, commit, path) is None:
                    raise AwsError("PathDoesNotExistException", f"{path} does not exist in {commit}.")
                paths.append(path)
        changes = await self._git.diff(repository.id, before, after, paths)
        shown, token = paging.page(
            changes, limit, req.get("NextToken"), key=_path, error="InvalidContinuationTokenException"
        )
        return {"differences": [_difference(each) for each in shown], "NextToken": token}

    @operation(resource=REPOSITORY)
    async def list_file_commit_history(self, call: Call, req: Doc) -> Doc:
        """The commits that changed a file, newest first."""
        repository = self._find.repository(call, req["repositoryName"])
        tip = await self._find.commit(repository, req.get("commitSpecifier"))
        path = path_of(req["filePath"])
        limit = req.get("maxResults", _MAX_HISTORY)
        if not 1 <= limit <= _MAX_HISTORY:
            raise AwsError("InvalidMaxResultsException", f"maxResults must be between 1 and {_MAX_HISTORY}.")
        skip = _skipped(req.get("nextToken"))
        history = await self._git.log(repository.id, tip, path=path, limit=limit + 1, skip=skip)
        revisions = []
        for number, commit in enumerate(history[:limit]):
            entry = await self._git.entry(repository.id, commit.id, path)
            if entry is not None:
                children = [history[number - 1].id] if number else []
                revisions.append(
                    {"commit": described(commit), "blobId": entry.id, "path": path, "revisionChildren": children}
                )
        more = len(history) > limit
        return {"revisionDag": revisions, "nextToken": paging.encode(str(skip + limit)) if more else None}


def described(commit: Commit) -> Doc:
    """A commit as AWS shows it."""
    return {
        "commitId": commit.id,
        "treeId": commit.tree,
        "parents": list(commit.parents),
        "message": commit.message,
        "author": _person(commit.author),
        "committer": _person(commit.committer),
        "additionalData": commit.additional,
    }


def _person(person: Person) -> Doc:
    return {"name": person.name, "email": person.email, "date": person.date}


def _path(change: Change) -> str:
    entry = change.after or change.before
    return entry.path if entry else ""


def _difference(change: Change) -> Doc:
    return {"beforeBlob": _blob(change.before), "afterBlob": _blob(change.after), "changeType": change.kind}


def _blob(entry: Entry | None) -> Doc | None:
    return None if entry is None else {"blobId": entry.id, "path": entry.path, "mode": entry.mode}


def _skipped(token: str | None) -> int:
    if token is None:
        return 0
    place = paging.decode(token, error="InvalidContinuationTokenException")
    if not place.isdigit():
        raise AwsError("InvalidContinuationTokenException", "The specified nextToken is not valid.")
    return int(place)
