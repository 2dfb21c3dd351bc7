"""AWS::CloudFormation::LambdaHook.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-lambdahook.html
"""

from typing import Any

from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.services.cloudformation.hooks import store
from trunkline.services.cloudformation.hooks.model import Hook
from trunkline.services.cloudformation.workflow.refusal import Refusal

Doc = dict[str, Any]


class LambdaHook(ResourceType):
    """One row that `hooks.asking` reads before every change."""

    name = "AWS::CloudFormation::LambdaHook"
    honoured = frozenset(
        {
            "Alias",
            "ExecutionRole",
            "FailureMode",
            "HookStatus",
            "LambdaFunction",
            "StackFilters",
            "TargetFilters",
            "TargetOperations",
        }
    )
    recorded = frozenset({"AutoUpdate", "LoggingConfig"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def create(self, on: Provision, wanted: Doc) -> str:
        alias = str(wanted["Alias"])
        arn = f"arn:aws:cloudformation:{on.region}:{on.account}:type/hook/{alias.replace('::', '-')}"

        def write(tx: Tx) -> None:
            there = store.hooks.get(tx, on.account, on.region, alias)
            if there is not None and there.stack_id != on.stack_id:
                raise Refusal(f"Hook {alias} already exists.")
            store.hooks.put(tx, Hook(on.account, on.region, alias, arn, on.stack_id, dict(wanted)))

        await self._kit.db.write(write)
        return arn

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = self._find(on, physical_id)
        if found is None:
            return None
        shown = {key: value for key, value in found.config.items() if key in self.honoured}
        return {**shown, "HookArn": found.arn}

    def _find(self, on: Provision, physical_id: str) -> Hook | None:
        listed = store.hooks.find(self._kit.db, prefix=(on.account, on.region))
        return next((one for one in listed if one.arn == physical_id), None)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = self._find(on, physical_id)
        if found is None:
            raise Refusal(f"Hook {physical_id} does not exist.")
        found.config = dict(new)
        await self._kit.db.write(lambda tx: store.hooks.put(tx, found))

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = self._find(on, physical_id)
        if found is not None:
            await self._kit.db.write(lambda tx: store.hooks.delete(tx, found.account, found.region, found.alias))

    async def existing(self, on: Provision) -> list[str]:
        return [one.arn for one in store.hooks.find(self._kit.db, prefix=(on.account, on.region))]
