"""Repositories: made, renamed, described, tagged, deleted."""

import contextlib
from collections.abc import Callable

from trunkline.aws import arn as arns
from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codecommit import store
from trunkline.services.codecommit.api.part import REPOSITORY, Part
from trunkline.services.codecommit.finding import no_repository
from trunkline.services.codecommit.model import BRANCHES, Repository

_PAGE = 1000
_BATCH = 100


class Repositories(Part):
    """Operations on repositories."""

    @operation(resource=REPOSITORY)
    async def create_repository(self, call: Call, req: Doc) -> Doc:
        """An empty repository that git can clone at once."""
        if "kmsKeyId" in req:
            raise Refused("Trunkline stores repositories unencrypted; leave kmsKeyId out.")
        name = req["repositoryName"]
        _check_name(name)
        now = self._kit.clock.now()
        repository = Repository(
            call.account,
            call.region,
            name,
            ids.uuid(),
            now,
            now,
            req.get("repositoryDescription"),
            tags=_tags(req.get("tags")),
        )
        await self._git.create(repository.id)

        def work(tx: Tx) -> None:
            store.REPOSITORIES.insert(tx, repository)
            self._git.adopt(tx, repository.id)

        try:
            await self._kit.db.write(work)
        except AlreadyExists as error:
            raise _taken(name) from error
        return {"repositoryMetadata": self._metadata(call, repository)}

    @operation(resource=REPOSITORY)
    async def get_repository(self, call: Call, req: Doc) -> Doc:
        """A repository's settings."""
        return {"repositoryMetadata": self._metadata(call, self._find.repository(call, req["repositoryName"]))}

    @operation()
    async def list_repositories(self, call: Call, req: Doc) -> Doc:
        """Names and ids, by name or by the time of the last change."""
        found = store.REPOSITORIES.find(self._kit.db, prefix=(call.account, call.region))
        by_time = req.get("sortBy") == "lastModifiedDate"
        shown, token = paging.page(
            found,
            _PAGE,
            req.get("nextToken"),
            key=lambda each: f"{each.modified.timestamp():017.6f} {each.name}" if by_time else each.name,
            error="InvalidContinuationTokenException",
            reverse=req.get("order") == "descending",
        )
        listed = [{"repositoryName": each.name, "repositoryId": each.id} for each in shown]
        return {"repositories": listed, "nextToken": token}

    @operation(
        resource=lambda call, req: [
            f"arn:aws:codecommit:{call.region}:{call.account}:{n}" for n in req["repositoryNames"]
        ]
    )
    async def batch_get_repositories(self, call: Call, req: Doc) -> Doc:
        """Several at once."""
        names = list(dict.fromkeys(req["repositoryNames"]))
        if not names:
            raise AwsError("RepositoryNamesRequiredException", "At least one repository name is required.")
        if len(names) > _BATCH:
            raise AwsError("MaximumRepositoryNamesExceededException", f"At most {_BATCH} can be asked for.")
        found = {name: store.REPOSITORIES.get(self._kit.db, call.account, call.region, name) for name in names}
        missing = [name for name, repository in found.items() if repository is None]
        return {
            "repositories": [self._metadata(call, each) for each in found.values() if each is not None],
            "repositoriesNotFound": missing,
            "errors": [
                {
                    "repositoryName": name,
                    "errorCode": "RepositoryDoesNotExistException",
                    "errorMessage": f"{name} does not exist",
                }
                for name in missing
            ],
        }

    @operation(resource="arn:aws:codecommit:{region}:{account}:{oldName}")
    async def update_repository_name(self, call: Call, req: Doc) -> Doc:
        """Rename: clones of the old name stop working, as on AWS."""
        old, new = req["oldName"], req["newName"]
        _check_name(new)
        now = self._kit.clock.now()

        def work(tx: Tx) -> None:
            repository = store.REPOSITORIES.get(tx, call.account, call.region, old)
            if repository is None:
                raise no_repository(old)
            if new == old:
                return
            store.REPOSITORIES.delete(tx, call.account, call.region, old)
            repository.name = new
            repository.modified = now
            store.REPOSITORIES.insert(tx, repository)

        try:
            await self._kit.db.write(work)
        except AlreadyExists as error:
            raise _taken(new) from error
        return {}

    @operation(resource=REPOSITORY)
    async def update_repository_description(self, call: Call, req: Doc) -> Doc:
        """Set or, without one, remove the description."""

        def change(repository: Repository) -> None:
            repository.description = req.get("repositoryDescription") or None

        await self._update(call, req["repositoryName"], change)
        return {}

    @operation(resource=REPOSITORY)
    async def update_default_branch(self, call: Call, req: Doc) -> Doc:
        """What a clone checks out."""
        name = req["defaultBranchName"]
        repository = self._find.repository(call, req["repositoryName"])
        self._find.branch(repository, name)

        def change(repository: Repository) -> None:
            repository.default_branch = name

        await self._update(call, repository.name, change)
        await self._git.set_head(repository.id, BRANCHES + name)
        return {}

    @operation(resource=REPOSITORY)
    async def delete_repository(self, call: Call, req: Doc) -> Doc:
        """Delete with everything in it. Deleting what is not there answers no id, as on AWS."""

        def work(tx: Tx) -> str | None:
            key = (call.account, call.region, req["repositoryName"])
            repository = store.REPOSITORIES.get(tx, *key)
            if repository is None:
                return None
            store.REPOSITORIES.delete(tx, *key)
            self._git.drop(tx, repository.id)
            return repository.id

        return {"repositoryId": await self._kit.db.write(work)}

    @operation(resource="{resourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        """Add tags."""
        added = _tags(req["tags"])

        def change(repository: Repository) -> None:
            repository.tags = tags.merge(repository.tags, added, too_many="TooManyTagsException")

        await self._update(call, self._name(call, req["resourceArn"]), change)
        return {}

    @operation(resource="{resourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        """Remove tags."""

        def change(repository: Repository) -> None:
            for key in req["tagKeys"]:
                repository.tags.pop(key, None)

        await self._update(call, self._name(call, req["resourceArn"]), change)
        return {}

    @operation(resource="{resourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        """All tags."""
        return {"tags": self._find.repository(call, self._name(call, req["resourceArn"])).tags}

    async def _update(self, call: Call, name: str, change: Callable[[Repository], None]) -> None:
        now = self._kit.clock.now()

        def work(tx: Tx) -> None:
            repository = store.REPOSITORIES.get(tx, call.account, call.region, name)
            if repository is None:
                raise no_repository(name)
            change(repository)
            repository.modified = now
            store.REPOSITORIES.put(tx, repository)

        await self._kit.db.write(work)

    def _name(self, call: Call, text: str) -> str:
        with contextlib.suppress(ValueError):
            found = arns.parse(text)
            if (found.service, found.region, found.account) == ("codecommit", call.region, call.account):
                return found.resource
        raise AwsError("InvalidResourceArnException", f"{text} is not the ARN of a repository in this Region.")

    def _metadata(self, call: Call, repository: Repository) -> Doc:
        host = call.host or f"{self._kit.settings.host}:{self._kit.settings.port}"
        return {
            "accountId": repository.account,
            "repositoryId": repository.id,
            "repositoryName": repository.name,
            "repositoryDescription": repository.description,
            "defaultBranch": repository.default_branch,
            "lastModifiedDate": repository.modified,
            "creationDate": repository.created,
            "cloneUrlHttp": f"http://{host}/v1/repos/{repository.name}",
            "Arn": repository.arn,
        }


def _check_name(name: str) -> None:
    if name.lower().endswith(".git"):
        raise AwsError("InvalidRepositoryNameException", "Repository names must not end in .git.")


def _tags(given: dict[str, str] | None) -> dict[str, str]:
    if any(tags.is_reserved(key) for key in given or ()):
        raise AwsError("InvalidSystemTagUsageException", "Tag keys must not begin with aws:.")
    return tags.normalise(given, error="InvalidTagsMapException", too_many="TooManyTagsException")


def _taken(name: str) -> AwsError:
    return AwsError("RepositoryNameExistsException", f"Repository named {name} already exists")
