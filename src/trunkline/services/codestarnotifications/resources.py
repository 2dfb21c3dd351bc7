"""AWS::CodeStarNotifications::NotificationRule. Ref gives its ARN."""

from typing import ClassVar

from trunkline.aws.handlers import dropped_tags, own_tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_SERVICE = "codestar-notifications"
_GONE = "ResourceNotFoundException"
_IN_PLACE = ("DetailType", "EventTypeIds", "Name", "Status", "Targets")


class NotificationRuleType(ResourceType):
    """A rule; its tags are a map."""

    name: ClassVar[str] = "AWS::CodeStarNotifications::NotificationRule"
    honoured: ClassVar[frozenset[str]] = frozenset({*_IN_PLACE, "EventTypeId", "Resource", "Tags", "TargetAddress"})
    recorded: ClassVar[frozenset[str]] = frozenset({"CreatedBy"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        request = {member: wanted.get(member) for member in _IN_PLACE}
        answer = await on.call(
            _SERVICE,
            "CreateNotificationRule",
            **_completed(request, wanted),
            Resource=wanted["Resource"],
            ClientRequestToken=on.token,
            Tags=on.tags(wanted.get("Tags")),
        )
        return str(answer["Arn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look(_SERVICE, "DescribeNotificationRule", _GONE, Arn=physical_id)
        if found is None:
            return None
        targets = [{"TargetAddress": one["TargetAddress"], "TargetType": one["TargetType"]} for one in found["Targets"]]
        return {
            "Arn": physical_id,
            "Name": found["Name"],
            "Resource": found["Resource"],
            "DetailType": found["DetailType"],
            "Status": found["Status"],
            "EventTypeIds": [one["EventTypeId"] for one in found["EventTypes"]],
            "Targets": targets,
            "CreatedBy": found["CreatedBy"],
            "EventTypeId": on.kept.get("EventTypeId"),
            "TargetAddress": on.kept.get("TargetAddress"),
            "Tags": {one["Key"]: one["Value"] for one in own_tags(found.get("Tags"))},
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        request = {member: new.get(member) for member in _IN_PLACE}
        request["Status"] = new.get("Status", "ENABLED")
        await on.call(_SERVICE, "UpdateNotificationRule", **_completed(request, new), Arn=physical_id)
        tags = on.tags(new.get("Tags"))
        if tags:
            await on.call(_SERVICE, "TagResource", Arn=physical_id, Tags=tags)
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call(_SERVICE, "UntagResource", Arn=physical_id, TagKeys=gone)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look(_SERVICE, "DeleteNotificationRule", _GONE, Arn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [rule["Arn"] for rule in await on.pages(_SERVICE, "ListNotificationRules", "NotificationRules")]


def _completed(request: Doc, properties: Doc) -> Doc:
    """With the one event type and the one target that may stand beside the lists."""
    one, address = properties.get("EventTypeId"), properties.get("TargetAddress")
    if one and one not in (request["EventTypeIds"] or ()):
        request["EventTypeIds"] = [*(request["EventTypeIds"] or ()), one]
    if address and all(target["TargetAddress"] != address for target in request["Targets"] or ()):
        request["Targets"] = [*(request["Targets"] or ()), {"TargetType": "SNS", "TargetAddress": address}]
    return request


TYPES: tuple[ResourceType, ...] = (NotificationRuleType(),)
