"""AWS::IAM::Group and AWS::IAM::UserToGroupAddition."""

from typing import ClassVar

from trunkline.aws.handlers import differs, missing_from, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.core.db import Reader
from trunkline.services.iam.resources.holders import ABSENT, GROUP, in_order


class GroupType(ResourceType):
    """A group with its policies. Ref gives its name; IAM has no tags of groups."""

    name: ClassVar[str] = "AWS::IAM::Group"
    honoured: ClassVar[frozenset[str]] = frozenset({"GroupName", "ManagedPolicyArns", "Path", "Policies"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("GroupName") or on.name(64))
        # Without tags, a group that is there at the second run can only be told from a stranger's by having no members.
        found = await on.look("iam", "GetGroup", ABSENT, GroupName=name) if on.resumed else None
        if found is None or found["Users"]:
            await on.call("iam", "CreateGroup", GroupName=name, Path=wanted.get("Path"))
        async with undone(self, on, name):
            await GROUP.apply(on, name, {}, wanted)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("iam", "GetGroup", ABSENT, GroupName=physical_id)
        if answer is None:
            return None
        group = answer["Group"]
        return {
            "GroupName": group["GroupName"],
            "Arn": group["Arn"],
            "Path": group["Path"],
            **await GROUP.shown(on, self._reader, physical_id),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "Path"):
            await on.call("iam", "UpdateGroup", GroupName=physical_id, NewPath=new.get("Path", "/"))
        await GROUP.apply(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await on.look("iam", "GetGroup", ABSENT, GroupName=physical_id) is None:
            return
        await GROUP.strip(on, physical_id)
        await on.look("iam", "DeleteGroup", ABSENT, GroupName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [group["GroupName"] for group in await on.pages("iam", "ListGroups", "Groups")]


class UserToGroupAdditionType(ResourceType):
    """Users put into a group. Its id is a name of CloudFormation's own: only the template says what it is."""

    name: ClassVar[str] = "AWS::IAM::UserToGroupAddition"
    honoured: ClassVar[frozenset[str]] = frozenset({"GroupName", "Users"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        for user in wanted["Users"]:
            await on.call("iam", "AddUserToGroup", GroupName=wanted["GroupName"], UserName=user)
        return on.name(64)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        group = on.kept.get("GroupName", "")
        answer = await on.look("iam", "GetGroup", ABSENT, GroupName=group) if group else None
        if answer is None:
            return None
        members = {user["UserName"] for user in answer["Users"]}
        users = in_order(on.kept["Users"], members & set(on.kept["Users"]))
        return {"Id": physical_id, "GroupName": group, "Users": users} if users else None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)
        same_group = old["GroupName"] == new["GroupName"]
        for user in missing_from(old["Users"], new["Users"] if same_group else ()):
            await on.look("iam", "RemoveUserFromGroup", ABSENT, GroupName=old["GroupName"], UserName=user)

    async def delete(self, on: Provision, physical_id: str) -> None:
        for user in on.kept.get("Users", ()):
            await on.look("iam", "RemoveUserFromGroup", ABSENT, GroupName=on.kept["GroupName"], UserName=user)
