"""AWS::IAM::RolePolicy, UserPolicy and GroupPolicy: one inline policy of one holder. The id is policy|holder."""

from typing import ClassVar

from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.iam.resources.holders import GROUP, ROLE, USER, Kind

_EMPTY = {"Version": "2012-10-17", "Statement": []}


class _InlinePolicyType(ResourceType):
    kind: ClassVar[Kind]
    holders: ClassVar[str]  # the operation that lists the holders, and its result: ListRoles, Roles

    async def create(self, on: Provision, wanted: Doc) -> str:
        holder, policy_name = wanted[f"{self.kind.name}Name"], wanted["PolicyName"]
        await self.kind.put(on, holder, policy_name, wanted.get("PolicyDocument", _EMPTY))
        return f"{policy_name}|{holder}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        policy_name, _, holder = physical_id.partition("|")
        policy = await self.kind.get(on, holder, policy_name)
        if policy is None:
            return None
        return {"PolicyName": policy_name, "PolicyDocument": policy, f"{self.kind.name}Name": holder}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        policy_name, _, holder = physical_id.partition("|")
        await self.kind.drop(on, holder, policy_name)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for holder in await on.pages("iam", f"List{self.holders}", self.holders):
            name = holder[f"{self.kind.name}Name"]
            found += [f"{policy_name}|{name}" for policy_name in await self.kind.inline(on, name)]
        return found


class RolePolicyType(_InlinePolicyType):
    """An inline policy of a role."""

    name: ClassVar[str] = "AWS::IAM::RolePolicy"
    honoured: ClassVar[frozenset[str]] = frozenset({"PolicyDocument", "PolicyName", "RoleName"})
    kind: ClassVar[Kind] = ROLE
    holders: ClassVar[str] = "Roles"


class UserPolicyType(_InlinePolicyType):
    """An inline policy of a user."""

    name: ClassVar[str] = "AWS::IAM::UserPolicy"
    honoured: ClassVar[frozenset[str]] = frozenset({"PolicyDocument", "PolicyName", "UserName"})
    kind: ClassVar[Kind] = USER
    holders: ClassVar[str] = "Users"


class GroupPolicyType(_InlinePolicyType):
    """An inline policy of a group."""

    name: ClassVar[str] = "AWS::IAM::GroupPolicy"
    honoured: ClassVar[frozenset[str]] = frozenset({"PolicyDocument", "PolicyName", "GroupName"})
    kind: ClassVar[Kind] = GROUP
    holders: ClassVar[str] = "Groups"
