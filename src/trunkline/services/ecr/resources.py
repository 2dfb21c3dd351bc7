"""AWS::ECR::Repository. Ref gives its name.

Encryption is recorded only: images lie unencrypted, and DescribeRepositories never claims another key.
"""

from typing import ClassVar

from trunkline.aws.handlers import differs, document, dropped_tags, given, is_mine, own_tags, pairs, text, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_ABSENT = "RepositoryNotFoundException"


class RepositoryType(ResourceType):
    """An image repository with its policies."""

    name: ClassVar[str] = "AWS::ECR::Repository"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {
            "EmptyOnDelete",
            "ImageScanningConfiguration",
            "ImageTagMutability",
            "ImageTagMutabilityExclusionFilters",
            "LifecyclePolicy",
            "RepositoryName",
            "RepositoryPolicyText",
            "Tags",
        }
    )
    recorded: ClassVar[frozenset[str]] = frozenset({"EncryptionConfiguration"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("RepositoryName") or on.name(256, lower=True))
        found = await self._found(on, name) if on.resumed else None
        if found is None or not is_mine(on, await self._tags(on, found)):
            await on.call(
                "ecr",
                "CreateRepository",
                repositoryName=name,
                tags=pairs(on.tags(wanted.get("Tags"))),
                imageTagMutability=wanted.get("ImageTagMutability"),
                imageTagMutabilityExclusionFilters=_filters(wanted),
                imageScanningConfiguration=_scanning(wanted),
            )
        async with undone(self, on, name):
            await self._policies(on, name, {}, wanted)
        return name

    async def _found(self, on: Provision, name: str) -> Doc | None:
        answer = await on.look("ecr", "DescribeRepositories", _ABSENT, repositoryNames=[name])
        return answer and answer["repositories"][0]

    async def _tags(self, on: Provision, repository: Doc) -> list[Doc]:
        answer = await on.call("ecr", "ListTagsForResource", resourceArn=repository["repositoryArn"])
        tags: list[Doc] = answer["tags"]
        return tags

    async def _policies(self, on: Provision, name: str, old: Doc, new: Doc) -> None:
        lifecycle = (new.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
        if lifecycle:
            await on.call("ecr", "PutLifecyclePolicy", repositoryName=name, lifecyclePolicyText=lifecycle)
        elif old.get("LifecyclePolicy"):
            await on.look("ecr", "DeleteLifecyclePolicy", "LifecyclePolicyNotFoundException", repositoryName=name)
        policy = new.get("RepositoryPolicyText")
        if policy:
            await on.call("ecr", "SetRepositoryPolicy", repositoryName=name, policyText=text(policy))
        elif old.get("RepositoryPolicyText"):
            await on.look("ecr", "DeleteRepositoryPolicy", "RepositoryPolicyNotFoundException", repositoryName=name)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        name = {"repositoryName": physical_id}
        lifecycle = await on.look("ecr", "GetLifecyclePolicy", "LifecyclePolicyNotFoundException", **name)
        policy = await on.look("ecr", "GetRepositoryPolicy", "RepositoryPolicyNotFoundException", **name)
        filters = found.get("imageTagMutabilityExclusionFilters")
        return given(
            RepositoryName=physical_id,
            Arn=found["repositoryArn"],
            RepositoryUri=found["repositoryUri"],
            ImageTagMutability=found["imageTagMutability"],
            ImageTagMutabilityExclusionFilters=filters
            and [
                {
                    "ImageTagMutabilityExclusionFilterType": one["filterType"],
                    "ImageTagMutabilityExclusionFilterValue": one["filter"],
                }
                for one in filters
            ],
            ImageScanningConfiguration={"ScanOnPush": found["imageScanningConfiguration"]["scanOnPush"]},
            LifecyclePolicy=lifecycle and {"LifecyclePolicyText": lifecycle["lifecyclePolicyText"]},
            RepositoryPolicyText=policy and document(policy["policyText"]),
            EmptyOnDelete=on.kept.get("EmptyOnDelete"),
            Tags=own_tags(await self._tags(on, found)),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        name = {"repositoryName": physical_id}
        if differs(old, new, "ImageTagMutability", "ImageTagMutabilityExclusionFilters"):
            await on.call(
                "ecr",
                "PutImageTagMutability",
                imageTagMutability=new.get("ImageTagMutability", "MUTABLE"),
                imageTagMutabilityExclusionFilters=_filters(new),
                **name,
            )
        if differs(old, new, "ImageScanningConfiguration"):
            scanning = _scanning(new) or {"scanOnPush": False}
            await on.call("ecr", "PutImageScanningConfiguration", imageScanningConfiguration=scanning, **name)
        await self._policies(on, physical_id, old, new)
        arn = f"arn:aws:ecr:{on.region}:{on.account}:repository/{physical_id}"
        tags = on.tags(new.get("Tags"))
        if tags:
            await on.call("ecr", "TagResource", resourceArn=arn, tags=pairs(tags))
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call("ecr", "UntagResource", resourceArn=arn, tagKeys=gone)

    async def delete(self, on: Provision, physical_id: str) -> None:
        force = bool(on.kept.get("EmptyOnDelete"))
        await on.look("ecr", "DeleteRepository", _ABSENT, repositoryName=physical_id, force=force)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ecr", "DescribeRepositories", "repositories")
        return [repository["repositoryName"] for repository in found]


def _scanning(properties: Doc) -> Doc | None:
    given_value = properties.get("ImageScanningConfiguration")
    return given_value and {"scanOnPush": given_value.get("ScanOnPush", False)}


def _filters(properties: Doc) -> list[Doc] | None:
    filters = properties.get("ImageTagMutabilityExclusionFilters")
    return filters and [
        {
            "filterType": one.get("ImageTagMutabilityExclusionFilterType", "WILDCARD"),
            "filter": one["ImageTagMutabilityExclusionFilterValue"],
        }
        for one in filters
    ]


TYPES: tuple[ResourceType, ...] = (RepositoryType(),)
