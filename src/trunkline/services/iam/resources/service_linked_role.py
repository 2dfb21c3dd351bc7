"""AWS::IAM::ServiceLinkedRole. Ref gives the role's name."""

from typing import ClassVar

from trunkline.aws.handlers import given
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.iam.resources.holders import ABSENT

_PATH = "/aws-service-role/"


class ServiceLinkedRoleType(ResourceType):
    """The role that a service of AWS makes for itself."""

    name: ClassVar[str] = "AWS::IAM::ServiceLinkedRole"
    honoured: ClassVar[frozenset[str]] = frozenset({"AWSServiceName", "CustomSuffix", "Description"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        if on.resumed:
            for role in await on.pages("iam", "ListRoles", "Roles", PathPrefix=f"{_PATH}{wanted['AWSServiceName']}/"):
                if role["RoleName"].endswith(wanted.get("CustomSuffix", "")):
                    return str(role["RoleName"])
        answer = await on.call("iam", "CreateServiceLinkedRole", **wanted)
        return str(answer["Role"]["RoleName"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("iam", "GetRole", ABSENT, RoleName=physical_id)
        if answer is None:
            return None
        role = answer["Role"]
        return given(
            RoleName=role["RoleName"],
            AWSServiceName=role["Path"].removeprefix(_PATH).rstrip("/"),
            CustomSuffix=role["RoleName"].partition("_")[2] or None,
            Description=role.get("Description") or "",
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call("iam", "UpdateRoleDescription", RoleName=physical_id, Description=new.get("Description", ""))

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("iam", "DeleteServiceLinkedRole", ABSENT, RoleName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [role["RoleName"] for role in await on.pages("iam", "ListRoles", "Roles", PathPrefix=_PATH)]
