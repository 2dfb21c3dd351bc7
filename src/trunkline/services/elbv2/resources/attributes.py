"""Attributes (lists of Key and Value) and tags, alike for all resources of Elastic Load Balancing."""

from trunkline.aws.handlers import dropped_tags, own_tags, pairs
from trunkline.aws.resources import Provision
from trunkline.aws.service import Doc
from trunkline.services.elbv2.model import Attribute


def split(known: dict[str, Attribute], wanted: list[Doc] | None) -> tuple[list[Doc], list[Doc]]:
    """Those that have an effect here (or are wrong), and those that are recorded: known to AWS, without effect here."""
    sent: list[Doc] = []
    recorded: list[Doc] = []
    for one in wanted or ():
        attribute = known.get(one["Key"])
        idle = attribute is None or (attribute.range is None and attribute.fault(one["Value"]) is not None)
        (recorded if idle else sent).append(one)
    return sent, recorded


def shown(known: dict[str, Attribute], wanted: list[Doc] | None, answer: list[Doc]) -> list[Doc]:
    """The attributes that the template gives, as they are: of the many others it says nothing."""
    now = {one["Key"]: one["Value"] for one in answer}
    idle = split(known, wanted)[1]
    return [one if one in idle else {"Key": one["Key"], "Value": now.get(one["Key"], "")} for one in wanted or ()]


def changed(known: dict[str, Attribute], old: list[Doc] | None, new: list[Doc] | None) -> list[Doc]:
    """What to set: the new ones, and the default of those that the template has no more."""
    wanted = {one["Key"]: one["Value"] for one in split(known, new)[0]}
    had = (one["Key"] for one in split(known, old)[0])
    gone = {key: known[key].default for key in had if key not in wanted and key in known}
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
