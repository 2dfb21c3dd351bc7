"""AWS::IAM::Policy: one inline policy put on any number of roles, users and groups.

Its id is a name that CloudFormation makes, as on AWS; what it stands for is in the template alone (`Provision.kept`).
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.iam.resources.holders import GROUP, ROLE, USER, Kind, in_order

_HOLDERS = {"Roles": ROLE, "Users": USER, "Groups": GROUP}


class PolicyType(ResourceType):
    """An inline policy of several holders."""

    name: ClassVar[str] = "AWS::IAM::Policy"
    honoured: ClassVar[frozenset[str]] = frozenset({"Groups", "PolicyDocument", "PolicyName", "Roles", "Users"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        holders = list(_holders(wanted))
        if not holders:
            raise AwsError("ValidationError", "At least one of [Groups,Roles,Users] must be non-empty.")
        for kind, holder in holders:
            await kind.put(on, holder, wanted["PolicyName"], wanted["PolicyDocument"])
        return on.name(64)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found: Doc = {"Id": physical_id, "PolicyName": on.kept.get("PolicyName", "")}
        documents: list[Any] = []
        for member, kind in _HOLDERS.items():
            having = []
            for holder in on.kept.get(member) or ():
                policy = await kind.get(on, holder, found["PolicyName"])
                if policy is not None:
                    having.append(holder)
                    documents.append(policy)
            if having:
                found[member] = in_order(on.kept.get(member), having)
        if not documents:
            return None
        # All holders have the same text; where somebody changed one of them, that one is what is shown.
        strays = [policy for policy in documents if policy != on.kept.get("PolicyDocument")]
        return {**found, "PolicyDocument": (strays or documents)[0]}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)
        stay = set(_holders(new)) if old["PolicyName"] == new["PolicyName"] else set()
        for kind, holder in _holders(old):
            if (kind, holder) not in stay:
                await kind.drop(on, holder, old["PolicyName"])

    async def delete(self, on: Provision, physical_id: str) -> None:
        for kind, holder in _holders(on.kept):
            await kind.drop(on, holder, on.kept["PolicyName"])


def _holders(properties: Doc) -> Iterator[tuple[Kind, str]]:
    for member, kind in _HOLDERS.items():
        for holder in properties.get(member) or ():
            yield kind, holder
