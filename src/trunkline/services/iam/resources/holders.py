"""Policies of users, groups and roles, for the resource types that put them there: one rule, three sets of names.

A role's own properties show its policies, but not those that other resources of a stack put on it (AWS::IAM::Policy,
AWS::IAM::ManagedPolicy): those drift there. IAM remembers which ones came from stacks; see `Holder.stacked`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trunkline.aws.handlers import document, missing_from, text
from trunkline.aws.resources import Provision
from trunkline.aws.service import Doc
from trunkline.core.db import Reader, Table
from trunkline.services.iam import store

ABSENT = "NoSuchEntity"


@dataclass(frozen=True, slots=True)
class Kind:
    """User, Group or Role, and how its operations are called."""

    name: str
    table: Table[Any]

    def named(self, holder: str) -> dict[str, str]:
        """The request member that names the holder."""
        return {f"{self.name}Name": holder}

    async def put(self, on: Provision, holder: str, policy_name: str, policy: Any) -> None:
        """Put an inline policy."""
        await on.call(
            "iam", f"Put{self.name}Policy", PolicyName=policy_name, PolicyDocument=text(policy), **self.named(holder)
        )

    async def get(self, on: Provision, holder: str, policy_name: str) -> Any:
        """The document of an inline policy, or None."""
        found = await on.look("iam", f"Get{self.name}Policy", ABSENT, PolicyName=policy_name, **self.named(holder))
        return found and document(found["PolicyDocument"])

    async def drop(self, on: Provision, holder: str, policy_name: str) -> None:
        """Delete an inline policy, if it and its holder are there."""
        await on.look("iam", f"Delete{self.name}Policy", ABSENT, PolicyName=policy_name, **self.named(holder))

    async def attach(self, on: Provision, holder: str, policy_arn: str) -> None:
        """Attach a managed policy."""
        await on.call("iam", f"Attach{self.name}Policy", PolicyArn=policy_arn, **self.named(holder))

    async def detach(self, on: Provision, holder: str, policy_arn: str) -> None:
        """Detach a managed policy, if it is attached."""
        await on.look("iam", f"Detach{self.name}Policy", ABSENT, PolicyArn=policy_arn, **self.named(holder))

    async def inline(self, on: Provision, holder: str) -> list[str]:
        """The names of the inline policies."""
        names: list[str] = await on.pages("iam", f"List{self.name}Policies", "PolicyNames", **self.named(holder))
        return names

    async def attached(self, on: Provision, holder: str) -> list[str]:
        """The ARNs of the attached policies."""
        found = await on.pages("iam", f"ListAttached{self.name}Policies", "AttachedPolicies", **self.named(holder))
        return [policy["PolicyArn"] for policy in found]

    def stacked(self, reader: Reader, account: str, holder: str) -> set[str]:
        """The inline policies (by name) and the attached ones (by ARN) that stacks put there."""
        found = self.table.get(reader, account, holder.lower())
        return set(found.stacked) if found else set()

    async def apply(self, on: Provision, holder: str, old: Doc, new: Doc) -> None:
        """Bring the inline and attached policies of a holder's own properties from `old` to `new`."""
        wanted = {policy["PolicyName"]: policy["PolicyDocument"] for policy in new.get("Policies") or ()}
        for policy_name, policy in wanted.items():
            await self.put(on, holder, policy_name, policy)
        for policy in old.get("Policies") or ():
            if policy["PolicyName"] not in wanted:
                await self.drop(on, holder, policy["PolicyName"])
        for arn in new.get("ManagedPolicyArns") or ():
            await self.attach(on, holder, arn)
        for arn in missing_from(old.get("ManagedPolicyArns"), new.get("ManagedPolicyArns")):
            await self.detach(on, holder, arn)

    async def shown(self, on: Provision, reader: Reader, holder: str) -> Doc:
        """`Policies` and `ManagedPolicyArns` as they are, without what other resources of stacks put there."""
        others = self.stacked(reader, on.account, holder)
        others -= {policy["PolicyName"] for policy in on.kept.get("Policies") or ()}
        others -= set(on.kept.get("ManagedPolicyArns") or ())
        names = [name for name in await self.inline(on, holder) if name not in others]
        policies = [{"PolicyName": name, "PolicyDocument": await self.get(on, holder, name)} for name in names]
        attached = [arn for arn in await self.attached(on, holder) if arn not in others]
        return {"Policies": policies, "ManagedPolicyArns": in_order(on.kept.get("ManagedPolicyArns"), attached)}

    async def strip(self, on: Provision, holder: str) -> None:
        """Remove every policy, so that the holder can be deleted, as CloudFormation does."""
        for policy_name in await self.inline(on, holder):
            await self.drop(on, holder, policy_name)
        for arn in await self.attached(on, holder):
            await self.detach(on, holder, arn)


USER = Kind("User", store.USERS)
GROUP = Kind("Group", store.GROUPS)
ROLE = Kind("Role", store.ROLES)


def in_order(wanted: Iterable[str] | None, found: Iterable[str]) -> list[str]:
    """What was found, in the order of the template first: sets that templates write as lists."""
    order = list(wanted or ())
    return sorted(found, key=lambda item: order.index(item) if item in order else len(order))
