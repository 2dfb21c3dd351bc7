"""An operation on a stack set's instances: wave by wave, each stack made, changed or deleted by ordinary operations."""

from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.engines.workflows import StepFailed, Workflow, Workflows
from trunkline.services.cloudformation.stacksets import store
from trunkline.services.cloudformation.stacksets.model import (
    ADMINISTRATION_ROLE,
    Instance,
    SetOperation,
    StackSet,
    tolerated,
    waves,
)

Doc = dict[str, Any]
NAME = "cloudformation-stack-set"
SERVICE = "cloudformation.amazonaws.com"
_LOOK_EVERY_S = 0.1
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


class SetRunner:
    """Registers the workflow."""

    def __init__(self, kit: Kit, engine: Workflows) -> None:
        self._kit = kit
        engine.register(NAME, self.run, failed=self._died)

    async def run(self, wf: Workflow, input: Doc) -> None:
        operation = store.operations.get(self._kit.db, input["set"], input["operation"])
        if operation is None:
            raise LookupError(f"operation {input['operation']} is gone")
        failures: dict[str, int] = {}
        results: dict[tuple[str, str], Doc] = {}
        stopped = False
        for number, wave in enumerate(waves(operation)):
            stopped = stopped or await wf.commit(f"wave {number}", lambda tx: self._is_stopped(tx, operation))
            over = any(count > tolerated(operation) for count in failures.values())
            if stopped or over:
                why = (
                    "Cancelled since the operation was stopped"
                    if stopped
                    else "Cancelled since failure tolerance was exceeded"
                )
                results |= {target: {"status": "CANCELLED", "reason": why} for target in wave}
                continue
            found = await wf.gather(
                f"instances {number}", {"/".join(target): self._branch(operation, target) for target in wave}
            )
            for target in wave:
                results[target] = found["/".join(target)]
                if results[target]["status"] == "FAILED":
                    failures[target[1]] = failures.get(target[1], 0) + 1
        failed = any(count > tolerated(operation) for count in failures.values())
        status = "STOPPED" if stopped else "FAILED" if failed else "SUCCEEDED"
        await wf.commit("finish", lambda tx: self._finish(tx, operation, status, results))

    def _branch(self, operation: SetOperation, target: tuple[str, str]) -> Any:
        async def run(wf: Workflow) -> Doc:
            await wf.commit("begin", lambda tx: self._begin(tx, operation, target))
            try:
                found = await wf.step("apply", self._apply, operation, target, wf.key("apply"))
                ended: Doc | None = found
                if found.get("stack_id") and not found.get("over"):
                    ended = await wf.poll("wait", lambda: self._ended(operation, target, found), every_s=_LOOK_EVERY_S)
            except StepFailed as error:
                ended = {"status": "FAILED", "reason": error.message}
            outcome = ended or {"status": "FAILED", "reason": "no answer"}
            await wf.commit("end", lambda tx: self._end(tx, operation, target, outcome))
            return outcome

        return run

    def _is_stopped(self, tx: Tx, operation: SetOperation) -> bool:
        current = store.operations.get(tx, operation.set_id, operation.id)
        return current is not None and current.status == "STOPPING"

    def _begin(self, tx: Tx, operation: SetOperation, target: tuple[str, str]) -> None:
        instance = store.instances.get(tx, operation.set_id, *target)
        if instance is not None:
            instance.detailed, instance.operation = "RUNNING", operation.id
            store.instances.put(tx, instance)

    async def _caller(self, found: StackSet, account: str, region: str) -> Caller:
        """The execution role of the target account, assumed by the administration role."""
        default = f"arn:aws:iam::{found.account}:role/{ADMINISTRATION_ROLE}"
        administration = found.administration_role or default
        try:
            admin = await self._kit.call.assume(administration, service=SERVICE, region=region, session="StackSet")
        except AwsError as error:
            name = administration.rpartition("/")[2]
            raise AwsError(
                "ValidationError",
                f"Account {found.account} should have '{name}' role with trust relationship to CloudFormation service.",
            ) from error
        role = f"arn:aws:iam::{account}:role/{found.execution_role}"
        try:
            given = {"RoleArn": role, "RoleSessionName": f"{found.name[:40]}-{ids.hex_id(8)}"}
            answer = await self._kit.call("sts", "AssumeRole", given, as_=admin)
        except AwsError as error:
            raise AwsError(
                "ValidationError",
                f"Account {account} should have '{found.execution_role}' role with trust relationship to Role "
                f"'{administration.rpartition('/')[2]}'.",
            ) from error
        return self._kit.call.caller(answer["Credentials"]["AccessKeyId"], region, user_agent=SERVICE)

    async def _apply(self, operation: SetOperation, target: tuple[str, str], token: str) -> Doc:
        """Ask for the change of one stack; {"over": True} where nothing has to be waited for."""
        account, region = target
        found = store.sets.get(self._kit.db, operation.account, operation.region, operation.set_id)
        instance = store.instances.get(self._kit.db, operation.set_id, account, region)
        if found is None or instance is None:
            return {"status": "SUCCEEDED", "over": True}
        try:
            caller = await self._caller(found, account, region)
            if operation.action == "DELETE":
                return await self._delete(operation, instance, caller)
            if operation.action == "DETECT_DRIFT":
                return await self._detect(instance, caller)
            return await self._put(found, instance, caller, token)
        except AwsError as error:
            return {"status": "FAILED", "reason": error.message or error.code, "over": True}

    async def _put(self, found: StackSet, instance: Instance, caller: Caller, token: str) -> Doc:
        own = {one["ParameterKey"]: one for one in instance.overrides}
        given = {**{one["ParameterKey"]: one for one in found.parameters}, **own}
        request = {
            "TemplateBody": found.body,
            "Parameters": list(given.values()),
            "Capabilities": found.capabilities,
            "Tags": found.tags,
            "ClientRequestToken": token,
        }
        if instance.stack_id:
            try:
                name = instance.stack_id
                await self._kit.call("cloudformation", "UpdateStack", {"StackName": name, **request}, as_=caller)
            except AwsError as error:
                if "No updates are to be performed" not in error.message:
                    raise
                return {"status": "SUCCEEDED", "stack_id": instance.stack_id, "over": True}
            return {"stack_id": instance.stack_id}
        name = f"StackSet-{found.name}-{token}"[:128]
        made = await self._kit.call("cloudformation", "CreateStack", {"StackName": name, **request}, as_=caller)
        return {"stack_id": made["StackId"]}

    async def _delete(self, operation: SetOperation, instance: Instance, caller: Caller) -> Doc:
        if operation.retain or not instance.stack_id:
            return {"status": "SUCCEEDED", "over": True}
        await self._kit.call("cloudformation", "DeleteStack", {"StackName": instance.stack_id}, as_=caller)
        return {"stack_id": instance.stack_id}

    async def _detect(self, instance: Instance, caller: Caller) -> Doc:
        if not instance.stack_id:
            return {"status": "SUCCEEDED", "over": True}
        given = {"StackName": instance.stack_id}
        made = await self._kit.call("cloudformation", "DetectStackDrift", given, as_=caller)
        return {"stack_id": instance.stack_id, "detection": made["StackDriftDetectionId"]}

    async def _ended(self, operation: SetOperation, target: tuple[str, str], found: Doc) -> Doc | None:
        account, region = target
        caller = Caller.service(SERVICE, account, region)
        if "detection" in found:
            given = {"StackDriftDetectionId": found["detection"]}
            told = await self._kit.call("cloudformation", "DescribeStackDriftDetectionStatus", given, as_=caller)
            if told["DetectionStatus"] == "DETECTION_IN_PROGRESS":
                return None
            good = told["DetectionStatus"] == "DETECTION_COMPLETE"
            reason = told.get("DetectionStatusReason", "")
            drift = told.get("StackDriftStatus", "UNKNOWN")
            return {**found, "status": "SUCCEEDED" if good else "FAILED", "reason": reason, "drift": drift}
        answer = await self._kit.call("cloudformation", "DescribeStacks", {"StackName": found["stack_id"]}, as_=caller)
        stack = answer["Stacks"][0]
        if stack["StackStatus"].endswith("_IN_PROGRESS"):
            return None
        if stack["StackStatus"] in _GOOD:
            return {**found, "status": "SUCCEEDED", "reason": ""}
        why = f"ResourceLogicalId: stack is in {stack['StackStatus']}. {stack.get('StackStatusReason') or ''}".strip()
        return {**found, "status": "FAILED", "reason": why}

    def _end(self, tx: Tx, operation: SetOperation, target: tuple[str, str], ended: Doc) -> None:
        instance = store.instances.get(tx, operation.set_id, *target)
        if instance is None:
            return
        instance.stack_id = ended.get("stack_id") or instance.stack_id
        instance.detailed = ended["status"]
        instance.reason = ended.get("reason", "")
        good = ended["status"] == "SUCCEEDED"
        if operation.action == "DETECT_DRIFT":
            instance.drift, instance.drift_checked = ended.get("drift", instance.drift), self._kit.clock.now()
        elif operation.action == "DELETE":
            if good:
                store.instances.delete(tx, operation.set_id, *target)
                return
            instance.status = "INOPERABLE"
        else:
            instance.status = "CURRENT" if good else "OUTDATED"
        store.instances.put(tx, instance)

    def _finish(self, tx: Tx, operation: SetOperation, status: str, results: dict[tuple[str, str], Doc]) -> None:
        current = store.operations.get(tx, operation.set_id, operation.id)
        if current is None:
            return
        current.status, current.ended = status, self._kit.clock.now()
        current.results = [
            {"Account": account, "Region": region, "Status": one["status"], "StatusReason": one.get("reason") or None}
            for (account, region), one in results.items()
        ]
        for (account, region), one in results.items():
            instance = store.instances.get(tx, operation.set_id, account, region)
            if one["status"] == "CANCELLED" and instance is not None:
                instance.detailed, instance.reason = "CANCELLED", one["reason"]
                store.instances.put(tx, instance)
        store.operations.put(tx, current)
        if operation.action == "DETECT_DRIFT":
            self._sum_up(tx, operation)

    def _sum_up(self, tx: Tx, operation: SetOperation) -> None:
        found = store.sets.get(tx, operation.account, operation.region, operation.set_id)
        if found is None:
            return
        listed = store.of_set(tx, found)
        drifted = sum(one.drift == "DRIFTED" for one in listed)
        found.drift = {
            "DriftStatus": "DRIFTED" if drifted else "IN_SYNC",
            "DriftDetectionStatus": "COMPLETED",
            "LastDriftCheckTimestamp": self._kit.clock.time(),
            "TotalStackInstancesCount": len(listed),
            "DriftedStackInstancesCount": drifted,
            "InSyncStackInstancesCount": sum(one.drift == "IN_SYNC" for one in listed),
            "InProgressStackInstancesCount": 0,
            "FailedStackInstancesCount": sum(one.detailed == "FAILED" for one in listed),
        }
        store.sets.put(tx, found)

    def _died(self, tx: Tx, workflow_id: str, input: Doc, error: str) -> None:
        current = store.operations.get(tx, input["set"], input["operation"])
        if current is not None and current.ended is None:
            current.status, current.reason, current.ended = "FAILED", error, self._kit.clock.now()
            store.operations.put(tx, current)
