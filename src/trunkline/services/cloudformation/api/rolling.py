"""RollbackStack and ContinueUpdateRollback."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api.part import STACK, Part
from trunkline.services.cloudformation.model import Status
from trunkline.services.cloudformation.model.statuses import ROLLABLE
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.workflow import words


class RollbackOperations(Part):
    """Back to the last whole state, by request."""

    @operation(STACK)
    async def rollback_stack(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            stack = self._existing(call, req["StackName"], reader=tx)
            if known := self._seen(tx, stack, "ROLLBACK", req.get("ClientRequestToken")):
                return {"StackId": stack.id, "OperationId": known.id}
            if stack.status not in ROLLABLE:
                raise bad(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
            of = "UPDATE" if stack.stable else "CREATE"
            made = self._operation(
                call, stack, "ROLLBACK", req, of=of, retain_except_on_create=bool(req.get("RetainExceptOnCreate"))
            )
            made.version = stack.version
            status = Status.ROLLBACK_IN_PROGRESS if of == "CREATE" else Status.UPDATE_ROLLBACK_IN_PROGRESS
            self._begin(tx, stack, made, status, words.USER)
            return {"StackId": stack.id, "OperationId": made.id}

        return await self._db.write(write)

    @operation(STACK)
    async def continue_update_rollback(self, call: Call, req: Doc) -> Doc:
        skip = req.get("ResourcesToSkip") or []

        def write(tx: Tx) -> None:
            stack = self._existing(call, req["StackName"], reader=tx)
            if self._seen(tx, stack, "CONTINUE_ROLLBACK", req.get("ClientRequestToken")):
                return
            if stack.status is not Status.UPDATE_ROLLBACK_FAILED:
                raise bad(f"{stack.name} must be in UPDATE_ROLLBACK_FAILED state; it is in {stack.status}.")
            rows = store.of_stack(tx, stack.id)
            for name in skip:
                row = rows.get(name)
                if row is None:
                    raise bad(f"ResourcesToSkip: resource {name} does not exist in stack {stack.name}")
                if not row.status.endswith("_FAILED"):
                    raise bad(
                        f"ResourcesToSkip: resource {name} is in {row.status} state; only resources in UPDATE_FAILED "
                        "state can be skipped"
                    )
            made = self._operation(call, stack, "CONTINUE_ROLLBACK", req, of="UPDATE", skip=skip)
            made.version = stack.version
            self._begin(tx, stack, made, Status.UPDATE_ROLLBACK_IN_PROGRESS, words.USER)

        await self._db.write(write)
        return {}
