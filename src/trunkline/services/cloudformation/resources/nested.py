"""Nested stacks: stacks as resources of a stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
"""

from typing import Any

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Kit
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Stack, Status
from trunkline.services.cloudformation.preparing.nesting import nested
from trunkline.services.cloudformation.workflow.handling import Attempt
from trunkline.services.cloudformation.workflow.refusal import Refusal

Doc = dict[str, Any]
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_GOOD = (Status.CREATE_COMPLETE, Status.UPDATE_COMPLETE)
_NOTHING = "No updates are to be performed."


class NestedStack(ResourceType):
    """Made, changed and deleted by the operations that users call; its parent waits for it."""

    name = "AWS::CloudFormation::Stack"
    honoured = frozenset({"NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"})
    timeout_s = 24 * 3600.0

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def create(self, on: Provision, wanted: Doc) -> str:
        root = on.root_id if isinstance(on, Attempt) else on.stack_id
        request = self._request(on, wanted)
        if wanted.get("TimeoutInMinutes"):
            request["TimeoutInMinutes"] = wanted["TimeoutInMinutes"]
        with nested(on.stack_id, root):
            made = await on.call(
                "cloudformation",
                "CreateStack",
                StackName=on.name(128),
                OnFailure="DO_NOTHING",  # its parent decides what becomes of it
                ClientRequestToken=on.token,
                **request,
            )
        physical_id = str(made["StackId"])
        await on.made(physical_id)
        stack = await self._ended(physical_id)
        if stack.status is not Status.CREATE_COMPLETE:
            raise Refusal(f"Embedded stack {physical_id} was not successfully created: {stack.reason}")
        return physical_id

    def _request(self, on: Provision, wanted: Doc) -> Doc:
        given = wanted.get("Parameters") or {}
        if not all(isinstance(value, (str, int, float, bool)) for value in given.values()):
            raise Refusal("Value of property Parameters must be an object with String (or simple type) properties")
        parameters = [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in given.items()]
        topics = wanted.get("NotificationARNs") or (on.notification_arns if isinstance(on, Attempt) else ())
        return {
            "TemplateURL": wanted["TemplateURL"],
            "Parameters": parameters,
            "Capabilities": _CAPABILITIES,
            "NotificationARNs": list(topics),
            "Tags": tags.pairs(tags.own(on.tags(wanted.get("Tags")))),
        }

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        stack = self._find(physical_id)
        if stack is None or stack.status is Status.DELETE_COMPLETE:
            return None
        version = store.version(self._kit.db, stack)
        return {
            "StackId": stack.id,
            "StackName": stack.name,
            "Outputs": {one.key: one.value for one in stack.outputs},
            "Parameters": dict(version.given) if version is not None else {},
            "NotificationARNs": stack.notification_arns,
            "Tags": tags.pairs(stack.tags),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        stack = self._find(physical_id)
        if stack is None or stack.status is Status.DELETE_COMPLETE:
            raise Refusal(f"Embedded stack {physical_id} does not exist.")
        await self._settled(on, stack)
        with nested(stack.parent_id, stack.root_id):
            try:
                await on.call(
                    "cloudformation",
                    "UpdateStack",
                    StackName=physical_id,
                    ClientRequestToken=on.token,
                    **self._request(on, new),
                )
            except AwsError as error:
                if error.message == _NOTHING:
                    return
                raise
        stack = await self._ended(physical_id)
        if stack.status not in _GOOD:
            told = self._told(stack)
            raise Refusal(f"Embedded stack {physical_id} was not successfully updated: {told}")

    def _told(self, stack: Stack) -> str:
        """Why a stack was rolled back: the reason it gave when it began to."""
        events = store.newest_events(self._kit.db, stack.id, before=None, limit=100)
        for one in events:
            if one.physical_id == stack.id and one.reason and one.status.endswith(("ROLLBACK_IN_PROGRESS", "_FAILED")):
                return one.reason
        return stack.reason

    async def _settled(self, on: Provision, stack: Stack) -> None:
        """What an operation that was cancelled left under way comes to its end first."""
        if stack.status is Status.UPDATE_IN_PROGRESS:
            await on.look("cloudformation", "CancelUpdateStack", "ValidationError", StackName=stack.id)
        stack = await self._ended(stack.id)
        if stack.status is Status.UPDATE_ROLLBACK_FAILED:
            await on.call("cloudformation", "ContinueUpdateRollback", StackName=stack.id)
            await self._ended(stack.id)

    async def delete(self, on: Provision, physical_id: str) -> None:
        stack = self._find(physical_id)
        if stack is None or stack.status is Status.DELETE_COMPLETE:
            return
        if stack.status.in_progress and stack.status not in (Status.CREATE_IN_PROGRESS, Status.DELETE_IN_PROGRESS):
            await self._settled(on, stack)
        await on.call("cloudformation", "DeleteStack", StackName=physical_id)
        stack = await self._ended(physical_id)
        if stack.status is not Status.DELETE_COMPLETE:
            raise Refusal(f"Embedded stack {physical_id} was not successfully deleted: {stack.reason}")

    async def existing(self, on: Provision) -> list[str]:
        found = store.stacks.find(self._kit.db, prefix=(on.account, on.region))
        return [one.id for one in found if one.status is not Status.DELETE_COMPLETE]

    def _find(self, physical_id: str) -> Stack | None:
        pieces = physical_id.split(":")
        return store.stacks.get(self._kit.db, pieces[4], pieces[3], physical_id) if len(pieces) > 5 else None

    async def _ended(self, physical_id: str) -> Stack:
        while True:
            stack = self._find(physical_id)
            if stack is None:
                raise Refusal(f"Embedded stack {physical_id} does not exist.")
            if not stack.status.in_progress:
                return stack
            await self._kit.clock.sleep(0.03)
