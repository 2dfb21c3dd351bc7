"""Attributes (lists of Key and Value) and tags, alike for all resources of Elastic Load Balancing."""

from trunkline.aws.handlers import dropped_tags, own_tags, pairs
from trunkline.aws.resources import Provision
from trunkline.aws.service import Doc


def shown(wanted: list[Doc] | None, answer: list[Doc]) -> list[Doc]:
    """The attributes that the template gives, as they are: of the many others it says nothing."""
    now = {one["Key"]: one["Value"] for one in answer}
    return [{"Key": one["Key"], "Value": now.get(one["Key"], "")} for one in wanted or ()]


def changed(old: list[Doc] | None, new: list[Doc] | None, defaults: dict[str, str]) -> list[Doc]:
    """What to set: the new ones, and the default of those that the template has no more."""
    wanted = {one["Key"]: one["Value"] for one in new or ()}
    gone = {one["Key"]: defaults.get(one["Key"], "") for one in old or () if one["Key"] not in wanted}
    return pairs({**gone, **wanted})


async def tags_of(on: Provision, arn: str) -> list[Doc]:
    """All tags, AWS's own among them."""
    answer = await on.call("elbv2", "DescribeTags", ResourceArns=[arn])
    tags: list[Doc] = answer["TagDescriptions"][0]["Tags"]
    return tags


async def shown_tags(on: Provision, arn: str) -> list[Doc]:
    """The tags that a template would have."""
    return own_tags(await tags_of(on, arn))


async def tagged(on: Provision, arn: str, old: Doc, new: Doc) -> None:
    """Bring the tags from `old` to `new`."""
    tags = on.tags(new.get("Tags"))
    if tags:
        await on.call("elbv2", "AddTags", ResourceArns=[arn], Tags=pairs(tags))
    gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
    if gone:
        await on.call("elbv2", "RemoveTags", ResourceArns=[arn], TagKeys=gone)
