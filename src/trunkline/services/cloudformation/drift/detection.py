"""Detection as durable work: look at every resource of a stack, and write down what was found.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import asyncio
from typing import Any

import msgspec

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudformation import store as stacks
from trunkline.services.cloudformation.drift import store
from trunkline.services.cloudformation.drift.checking import check, checkable
from trunkline.services.cloudformation.drift.model import Detection, Drift, ResourceDrift
from trunkline.services.cloudformation.model import Resource, Stack

NAME = "cloudformation-drift"
_AT_ONCE = 8

Doc = dict[str, Any]
log = get(__name__)


class Detector:
    """Looks at stacks."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def run(self, wf: Workflow, input: Doc) -> None:
        """One detection."""
        key = (input["account"], input["region"], input["id"])
        found: list[Doc] = await wf.step("look", self._look, key)
        await wf.commit("end", lambda tx: self._end(tx, key, found))

    def died(self, tx: Tx, workflow_id: str, input: Doc, why: str) -> None:
        """The workflow itself failed: nobody must wait for it any more."""
        detection = store.detections.get(tx, input["account"], input["region"], input["id"])
        if detection is not None and detection.status == "DETECTION_IN_PROGRESS":
            detection.status, detection.reason = "DETECTION_FAILED", why
            store.detections.put(tx, detection)

    async def one(self, caller: Caller, stack: Stack, resource: Resource) -> ResourceDrift:
        """One resource, looked at now and written down."""
        found = await self._checked(caller, stack, resource)
        await self._kit.db.write(lambda tx: self._keep(tx, stack.account, stack.region, found))
        return found

    async def _look(self, key: tuple[str, str, str]) -> list[Doc]:
        detection = store.detections.get(self._kit.db, *key)
        if detection is None:
            return []
        stack = stacks.stacks.get(self._kit.db, key[0], key[1], detection.stack_id)
        if stack is None:
            return []
        gate = asyncio.Semaphore(_AT_ONCE)

        async def look(resource: Resource) -> ResourceDrift:
            async with gate:
                return await self._checked(detection.caller, stack, resource)

        wanted = [
            resource
            for resource in stacks.of_stack(self._kit.db, stack.id).values()
            if checkable(self._kit, resource) and resource.logical_id in (detection.only or (resource.logical_id,))
        ]
        found = await asyncio.gather(*(look(resource) for resource in wanted))
        return [msgspec.to_builtins(one) for one in found]

    async def _checked(self, caller: Caller, stack: Stack, resource: Resource) -> ResourceDrift:
        try:
            return await check(self._kit, caller, stack, resource)
        except AwsError as error:
            why = error.message or error.code
        except Exception as error:
            log.exception("a resource could not be read", type=resource.type, id=resource.physical_id)
            why = f"Internal error of the handler: {type(error).__name__}"
        return ResourceDrift(
            stack.id,
            resource.logical_id,
            resource.physical_id,
            resource.type,
            Drift.NOT_CHECKED,
            self._kit.clock.now(),
            reason=why,
        )

    def _end(self, tx: Tx, key: tuple[str, str, str], found: list[Doc]) -> None:
        detection = store.detections.get(tx, *key)
        if detection is None:
            return
        results = [msgspec.convert(one, ResourceDrift) for one in found]
        for one in results:
            self._keep(tx, key[0], key[1], one)
        failed = [one for one in results if one.status is Drift.NOT_CHECKED]
        detection.drifted = sum(one.drifted for one in results)
        detection.drift_status = "DRIFTED" if detection.drifted else "IN_SYNC"
        detection.status = "DETECTION_FAILED" if failed else "DETECTION_COMPLETE"
        if failed:
            names = ", ".join(one.logical_id for one in failed)
            detection.reason = f"Failed to detect drift on resources [{names}]: {failed[0].reason}"
        store.detections.put(tx, detection)
        stack = stacks.stacks.get(tx, key[0], key[1], detection.stack_id)
        if stack is not None:
            stack.drift_status, stack.drift_checked = detection.drift_status, self._kit.clock.now()
            stacks.stacks.put(tx, stack)

    @staticmethod
    def _keep(tx: Tx, account: str, region: str, found: ResourceDrift) -> None:
        store.drifts.put(tx, found)
        resource = stacks.resources.get(tx, found.stack_id, found.logical_id)
        if resource is not None:
            resource.drift_status, resource.drift_checked = found.status.value, found.checked
            stacks.resources.put(tx, resource)


def begin(tx: Tx, detection: Detection) -> None:
    """Write a detection down, unless one is under way on the stack."""
    if store.running(tx, detection.account, detection.region, detection.stack_id):
        raise AwsError(
            "ValidationError",
            f"Drift detection is already in progress for stack {detection.stack_id}",
            status=400,
        )
    store.detections.insert(tx, detection)
