"""AWS::IAM::InstanceProfile. Ref gives its name; it holds one role."""

from typing import ClassVar

from trunkline.aws.handlers import is_mine, missing_from, pairs, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.iam.resources.holders import ABSENT


class InstanceProfileType(ResourceType):
    """What gives an instance its role."""

    name: ClassVar[str] = "AWS::IAM::InstanceProfile"
    honoured: ClassVar[frozenset[str]] = frozenset({"InstanceProfileName", "Path", "Roles"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("InstanceProfileName") or on.name(128))
        found = await self._found(on, name) if on.resumed else None
        if found is None or not is_mine(on, found.get("Tags")):
            await on.call(
                "iam",
                "CreateInstanceProfile",
                InstanceProfileName=name,
                Path=wanted.get("Path"),
                Tags=pairs(on.stack_tags),
            )
        async with undone(self, on, name):
            await self._hold(on, name, wanted["Roles"])
        return name

    async def _found(self, on: Provision, name: str) -> Doc | None:
        answer = await on.look("iam", "GetInstanceProfile", ABSENT, InstanceProfileName=name)
        return answer and answer["InstanceProfile"]

    async def _hold(self, on: Provision, name: str, roles: list[str]) -> None:
        found = await self._found(on, name) or {"Roles": []}
        held = [role["RoleName"] for role in found["Roles"]]
        for role in missing_from(held, roles):
            await on.look("iam", "RemoveRoleFromInstanceProfile", ABSENT, InstanceProfileName=name, RoleName=role)
        for role in missing_from(roles, held):
            await on.call("iam", "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        return {
            "InstanceProfileName": found["InstanceProfileName"],
            "Arn": found["Arn"],
            "Path": found["Path"],
            "Roles": [role["RoleName"] for role in found["Roles"]],
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._hold(on, physical_id, new["Roles"])

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await self._found(on, physical_id) is None:
            return
        await self._hold(on, physical_id, [])
        await on.look("iam", "DeleteInstanceProfile", ABSENT, InstanceProfileName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("iam", "ListInstanceProfiles", "InstanceProfiles")
        return [profile["InstanceProfileName"] for profile in found]
