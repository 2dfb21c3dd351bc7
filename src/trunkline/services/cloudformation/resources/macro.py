"""Macros: a name under which templates find a function that transforms them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-macro.html
"""

from typing import Any

from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Kit
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.workflow.refusal import Refusal

Doc = dict[str, Any]


class Macro(ResourceType):
    """The resource is its own record: `preparing.macros` finds it by its name in the stacks' resources."""

    name = "AWS::CloudFormation::Macro"
    honoured = frozenset({"Description", "FunctionName", "Name"})
    recorded = frozenset({"LogGroupName", "LogRoleARN"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted["Name"])
        for row in store.resources.find(self._kit.db, physical_id=name):
            place = row.stack_id.split(":")
            mine = (row.stack_id, row.logical_id) == (on.stack_id, on.logical_id)
            here = (place[4], place[3]) == (on.account, on.region)
            if row.type == self.name and here and not mine and not row.status.startswith("DELETE"):
                raise Refusal(f"{name} already exists in stack {row.stack_id}")
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        return {"Name": physical_id, **on.kept}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """The new properties are the row's."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        """It goes with its row."""
