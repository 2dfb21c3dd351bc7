"""AWS::IAM::ManagedPolicy. Ref gives its ARN; an update of the document makes a new default version."""

from typing import Any, ClassVar

from trunkline.aws.handlers import differs, document, given, is_mine, missing_from, text, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.core.db import Reader
from trunkline.services.iam.model import QUOTA_POLICY_VERSIONS
from trunkline.services.iam.resources.holders import ABSENT, GROUP, ROLE, USER, in_order

_HOLDERS = {"Roles": ROLE, "Users": USER, "Groups": GROUP}


class ManagedPolicyType(ResourceType):
    """A customer's managed policy, attached to the holders that the template names."""

    name: ClassVar[str] = "AWS::IAM::ManagedPolicy"
    honoured: ClassVar[frozenset[str]] = frozenset(
        ["Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Users"]
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = wanted.get("ManagedPolicyName") or on.name(128)
        arn = f"arn:aws:iam::{on.account}:policy{wanted.get('Path', '/')}{name}"
        found = await on.look("iam", "GetPolicy", ABSENT, PolicyArn=arn) if on.resumed else None
        if found is None or not is_mine(on, found["Policy"].get("Tags")):
            await on.call(
                "iam",
                "CreatePolicy",
                PolicyName=name,
                Path=wanted.get("Path"),
                PolicyDocument=text(wanted["PolicyDocument"]),
                Description=wanted.get("Description"),
                Tags=[{"Key": key, "Value": value} for key, value in on.stack_tags.items()],
            )
        async with undone(self, on, arn):
            await self._attach(on, arn, {}, wanted)
        return arn

    async def _attach(self, on: Provision, arn: str, old: Doc, new: Doc) -> None:
        for member, kind in _HOLDERS.items():
            for holder in new.get(member) or ():
                await kind.attach(on, holder, arn)
            for holder in missing_from(old.get(member), new.get(member)):
                await kind.detach(on, holder, arn)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("iam", "GetPolicy", ABSENT, PolicyArn=physical_id)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = await on.call("iam", "GetPolicyVersion", PolicyArn=physical_id, VersionId=policy["DefaultVersionId"])
        return given(
            PolicyArn=policy["Arn"],
            PolicyId=policy["PolicyId"],
            ManagedPolicyName=policy["PolicyName"],
            Path=policy["Path"],
            Description=policy.get("Description") or "",
            PolicyDocument=document(version["PolicyVersion"]["Document"]),
            DefaultVersionId=policy["DefaultVersionId"],
            AttachmentCount=policy["AttachmentCount"],
            PermissionsBoundaryUsageCount=policy["PermissionsBoundaryUsageCount"],
            IsAttachable=policy["IsAttachable"],
            CreateDate=policy["CreateDate"].isoformat(),
            UpdateDate=policy["UpdateDate"].isoformat(),
            **await self._attached(on, physical_id),
        )

    async def _attached(self, on: Provision, arn: str) -> dict[str, list[str]]:
        """The holders, without those that attach the policy by properties of their own in a stack."""
        found: dict[str, list[str]] = {}
        for member, kind in _HOLDERS.items():
            named = on.kept.get(member) or []
            holders: list[Any] = await on.pages(
                "iam", "ListEntitiesForPolicy", f"Policy{member}", PolicyArn=arn, EntityFilter=kind.name
            )
            names = [holder[f"{kind.name}Name"] for holder in holders]
            others = [name for name in names if arn in kind.stacked(self._reader, on.account, name)]
            found[member] = in_order(named, [name for name in names if name in named or name not in others])
        return found

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "PolicyDocument"):
            await self._make_room(on, physical_id)
            await on.call(
                "iam",
                "CreatePolicyVersion",
                PolicyArn=physical_id,
                PolicyDocument=text(new["PolicyDocument"]),
                SetAsDefault=True,
            )
        await self._attach(on, physical_id, old, new)

    async def _make_room(self, on: Provision, arn: str) -> None:
        """A policy has five versions at most: the oldest that is not in force goes."""
        versions = await on.pages("iam", "ListPolicyVersions", "Versions", PolicyArn=arn)
        spare = sorted(
            (version for version in versions if not version["IsDefaultVersion"]),
            key=lambda version: int(version["VersionId"][1:]),
        )
        if len(versions) >= QUOTA_POLICY_VERSIONS and spare:
            await on.look("iam", "DeletePolicyVersion", ABSENT, PolicyArn=arn, VersionId=spare[0]["VersionId"])

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await on.look("iam", "GetPolicy", ABSENT, PolicyArn=physical_id) is None:
            return
        for member, kind in _HOLDERS.items():
            # Only attachments of this resource's own: one that somebody else made stops the delete, as on AWS.
            for holder in on.kept.get(member) or ():
                await kind.detach(on, holder, physical_id)
        for version in await on.pages("iam", "ListPolicyVersions", "Versions", PolicyArn=physical_id):
            if not version["IsDefaultVersion"]:
                await on.look(
                    "iam", "DeletePolicyVersion", ABSENT, PolicyArn=physical_id, VersionId=version["VersionId"]
                )
        await on.look("iam", "DeletePolicy", ABSENT, PolicyArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [policy["Arn"] for policy in await on.pages("iam", "ListPolicies", "Policies", Scope="Local")]
