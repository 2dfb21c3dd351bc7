"""The drift operations of stacks (and of a stack set's instances).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html
"""

from typing import Any

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflows
from trunkline.services.cloudformation import store as stacks
from trunkline.services.cloudformation.drift import store
from trunkline.services.cloudformation.drift.checking import checkable
from trunkline.services.cloudformation.drift.described import detection_status, resource_drift
from trunkline.services.cloudformation.drift.detection import NAME, Detector, begin
from trunkline.services.cloudformation.drift.model import Detection, Drift
from trunkline.services.cloudformation.drift.owning import owners
from trunkline.services.cloudformation.model import Stack, Status
from trunkline.services.cloudformation.stacksets import store as stacksets

Doc = dict[str, Any]
_PAGE = 100
_READY = frozenset(
    {
        Status.CREATE_COMPLETE,
        Status.UPDATE_COMPLETE,
        Status.UPDATE_ROLLBACK_COMPLETE,
        Status.UPDATE_ROLLBACK_FAILED,
        Status.IMPORT_COMPLETE,
        Status.IMPORT_ROLLBACK_COMPLETE,
        Status.CREATE_FAILED,
        Status.UPDATE_FAILED,
    }
)


class DriftOperations:
    """Five operations; CloudFormation's API has them among its own."""

    def __init__(self, kit: Kit, workflows: Workflows) -> None:
        self._kit = kit
        self._drift_workflows = workflows
        self._detector = Detector(kit)
        store.migrate(kit.db)
        workflows.register(NAME, self._detector.run, failed=self._detector.died)
        kit.resource_types.owners = owners(kit.db)

    @operation("arn:aws:cloudformation:{region}:{account}:stack/{StackName}/*", mutates=False)
    async def detect_stack_drift(self, call: Call, req: Doc) -> Doc:
        stack = self._drift_stack(call, req["StackName"])
        only = list(req.get("LogicalResourceIds") or ())
        known = stacks.of_stack(self._kit.db, stack.id)
        missing = [name for name in only if name not in known]
        if missing:
            raise _invalid(f"Resources [{', '.join(missing)}] do not exist in stack {stack.name}")
        now = self._kit.clock.now()
        detection = Detection(call.account, call.region, ids.uuid(), stack.id, call.caller, now, only)

        def write(tx: Tx) -> None:
            begin(tx, detection)
            place = {"account": call.account, "region": call.region, "id": detection.id}
            self._drift_workflows.start_in(tx, NAME, f"drift-{detection.id}", place)

        await self._kit.db.write(write)
        return {"StackDriftDetectionId": detection.id}

    @operation(mutates=False)
    async def describe_stack_drift_detection_status(self, call: Call, req: Doc) -> Doc:
        wanted = req["StackDriftDetectionId"]
        found = store.detections.get(self._kit.db, call.account, call.region, wanted)
        if found is None:
            raise _invalid(f"Drift detection with id {wanted} does not exist")
        return detection_status(found)

    @operation("arn:aws:cloudformation:{region}:{account}:stack/{StackName}/*", mutates=False)
    async def detect_stack_resource_drift(self, call: Call, req: Doc) -> Doc:
        stack = self._drift_stack(call, req["StackName"])
        logical_id = req["LogicalResourceId"]
        resource = stacks.resources.get(self._kit.db, stack.id, logical_id)
        if resource is None:
            raise _invalid(f"Resource {logical_id} does not exist for stack {stack.name}")
        if not checkable(self._kit, resource):
            raise _invalid(f"Drift detection is not supported on resource {logical_id} of type {resource.type}")
        found = await self._detector.one(call.caller, stack, resource)
        if found.status is Drift.NOT_CHECKED:
            raise _invalid(found.reason)
        return {"StackResourceDrift": resource_drift(found)}

    @operation("arn:aws:cloudformation:{region}:{account}:stack/{StackName}/*", mutates=False)
    async def describe_stack_resource_drifts(self, call: Call, req: Doc) -> Doc:
        stack = self._drift_stack(call, req["StackName"], ready=False)
        wanted = set(req.get("StackResourceDriftStatusFilters") or Drift)
        known = stacks.of_stack(self._kit.db, stack.id)
        found = [
            one
            for one in store.drifts.find(self._kit.db, prefix=(stack.id,))
            if one.status.value in wanted and one.logical_id in known
        ]
        limit, token = req.get("MaxResults", _PAGE), req.get("NextToken")
        chosen, following = paging.page(
            found, limit, token, key=lambda one: one.logical_id, error="ValidationError", message="Invalid NextToken"
        )
        return {"StackResourceDrifts": [resource_drift(one) for one in chosen], "NextToken": following}

    @operation("arn:aws:cloudformation:{region}:{account}:stackset/{StackSetName}:*", mutates=False)
    async def list_stack_instance_resource_drifts(self, call: Call, req: Doc) -> Doc:
        found = stacksets.named(self._kit.db, call.account, call.region, req["StackSetName"])
        if found is None:
            raise AwsError("StackSetNotFoundException", f"StackSet {req['StackSetName']} not found")
        place = (req["StackInstanceAccount"], req["StackInstanceRegion"])
        instance = stacksets.instances.get(self._kit.db, found.id, *place)
        if instance is None:
            raise AwsError("StackInstanceNotFoundException", f"Stack instance {'/'.join(place)} not found")
        wanted = set(req.get("StackInstanceResourceDriftStatuses") or Drift)
        drifts = [
            one for one in store.drifts.find(self._kit.db, prefix=(instance.stack_id,)) if one.status.value in wanted
        ]
        limit, token = req.get("MaxResults", _PAGE), req.get("NextToken")
        chosen, following = paging.page(
            drifts, limit, token, key=lambda one: one.logical_id, error="ValidationError", message="Invalid NextToken"
        )
        shown = [resource_drift(one) for one in chosen]
        for one in shown:
            for member in ("ExpectedProperties", "ActualProperties", "DriftStatusReason"):
                one.pop(member, None)
        return {"Summaries": shown, "NextToken": following}

    def _drift_stack(self, call: Call, name: str, *, ready: bool = True) -> Stack:
        stack = stacks.stack(self._kit.db, call.account, call.region, name)
        if stack is None or (stack.status is Status.DELETE_COMPLETE):
            raise _invalid(f"Stack [{name}] does not exist")
        if ready and stack.status not in _READY:
            raise _invalid(f"Drift detection cannot be performed on stack {stack.id} in state {stack.status.value}")
        return stack


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message, status=400)
