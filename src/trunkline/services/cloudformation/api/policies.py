"""What guards a stack (its policy, termination protection), and signals to its resources."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api.part import STACK, Part
from trunkline.services.cloudformation.model import Signal
from trunkline.services.cloudformation.preparing import sources, stack_policy
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.workflow.record import Record


class PolicyOperations(Part):
    """SetStackPolicy, GetStackPolicy, UpdateTerminationProtection, SignalResource."""

    @operation(STACK)
    async def set_stack_policy(self, call: Call, req: Doc) -> None:
        policy = await sources.text(self._kit.call, call.caller, req, "StackPolicyBody", "StackPolicyURL")
        if policy is None:
            raise bad("Either StackPolicyBody or StackPolicyURL must be specified.")
        stack_policy.check(policy)

        def write(tx: Tx) -> None:
            stack = self._existing(call, req["StackName"], reader=tx)
            stack.policy = policy
            store.stacks.put(tx, stack)

        await self._db.write(write)

    @operation(STACK)
    async def get_stack_policy(self, call: Call, req: Doc) -> Doc:
        return {"StackPolicyBody": self._existing(call, req["StackName"]).policy or None}

    @operation(STACK)
    async def update_termination_protection(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            stack = self._existing(call, req["StackName"], reader=tx)
            if stack.root_id:
                raise bad(
                    f"Termination protection can't be changed on the nested stack {stack.name}: change its root stack."
                )
            stack.protected = req["EnableTerminationProtection"]
            store.stacks.put(tx, stack)
            return {"StackId": stack.id}

        return await self._db.write(write)

    @operation(STACK)
    async def signal_resource(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            stack = self._existing(call, req["StackName"], reader=tx)
            row = store.resources.get(tx, stack.id, req["LogicalResourceId"])
            if row is None:
                raise bad(f"Resource {req['LogicalResourceId']} does not exist for stack {stack.name}")
            if not row.status.endswith("_IN_PROGRESS"):
                raise bad(f"Resource {row.logical_id} is in {row.status} state and cannot be signaled")
            before = store.signals.get(tx, stack.id, row.logical_id, req["UniqueId"])
            if before is not None and before.at >= row.updated:
                return  # told already: each signal of a resource has an id of its own
            signal = Signal(stack.id, row.logical_id, req["UniqueId"], req["Status"], self._kit.clock.now())
            store.signals.put(tx, signal)
            operation = store.operations.get(tx, stack.id, stack.operation)
            if operation is not None:
                told = f"Received {signal.status} signal with UniqueId {signal.unique_id}"
                Record(self._kit, operation).note(tx, stack, row, row.status, told, row.physical_id, row.type)

        await self._db.write(write)
