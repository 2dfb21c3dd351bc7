"""AWS::CDK::Metadata: what the CDK says of the constructs an app uses. There is nothing behind it on AWS either."""

from typing import ClassVar

from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc


class Metadata(ResourceType):
    name = "AWS::CDK::Metadata"
    honoured: ClassVar[frozenset[str]] = frozenset({"Analytics"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        return on.token

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        return dict(on.kept)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """What is kept of the stack is all there is."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        """Nothing to delete."""

    async def existing(self, on: Provision) -> list[str]:
        return []
