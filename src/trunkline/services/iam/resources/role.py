"""AWS::IAM::Role. Ref gives its name."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import differs, document, dropped_tags, given, is_mine, own_tags, pairs, text, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.core.db import Reader
from trunkline.services.iam.resources.holders import ABSENT, ROLE


class RoleType(ResourceType):
    """A role with its policies."""

    name: ClassVar[str] = "AWS::IAM::Role"
    honoured: ClassVar[frozenset[str]] = frozenset(
        [
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        ]
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = wanted.get("RoleName") or on.name(64)
        if not await self._is_taken_up(on, name):
            await on.call(
                "iam",
                "CreateRole",
                RoleName=name,
                Path=wanted.get("Path"),
                AssumeRolePolicyDocument=text(wanted["AssumeRolePolicyDocument"]),
                Description=wanted.get("Description"),
                MaxSessionDuration=wanted.get("MaxSessionDuration"),
                PermissionsBoundary=wanted.get("PermissionsBoundary"),
                Tags=pairs(on.tags(wanted.get("Tags"))),
            )
        async with undone(self, on, name):
            await ROLE.apply(on, name, {}, wanted)
        return str(name)

    async def _is_taken_up(self, on: Provision, name: str) -> bool:
        found = await on.look("iam", "GetRole", ABSENT, RoleName=name) if on.resumed else None
        return found is not None and is_mine(on, found["Role"].get("Tags"))

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("iam", "GetRole", ABSENT, RoleName=physical_id)
        if answer is None:
            return None
        role = answer["Role"]
        return given(
            RoleName=role["RoleName"],
            Arn=role["Arn"],
            RoleId=role["RoleId"],
            Path=role["Path"],
            AssumeRolePolicyDocument=document(role["AssumeRolePolicyDocument"]),
            Description=role.get("Description") or "",
            MaxSessionDuration=role["MaxSessionDuration"],
            PermissionsBoundary=(role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            Tags=own_tags(role.get("Tags")),
            **await ROLE.shown(on, self._reader, physical_id),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "AssumeRolePolicyDocument"):
            await on.call(
                "iam",
                "UpdateAssumeRolePolicy",
                RoleName=physical_id,
                PolicyDocument=text(new["AssumeRolePolicyDocument"]),
            )
        if differs(old, new, "Description", "MaxSessionDuration"):
            await on.call(
                "iam",
                "UpdateRole",
                RoleName=physical_id,
                Description=new.get("Description", ""),
                MaxSessionDuration=new.get("MaxSessionDuration", 3600),
            )
        await set_boundary(on, "Role", physical_id, old, new)
        await ROLE.apply(on, physical_id, old, new)
        await on.call("iam", "TagRole", RoleName=physical_id, Tags=pairs(on.tags(new.get("Tags"))))
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call("iam", "UntagRole", RoleName=physical_id, TagKeys=gone)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await on.look("iam", "GetRole", ABSENT, RoleName=physical_id) is None:
            return
        await ROLE.strip(on, physical_id)
        profiles = await on.pages("iam", "ListInstanceProfilesForRole", "InstanceProfiles", RoleName=physical_id)
        if profiles:
            raise AwsError("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
        await on.look("iam", "DeleteRole", ABSENT, RoleName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        roles = await on.pages("iam", "ListRoles", "Roles")
        return [role["RoleName"] for role in roles if not role["Path"].startswith("/aws-service-role/")]


async def set_boundary(on: Provision, kind: str, name: str, old: Doc, new: Doc) -> None:
    """Put the boundary of a user or a role, or take it away."""
    boundary = new.get("PermissionsBoundary")
    if boundary:
        await on.call("iam", f"Put{kind}PermissionsBoundary", PermissionsBoundary=boundary, **{f"{kind}Name": name})
    elif old.get("PermissionsBoundary"):
        await on.look("iam", f"Delete{kind}PermissionsBoundary", ABSENT, **{f"{kind}Name": name})
