"""One operation on one stack, from its first event to its last."""

import asyncio
from typing import Any

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow, Workflows, WorkflowStatus
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Status
from trunkline.services.cloudformation.workflow import hooking, outputs, words
from trunkline.services.cloudformation.workflow.applying import Applying, deleted
from trunkline.services.cloudformation.workflow.callers import Callers
from trunkline.services.cloudformation.workflow.cancelling import Cancels
from trunkline.services.cloudformation.workflow.handling import Handlers
from trunkline.services.cloudformation.workflow.removal import Removal, item, retired
from trunkline.services.cloudformation.workflow.session import Session, session
from trunkline.services.cloudformation.workflow.undoing import Undoing
from trunkline.services.cloudformation.workflow.watching import Watching

NAME = "cloudformation-stack"
Doc = dict[str, Any]


class Runner:
    """Registers the workflow; holds what its steps call."""

    def __init__(self, kit: Kit, engine: Workflows, cancels: Cancels) -> None:
        self._kit = kit
        self._engine = engine
        self._cancels = cancels
        self._handlers = Handlers(kit)
        self._callers = Callers(kit)
        engine.register(NAME, self.run, failed=self._died)

    async def run(self, wf: Workflow, input: Doc) -> None:
        operation = store.operations.get(self._kit.db, input["stack"], input["operation"])
        if operation is None:
            raise LookupError(f"operation {input['operation']} is gone")
        if after := operation.options.get("after"):
            await self._previous(wf, after)
        failing = self._cancels.of(operation.id)
        failing = failing if operation.kind in ("CREATE", "UPDATE", "IMPORT") else asyncio.Event()
        made = session(self._kit, operation, self._handlers, self._callers, failing, operation.version)
        if made.stack.cancel and made.stack.operation == operation.id:
            failing.set()
        try:
            async with Watching(made, self._cancels):
                match operation.kind:
                    case "DELETE":
                        await self._delete(wf, made)
                    case "ROLLBACK" | "CONTINUE_ROLLBACK":
                        await Undoing(made).run(wf)
                    case _:
                        await Applying(made).run(wf)
        finally:
            self._cancels.forget(operation.id)
            self._callers.forget(operation)

    async def _previous(self, wf: Workflow, operation_id: str) -> None:
        """A deletion waits until what it interrupts has ended."""

        async def look() -> bool | None:
            return None if self._engine.status(operation_id) is WorkflowStatus.RUNNING else True

        await wf.poll("the operation before", look, every_s=0.05)

    async def _delete(self, wf: Workflow, made: Session) -> None:
        record, options = made.record, made.operation.options
        force, retain = options.get("mode") == "FORCE_DELETE_STACK", set(options.get("retain") or ())

        def start(tx: Tx) -> dict[str, Doc] | None:
            stack = record.stack(tx)
            if reason := outputs.in_use(tx, stack):
                record.enter(tx, stack, Status.DELETE_FAILED, reason)
                return None
            items: dict[str, Doc] = {}
            for name, row in store.of_stack(tx, stack.id).items():
                if row.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
                    items[name] = item(row)
                    items[name]["retain"] |= name in retain
                items.update(retired(row))
            return items

        if refused := await wf.step("hooks of the stack", hooking.before_stack, made):
            await wf.commit("refused", lambda tx: record.enter(tx, record.stack(tx), Status.DELETE_FAILED, refused))
            return
        items = await wf.commit("what to delete", start)
        if items is None:
            return
        failed = await Removal(made, keeps_rows=True, force=force).run(wf, items)

        def end(tx: Tx) -> None:
            stack = record.stack(tx)
            if failed:
                record.enter(tx, stack, Status.DELETE_FAILED, words.failures(delete=failed))
                return
            deleted(tx, made)

        await wf.commit("finish", end)

    def _died(self, tx: Tx, workflow_id: str, input: Doc, error: str) -> None:
        operation = store.operations.get(tx, input["stack"], input["operation"])
        stack = store.stacks.get(tx, operation.account, operation.region, operation.stack_id) if operation else None
        if operation is None or stack is None or not stack.status.in_progress:
            return
        from trunkline.services.cloudformation.workflow.record import Record

        end = Status(f"{operation.kind.replace('CONTINUE_', 'UPDATE_')}_FAILED")
        Record(self._kit, operation).enter(tx, stack, end, f"Internal failure: {error}")
