"""Towards a template: its resources created, changed and replaced in the order of their references, as many at once
as that allows. What nothing of the template needs any more is left for the cleanup (removal.py).
"""

from collections.abc import Mapping
from typing import Any

from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudformation.model import Resource, Retired
from trunkline.services.cloudformation.preparing.scope import Known
from trunkline.services.cloudformation.workflow import words
from trunkline.services.cloudformation.workflow.attempts import Attempts
from trunkline.services.cloudformation.workflow.branches import in_order
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]
IN_PROGRESS, COMPLETE, FAILED = "_IN_PROGRESS", "_COMPLETE", "_FAILED"


class Forward:
    """`existing`: the logical ids that the stack has already; `imports`: physical ids of what is taken in."""

    def __init__(
        self, session: Session, after: Mapping[str, set[str]], existing: set[str], imports: Mapping[str, str]
    ) -> None:
        self._session = session
        self._after = after
        self._existing = existing
        self._imports = imports
        self._attempts = Attempts(session, after)

    async def run(self, wf: Workflow) -> dict[str, Doc]:
        """What came of each: {"verb": "create" | "update", "failed": bool}, or {} where nothing had to be done."""
        return await in_order(wf, "resources", self._after, self._one)

    async def _one(self, wf: Workflow, name: str) -> Doc:
        if name in self._existing:
            result = await self._change(wf, name)
        elif name in self._imports:
            result = await self._create(wf, name, "IMPORT", self._imports[name])
        else:
            result = await self._create(wf, name, "CREATE")
        if result.get("failed"):
            self._session.failing.set()
        return result

    # new ---------------------------------------------------------------------------------------------------------

    async def _create(self, wf: Workflow, name: str, verb: str, imported: str = "") -> Doc:
        session, record = self._session, self._session.record
        token = wf.key("create")
        live = False

        def begin(tx: Tx) -> bool:
            nonlocal live
            live = True
            if session.failing.is_set():
                return False
            row = self._attempts.row(name, token)
            left = record.row(tx, name)
            if left is not None and left.physical_id:
                row.retired = [*left.retired, Retired(left.physical_id, left.type, left.properties)]
            row.imported = bool(imported)
            if imported:
                row.physical_id = imported
            record.resource(
                tx, record.stack(tx), row, verb + IN_PROGRESS, "" if not imported else "Resource import started."
            )
            return True

        if not await wf.commit("begin", begin):
            return {"skipped": True}
        if imported:
            made = await wf.step("import", self._attempts.take_in, name, imported, token)
        else:
            made = await wf.step("create", self._attempts.create, name, token, not live)
        self._note(name, made)

        def end(tx: Tx) -> None:
            stack, row = record.stack(tx), record.row(tx, name)
            assert row is not None
            if "error" in made or "cancelled" in made:
                row.properties = made.get("properties") or row.properties
                row.hidden = made.get("hidden") or row.hidden
                reason = made.get("error", words.CREATE_CANCELLED)
                record.resource(tx, stack, row, verb + FAILED, reason)
                return
            initiated = bool(row.physical_id)
            self._attempts.fill(row, made)
            if not initiated:
                record.resource(tx, stack, row, verb + IN_PROGRESS, words.INITIATED)
            record.resource(tx, stack, row, verb + COMPLETE, "" if not imported else "Resource import completed.")

        await wf.commit("end", end)
        return {"verb": "create", "failed": "error" in made or "cancelled" in made, "why": made.get("error", "")}

    # there already ---------------------------------------------------------------------------------------------------

    async def _change(self, wf: Workflow, name: str) -> Doc:
        session, record = self._session, self._session.record
        plan = await wf.step("plan", self._attempts.plan, name)
        action = plan["action"]
        if action in ("none", "skipped"):
            row = session.row(name)
            if row is not None:
                session.known[name] = Known(row.physical_id, row.attributes, row.properties)
            return {}
        replaces = action == "replace"
        token = wf.key("replace")
        live = False

        def begin(tx: Tx) -> bool:
            nonlocal live
            live = True
            row = record.row(tx, name)
            assert row is not None
            if session.failing.is_set() and action != "invalid":
                return False
            old = row.physical_id
            row.token = token if replaces else row.token
            reason = words.NEW_PHYSICAL if replaces else ""
            if action == "invalid":
                record.resource(tx, record.stack(tx), row, "UPDATE" + FAILED, plan["error"], physical_id=old)
            else:
                record.resource(tx, record.stack(tx), row, "UPDATE" + IN_PROGRESS, reason, physical_id=old)
            return bool(action != "invalid")

        if not await wf.commit("begin", begin):
            return {"verb": "update", "failed": action == "invalid", "why": plan.get("error", "")}
        if replaces:
            made = await wf.step("create", self._attempts.replace, name, token, not live, plan["properties"])
        else:
            given = (name, wf.key("update"), not live, plan["properties"], plan.get("old"))
            made = await wf.step("update", self._attempts.update, *given)
        made.setdefault("properties", plan["properties"])
        made.setdefault("hidden", plan.get("hidden", []))
        self._note(name, made)

        def end(tx: Tx) -> None:
            stack, row = record.stack(tx), record.row(tx, name)
            assert row is not None
            old = row.physical_id
            if "error" in made or "cancelled" in made:
                if made.get("physical_id") and made["physical_id"] != old:
                    row.retired.append(Retired(made["physical_id"], row.type, made["properties"]))
                elif not replaces:
                    row.properties = made["properties"]  # what of it was applied is not known
                record.resource(tx, stack, row, "UPDATE" + FAILED, made.get("error", words.UPDATE_CANCELLED))
                return
            if made["physical_id"] != old or session.handlers.moved(row.type, row.properties, made["properties"]):
                row.retired.append(Retired(old, row.type, row.properties, row.update_replace_policy))
                row.replaced = True
            self._attempts.fill(row, made)
            if replaces:
                record.resource(tx, stack, row, "UPDATE" + IN_PROGRESS, words.INITIATED)
            record.resource(tx, stack, row, "UPDATE" + COMPLETE)

        await wf.commit("end", end)
        return {"verb": "update", "failed": "error" in made or "cancelled" in made, "why": made.get("error", "")}

    def _note(self, name: str, made: Doc) -> None:
        """From the journal, live and on replay alike."""
        if "error" not in made and "cancelled" not in made:
            self._session.known[name] = Known(made["physical_id"], made["attributes"], made["properties"])


def adopt(row: Resource, made: Doc) -> None:
    """What a handler gave, in the row."""
    row.physical_id = made["physical_id"]
    row.properties = made["properties"]
    row.attributes = made["attributes"]
