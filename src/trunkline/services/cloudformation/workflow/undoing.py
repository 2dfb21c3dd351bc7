"""When an operation does not succeed: rolled back, left as it is, or deleted, as the stack's settings say."""

from typing import Any

from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Stack, Status
from trunkline.services.cloudformation.workflow import words
from trunkline.services.cloudformation.workflow.backward import Backward
from trunkline.services.cloudformation.workflow.ending import deleted, restored
from trunkline.services.cloudformation.workflow.removal import Removal, item, retired
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]


class Undoing:
    """What follows a failure in this session, and the operations ROLLBACK and CONTINUE_ROLLBACK."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._record = session.record

    async def run(self, wf: Workflow) -> None:
        """RollbackStack and ContinueUpdateRollback."""
        operation = self._session.operation
        if operation.options.get("of") == "CREATE":
            await self._roll_back_create(wf, words.USER, announced=True)
        else:
            await self._roll_back_update(wf, words.USER, set(operation.options.get("skip") or ()), announced=True)

    async def failed(self, wf: Workflow, why: str, wish: str) -> None:
        """A failed CREATE, UPDATE or IMPORT."""
        operation = self._session.operation
        kind = operation.kind
        keeps = bool(operation.options.get("disable_rollback"))
        on_failure = operation.options.get("on_failure") or ("DO_NOTHING" if keeps else "ROLLBACK")
        if wish == "delete":
            return  # the deletion that asked for it takes over
        if kind == "CREATE" and on_failure == "DELETE":
            await self._roll_back_create(wf, f"{why}Delete requested by user.", delete=True)
        elif kind == "CREATE" and on_failure == "ROLLBACK":
            await self._roll_back_create(wf, _rolled(why))
        elif keeps:
            await wf.commit("leave", lambda tx: self._enter(tx, Status(f"{kind}_FAILED"), why))
        elif kind == "CREATE":
            await wf.commit("leave", lambda tx: self._enter(tx, Status.CREATE_FAILED, why))
        elif kind == "IMPORT":
            await self._roll_back_import(wf, why)
        elif not self._session.stack.stable:
            await self._roll_back_create(wf, _rolled(why))  # an update of what had never been created whole
        else:
            await self._roll_back_update(wf, why, set())

    async def _roll_back_create(self, wf: Workflow, why: str, *, delete: bool = False, announced: bool = False) -> None:
        session = self._session
        retain_new = not (session.operation.options.get("retain_except_on_create") or False)

        def collect(tx: Tx) -> dict[str, Doc]:
            if not announced:
                self._enter(tx, Status.DELETE_IN_PROGRESS if delete else Status.ROLLBACK_IN_PROGRESS, why)
            items: dict[str, Doc] = {}
            for name, row in store.of_stack(tx, session.stack.id).items():
                items[name] = item(row, rolling_back_create=True)
                items[name]["retain"] &= retain_new
                items.update(retired(row))
            return items

        items = await wf.commit("what to take back", collect)
        failed = await Removal(session, keeps_rows=True).run(wf, items)

        def end(tx: Tx) -> None:
            if failed:
                status = Status.DELETE_FAILED if delete else Status.ROLLBACK_FAILED
                self._enter(tx, status, words.failures(delete=failed))
            elif delete:
                deleted(tx, session)
            else:
                self._enter(tx, Status.ROLLBACK_COMPLETE)

        await wf.commit("rolled back", end)

    async def _roll_back_update(self, wf: Workflow, why: str, skip: set[str], *, announced: bool = False) -> None:
        session = self._session
        if not announced:
            await wf.commit("roll back", lambda tx: self._enter(tx, Status.UPDATE_ROLLBACK_IN_PROGRESS, why))
        failed = await Backward(session, skip).run(wf)

        def judge(tx: Tx) -> dict[str, Doc]:
            if failed:
                self._enter(tx, Status.UPDATE_ROLLBACK_FAILED, words.failures(update=failed))
                return {}
            stack = self._enter(tx, Status.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS)
            restored(tx, stack)
            items: dict[str, Doc] = {}
            for name, row in store.of_stack(tx, stack.id).items():
                items.update(retired(row, ignore_policy=True))
                if row.stable is None:
                    items[name] = item(row, rolling_back_create=True)
                    items[name]["retain"] &= not (session.operation.options.get("retain_except_on_create") or False)
            return items

        items = await wf.commit("what to clean up", judge)
        if failed:
            return
        await Removal(session, keeps_rows=False).run(wf, items)

        def end(tx: Tx) -> None:
            stack = self._record.stack(tx)
            for name, row in store.of_stack(tx, stack.id).items():
                if row.stable is None:
                    store.resources.delete(tx, stack.id, name)
                elif row.retired:
                    row.retired = []
                    store.resources.put(tx, row)
            self._enter(tx, Status.UPDATE_ROLLBACK_COMPLETE)

        await wf.commit("rolled back", end)

    async def _roll_back_import(self, wf: Workflow, why: str) -> None:
        """What was to be taken in stays where it is, and is not the stack's."""

        def back(tx: Tx) -> None:
            stack = self._enter(tx, Status.IMPORT_ROLLBACK_IN_PROGRESS, why)
            for name, row in store.of_stack(tx, stack.id).items():
                if row.stable is None:
                    store.resources.delete(tx, stack.id, name)
            restored(tx, stack)
            self._record.enter(tx, stack, Status.IMPORT_ROLLBACK_COMPLETE)

        await wf.commit("roll back", back)

    def _enter(self, tx: Tx, status: Status, reason: str = "") -> Stack:
        stack = self._record.stack(tx)
        self._record.enter(tx, stack, status, reason)
        return stack


def _rolled(why: str) -> str:
    return why if why.endswith("by user.") else f"{why}{'' if why.endswith(' ') else ' '}Rollback requested by user."
