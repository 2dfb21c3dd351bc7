"""What most of EC2's resource types share: they are found by their ids, tagged, listed and deleted alike."""

from typing import Any, ClassVar

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Doc

_HELD = ("DependencyViolation", "InvalidIPAddress.InUse")
_PATIENCE_S = 20.0


class Tagged(ResourceType):
    """A resource with an id of its own.

    kind: as TagSpecifications name it. describe: the operation, the member of its answer, and the member with the id.
    missing: the error for an id that is not there. filters: the member that takes filters. remove: the operation that
    deletes it, which takes the id under the same name unless `remove_by` says another.
    """

    kind: ClassVar[str]
    describe: ClassVar[tuple[str, str, str]]
    missing: ClassVar[str]
    filters: ClassVar[str] = "Filters"
    ids: ClassVar[str] = ""
    remove: ClassVar[str] = ""
    remove_by: ClassVar[str] = ""

    async def find(self, on: Provision, id: str) -> Doc | None:
        """As EC2 describes it."""
        operation, member, id_member = self.describe
        given: dict[str, Any] = {self.ids or f"{id_member}s": [id]}
        found = await on.look("ec2", operation, self.missing, **given)
        return found[member][0] if found and found[member] else None

    async def made_before(self, on: Provision) -> Doc | None:
        """What an earlier run of this attempt made."""
        if not on.resumed or not on.owner_filters():
            return None
        operation, member, _ = self.describe
        found = await on.call("ec2", operation, **{self.filters: on.owner_filters()})
        return next(iter(found[member]), None)

    def tag_specifications(self, on: Provision, wanted: Doc) -> list[Doc] | None:
        given = tags.pairs(on.tags(wanted.get("Tags")))
        return [{"ResourceType": self.kind, "Tags": given}] if given else None

    async def retag(self, on: Provision, id: str, found: Doc, new: Doc) -> None:
        """From the tags it has to those of the template."""
        put, drop = on.tag_changes(_tags(found), new.get("Tags"))
        if put:
            await on.call("ec2", "CreateTags", Resources=[id], Tags=tags.pairs(put))
        if drop:
            await on.call("ec2", "DeleteTags", Resources=[id], Tags=[{"Key": key} for key in drop])

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Tags only, unless a type says more."""
        found = await self.find(on, physical_id)
        if found is None:
            raise AwsError("NotFound", f"{physical_id} does not exist", status=404)
        await self.retag(on, physical_id, found, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await gone(on, self.remove, self.missing, **{self.remove_by or self.describe[2]: physical_id})

    async def existing(self, on: Provision) -> list[str]:
        operation, member, id_member = self.describe
        return [str(one[id_member]) for one in await on.pages("ec2", operation, member)]


def own_tags(found: Doc) -> list[dict[str, str]]:
    """The tags that are not AWS's own, as templates give them."""
    return tags.pairs(tags.own(_tags(found)))


def _tags(found: Doc) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags") or found.get("TagSet") or ()}


async def gone(on: Provision, operation: str, *absent: str, **params: Any) -> None:
    """Delete something; what holds it (an interface on its way out) is given some time to let go, as CloudFormation
    does."""
    held: list[AwsError] = []

    async def attempt() -> bool | None:
        try:
            await on.look("ec2", operation, *absent, **params)
        except AwsError as error:
            if error.code not in _HELD:
                raise
            held.append(error)
            return None
        return True

    try:
        await on.until(attempt, operation, timeout_s=_PATIENCE_S)
    except NotStabilized:
        raise held[-1] from None


def kept_only(found: Doc) -> Doc:
    """Without what is not there."""
    return {key: value for key, value in found.items() if value is not None}
