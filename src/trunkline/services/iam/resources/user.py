"""AWS::IAM::User. Ref gives its name; a login profile is recorded only, there are no console passwords."""

from typing import ClassVar

from trunkline.aws.handlers import differs, dropped_tags, given, is_mine, missing_from, own_tags, pairs, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.core.db import Reader
from trunkline.services.iam.resources.holders import ABSENT, USER, in_order
from trunkline.services.iam.resources.role import set_boundary


class UserType(ResourceType):
    """A user with policies and groups."""

    name: ClassVar[str] = "AWS::IAM::User"
    honoured: ClassVar[frozenset[str]] = frozenset(
        ["Groups", "ManagedPolicyArns", "Path", "PermissionsBoundary", "Policies", "Tags", "UserName"]
    )
    recorded: ClassVar[frozenset[str]] = frozenset({"LoginProfile"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("UserName") or on.name(64))
        found = await on.look("iam", "GetUser", ABSENT, UserName=name) if on.resumed else None
        if found is None or not is_mine(on, found["User"].get("Tags")):
            await on.call(
                "iam",
                "CreateUser",
                UserName=name,
                Path=wanted.get("Path"),
                PermissionsBoundary=wanted.get("PermissionsBoundary"),
                Tags=pairs(on.tags(wanted.get("Tags"))),
            )
        async with undone(self, on, name):
            await USER.apply(on, name, {}, wanted)
            for group in wanted.get("Groups") or ():
                await on.call("iam", "AddUserToGroup", UserName=name, GroupName=group)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("iam", "GetUser", ABSENT, UserName=physical_id)
        if answer is None:
            return None
        user = answer["User"]
        groups = await self._groups(on, physical_id)
        return given(
            UserName=user["UserName"],
            Arn=user["Arn"],
            Path=user["Path"],
            Groups=in_order(on.kept.get("Groups"), groups),
            PermissionsBoundary=(user.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            Tags=own_tags(user.get("Tags")),
            **await USER.shown(on, self._reader, physical_id),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "Path"):
            await on.call("iam", "UpdateUser", UserName=physical_id, NewPath=new.get("Path", "/"))
        await set_boundary(on, "User", physical_id, old, new)
        await USER.apply(on, physical_id, old, new)
        for group in new.get("Groups") or ():
            await on.call("iam", "AddUserToGroup", UserName=physical_id, GroupName=group)
        for group in missing_from(old.get("Groups"), new.get("Groups")):
            await on.look("iam", "RemoveUserFromGroup", ABSENT, UserName=physical_id, GroupName=group)
        await on.call("iam", "TagUser", UserName=physical_id, Tags=pairs(on.tags(new.get("Tags"))))
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call("iam", "UntagUser", UserName=physical_id, TagKeys=gone)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await on.look("iam", "GetUser", ABSENT, UserName=physical_id) is None:
            return
        await USER.strip(on, physical_id)
        for group in await self._groups(on, physical_id):
            await on.look("iam", "RemoveUserFromGroup", ABSENT, UserName=physical_id, GroupName=group)
        await on.look("iam", "DeleteUser", ABSENT, UserName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [user["UserName"] for user in await on.pages("iam", "ListUsers", "Users")]

    async def _groups(self, on: Provision, name: str) -> list[str]:
        found = await on.pages("iam", "ListGroupsForUser", "Groups", UserName=name)
        return [group["GroupName"] for group in found]
