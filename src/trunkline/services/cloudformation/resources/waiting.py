"""Wait conditions: a stack goes on when somebody has told so.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-waitcondition.html
"""

import json
from typing import Any

from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Kit
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.resources.responses import Responses, by_url, replies
from trunkline.services.cloudformation.workflow.refusal import Refusal

Doc = dict[str, Any]


class WaitConditionHandle(ResourceType):
    """Its physical id is the URL to send signals to."""

    name = "AWS::CloudFormation::WaitConditionHandle"

    def __init__(self, kit: Kit, responses: Responses) -> None:
        self._kit = kit
        self._responses = responses

    async def create(self, on: Provision, wanted: Doc) -> str:
        return await self._responses.open(on.token, "signal", on.stack_id, on.logical_id)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        return {"Id": physical_id} if by_url(self._kit.db, physical_id) is not None else None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """It has no properties."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = by_url(self._kit.db, physical_id)
        if found is not None:
            await self._kit.db.write(lambda tx: replies.delete(tx, found.id))


class WaitCondition(ResourceType):
    """Complete when its handle has had `Count` signals."""

    name = "AWS::CloudFormation::WaitCondition"
    honoured = frozenset({"Count", "Handle", "Timeout"})
    timeout_s = 13 * 3600.0

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def create(self, on: Provision, wanted: Doc) -> str:
        handle = wanted.get("Handle")
        physical_id = f"{on.stack_id}/{on.name(128)}"
        if not handle:
            return physical_id  # it has a CreationPolicy instead
        await on.made(physical_id)
        count, timeout_s = int(wanted.get("Count", 1)), float(wanted.get("Timeout", 43200))
        deadline = self._kit.clock.due(timeout_s)
        while True:
            good, bad = self._told(handle)
            if bad:
                raise Refusal(
                    f"WaitCondition received failed message: '{bad[0].reason}' for uniqueId: {bad[0].unique_id}"
                )
            if len(good) >= count:
                return physical_id
            if self._kit.clock.time() >= deadline:
                raise Refusal(f"WaitCondition timed out. Received {len(good)} conditions when expecting {count}")
            await self._kit.clock.sleep(0.1)

    def _told(self, handle: str) -> tuple[list[Any], list[Any]]:
        reply = by_url(self._kit.db, handle)
        if reply is None:
            return [], []
        found = store.signals.find(self._kit.db, prefix=(reply.stack_id, reply.logical_id))
        return [one for one in found if one.status == "SUCCESS"], [one for one in found if one.status != "SUCCESS"]

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        good, _ = self._told(str(on.kept.get("Handle", "")))
        return {"Id": physical_id, "Data": json.dumps({one.unique_id: one.data for one in good}, separators=(",", ":"))}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """AWS: updates are not supported; a change of the count or the time-out has nothing to act on any more."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        """Nothing is left of it."""
