"""Creating a stack, updating it, importing into it: forward, then either the cleanup or all the way back."""

from typing import Any

from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Status
from trunkline.services.cloudformation.workflow import hooking, outputs, words
from trunkline.services.cloudformation.workflow.attempts import Attempts
from trunkline.services.cloudformation.workflow.ending import deleted, settle
from trunkline.services.cloudformation.workflow.forward import Forward
from trunkline.services.cloudformation.workflow.removal import Removal, item, retired
from trunkline.services.cloudformation.workflow.session import Session
from trunkline.services.cloudformation.workflow.undoing import Undoing
from trunkline.services.cloudformation.workflow.watching import monitored

Doc = dict[str, Any]

__all__ = ["Applying", "deleted"]
_NOT_THERE = ("DELETE_COMPLETE", "DELETE_SKIPPED", "CREATE_FAILED")  # the last: left by a creation that was not undone


class Applying:
    """CREATE, UPDATE and IMPORT of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._after = template.graph(session.template, session.version.conditions)

    async def run(self, wf: Workflow) -> None:
        session, record = self._session, self._session.record
        kind = session.operation.kind

        def begin(tx: Tx) -> list[str]:
            rows = store.of_stack(tx, session.stack.id)
            return [name for name, row in rows.items() if row.status not in _NOT_THERE]

        existing = await wf.commit("what is there", begin)
        imports = session.operation.options.get("imports") or {}
        refused = await wf.step("hooks of the stack", hooking.before_stack, session)
        results = {} if refused else await Forward(session, self._after, set(existing), imports).run(wf)
        failed = [name for name, one in results.items() if one.get("failed")]
        found: Doc = {"error": refused} if refused else {}
        if not failed and not refused:
            found = await wf.step("outputs", outputs.evaluated, session)
            if "error" not in found and session.stack.rollback:
                await monitored(wf, session)

        def verdict(tx: Tx) -> Doc:
            stack = record.stack(tx)
            wish, stack.cancel = stack.cancel, ""
            why = _why(results, failed, wish, found) or self._kept_by_policy(tx)
            if not why:
                why = self._succeed(tx, found)
            return {"why": why, "wish": wish}

        judged = await wf.commit("verdict", verdict)
        if judged["why"]:
            await Undoing(session).failed(wf, judged["why"], judged["wish"])
        elif kind == "UPDATE":
            await self._clean_up(wf)

    def _kept_by_policy(self, tx: Tx) -> str:
        """Resources that the template dropped and the stack's policy does not let go."""
        session, record = self._session, self._session.record
        if session.operation.kind != "UPDATE":
            return ""
        attempts, kept = Attempts(session, self._after), []
        for name, row in store.of_stack(tx, session.stack.id).items():
            reason = "" if name in self._after else attempts.forbidden(name, row.type, "delete")
            if reason:
                record.resource(tx, record.stack(tx), row, "DELETE_FAILED", reason)
                kept.append(name)
        return words.failures(delete=kept)

    def _succeed(self, tx: Tx, found: Doc) -> str:
        """The stack's good end (for an update: but for the cleanup); why not, if its exports stand in the way."""
        session, record = self._session, self._session.record
        stack = record.stack(tx)
        stack.cancel = ""
        try:
            outputs.write(tx, stack, found)
        except outputs.ExportError as error:
            return str(error)
        stack.description = session.template.description or ""
        kind = session.operation.kind
        if kind == "UPDATE":
            attempts = Attempts(session, self._after)
            for name, row in store.of_stack(tx, stack.id).items():
                if name in self._after and attempts.describe(row):
                    store.resources.put(tx, row)
            record.enter(tx, stack, Status.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS)
        else:
            settle(tx, session, stack)
            record.enter(tx, stack, Status.CREATE_COMPLETE if kind == "CREATE" else Status.IMPORT_COMPLETE)
        return ""

    async def _clean_up(self, wf: Workflow) -> None:
        session, record = self._session, self._session.record

        def collect(tx: Tx) -> dict[str, Doc]:
            items: dict[str, Doc] = {}
            for name, row in store.of_stack(tx, session.stack.id).items():
                items.update(retired(row))
                if name not in self._after:
                    items[name] = item(row)
            return items

        items = await wf.commit("what to clean up", collect)
        await Removal(session, keeps_rows=False).run(wf, items)

        def end(tx: Tx) -> None:
            stack = record.stack(tx)
            for name, row in store.of_stack(tx, stack.id).items():
                if name not in self._after:  # could not be deleted: no longer the stack's
                    store.resources.delete(tx, stack.id, name)
                elif row.retired:
                    row.retired = []
                    store.resources.put(tx, row)
            settle(tx, session, stack)
            record.enter(tx, stack, Status.UPDATE_COMPLETE)

        await wf.commit("finish", end)


def _why(results: dict[str, Doc], failed: list[str], wish: str, found: Doc) -> str:
    """Why the operation does not succeed, in words; nothing if it does."""
    if failed:
        text = words.failures(
            create=[name for name in failed if results[name]["verb"] == "create"],
            update=[name for name in failed if results[name]["verb"] == "update"],
        )
        return wish if wish and wish != "delete" else text
    if wish:
        return wish
    return str(found.get("error", ""))
