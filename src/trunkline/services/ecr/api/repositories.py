"""Repositories: made, described, set up, tagged, deleted."""

import contextlib

from trunkline.aws import arn as arns
from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.ecr import store
from trunkline.services.ecr.api.part import Part, names, not_found, repository_arn
from trunkline.services.ecr.model import Repository


class Repositories(Part):
    """Operations on repositories."""

    @operation(resource=repository_arn)
    async def create_repository(self, call: Call, req: Doc) -> Doc:
        """An empty repository."""
        if req.get("encryptionConfiguration", {}).get("encryptionType", "AES256") != "AES256":
            raise Refused("Trunkline stores images unencrypted; leave encryptionConfiguration out.")
        if req.get("registryId", call.account) != call.account:
            raise AwsError("InvalidParameterException", "Only in the caller's own registry can one be created.")
        name = req["repositoryName"]
        repository = Repository(
            call.account,
            call.region,
            name,
            ids.uuid(),
            self._kit.clock.now(),
            *_mutability(req),
            scan_on_push=req.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            tags=tags.normalise(req.get("tags"), error="InvalidTagParameterException", too_many="TooManyTagsException"),
        )
        try:
            await self._kit.db.write(lambda tx: store.REPOSITORIES.insert(tx, repository))
        except AlreadyExists as error:
            text = f"The repository with name '{name}' already exists in the registry with id '{call.account}'"
            raise AwsError("RepositoryAlreadyExistsException", text) from error
        return {"repository": self._shown(repository)}

    @operation(
        resource=lambda call, req: [
            f"arn:aws:ecr:{call.region}:{req.get('registryId', call.account)}:repository/{name}"
            for name in req.get("repositoryNames", ["*"])
        ]
    )
    async def describe_repositories(self, call: Call, req: Doc) -> Doc:
        """Those named, or all."""
        account = req.get("registryId", call.account)
        if "repositoryNames" in req:
            if "nextToken" in req or "maxResults" in req:
                raise AwsError("InvalidParameterException", "Pages and repositoryNames exclude one another.")
            named = list(dict.fromkeys(req["repositoryNames"]))
            found = [store.REPOSITORIES.get(self._kit.db, account, call.region, name) for name in named]
            for name, repository in zip(named, found, strict=True):
                if repository is None:
                    raise not_found(name, account)
            return {"repositories": [self._shown(each) for each in found if each is not None]}
        shown, token = paging.page(
            store.REPOSITORIES.find(self._kit.db, prefix=(account, call.region)),
            req.get("maxResults", 100),
            req.get("nextToken"),
            key=lambda each: each.name,
            error="InvalidParameterException",
        )
        return {"repositories": [self._shown(each) for each in shown], "nextToken": token}

    @operation(resource=repository_arn)
    async def delete_repository(self, call: Call, req: Doc) -> Doc:
        """Delete; with images in it only by force."""

        def work(tx: Tx) -> Repository:
            repository = self._repository(call, req, reader=tx)
            if not req.get("force") and self._registry.manifests(repository.id, reader=tx):
                text = (
                    f"The repository with name '{repository.name}' in registry with id '{repository.account}' cannot be"
                    " deleted because it still contains images"
                )
                raise AwsError("RepositoryNotEmptyException", text)
            store.REPOSITORIES.delete(tx, repository.account, repository.region, repository.name)
            self._registry.drop(tx, repository.id)
            return repository

        return {"repository": self._shown(await self._kit.db.write(work))}

    @operation(resource=repository_arn)
    async def put_image_tag_mutability(self, call: Call, req: Doc) -> Doc:
        """Whether tags may move."""
        mutability, exclusions = _mutability(req)
        repository = await self._change(call, req, mutability=mutability, exclusions=exclusions)
        shown = self._shown(repository)
        keys = ("imageTagMutability", "imageTagMutabilityExclusionFilters")
        return {**names(repository), **{key: shown[key] for key in keys}}

    @operation(resource=repository_arn)
    async def put_image_scanning_configuration(self, call: Call, req: Doc) -> Doc:
        """Recorded; images are not scanned yet, and nothing says that they were."""
        wanted = req["imageScanningConfiguration"].get("scanOnPush", False)
        repository = await self._change(call, req, scan_on_push=wanted)
        return {**names(repository), "imageScanningConfiguration": {"scanOnPush": wanted}}

    @operation(resource="{resourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        """Add tags."""
        new = tags.normalise(req["tags"], error="InvalidTagParameterException", too_many="TooManyTagsException")

        def work(tx: Tx) -> None:
            repository = self._repository(call, self._named(call, req), reader=tx)
            repository.tags = tags.merge(repository.tags, new, too_many="TooManyTagsException")
            store.REPOSITORIES.put(tx, repository)

        await self._kit.db.write(work)
        return {}

    @operation(resource="{resourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        """Remove tags."""

        def work(tx: Tx) -> None:
            repository = self._repository(call, self._named(call, req), reader=tx)
            for key in req["tagKeys"]:
                repository.tags.pop(key, None)
            store.REPOSITORIES.put(tx, repository)

        await self._kit.db.write(work)
        return {}

    @operation(resource="{resourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        """All tags."""
        return {"tags": tags.pairs(self._repository(call, self._named(call, req)).tags)}

    def _named(self, call: Call, req: Doc) -> Doc:
        with contextlib.suppress(ValueError):
            found = arns.parse(req["resourceArn"])
            if (found.service, found.region) == ("ecr", call.region) and found.resource.startswith("repository/"):
                return {"registryId": found.account, "repositoryName": found.resource.removeprefix("repository/")}
        raise AwsError("InvalidParameterException", "Invalid parameter at 'resourceArn': not the ARN of a repository.")


def _mutability(req: Doc) -> tuple[str, list[str]]:
    mutability = req.get("imageTagMutability", "MUTABLE")
    exclusions = [each["filter"] for each in req.get("imageTagMutabilityExclusionFilters", ())]
    if mutability.endswith("_WITH_EXCLUSION") != bool(exclusions):
        text = "Exclusion filters are needed for the WITH_EXCLUSION values of imageTagMutability, and for these alone."
        raise AwsError("InvalidParameterException", text)
    return mutability, exclusions
