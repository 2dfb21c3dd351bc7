"""Taking resources away: those that depend on others before these, as many at once as that allows."""

from collections.abc import Iterable
from typing import Any

from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Resource
from trunkline.services.cloudformation.workflow import hooking
from trunkline.services.cloudformation.workflow.attempts import attempt
from trunkline.services.cloudformation.workflow.branches import in_order, reverse
from trunkline.services.cloudformation.workflow.handling import outcome
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]
RETAINING = ("Retain", "RetainExceptOnCreate")


def item(row: Resource, *, rolling_back_create: bool = False) -> Doc:
    """A row's own physical resource, as something to be removed."""
    policy = row.deletion_policy
    retains = policy == "Retain" or (policy == "RetainExceptOnCreate" and not rolling_back_create)
    return {
        "logical_id": row.logical_id,
        "physical_id": row.physical_id,
        "type": row.type,
        "retain": retains,
        "whole": True,
        "depends_on": row.depends_on,
    }


def retired(row: Resource, *, ignore_policy: bool = False) -> Iterable[tuple[str, Doc]]:
    """What a row replaced, as things to be removed."""
    for number, old in enumerate(row.retired):
        yield (
            f"{row.logical_id}#{number}",
            {
                "logical_id": row.logical_id,
                "physical_id": old.physical_id,
                "type": old.type,
                "retain": not ignore_policy and old.policy in RETAINING,
                "whole": False,
                "depends_on": row.depends_on,
                "properties": old.properties,
            },
        )


class Removal:
    """`keeps_rows`: a removed resource's row stays, saying DELETE_COMPLETE; else it goes. `force`: what cannot be
    deleted is left behind as DELETE_SKIPPED."""

    def __init__(self, session: Session, *, keeps_rows: bool, force: bool = False) -> None:
        self._session = session
        self._keeps_rows = keeps_rows
        self._force = force
        self._items: dict[str, Doc] = {}
        self._after: dict[str, set[str]] = {}
        self._failed: set[str] = set()
        self._stuck: set[str] = set()

    async def run(self, wf: Workflow, items: dict[str, Doc]) -> list[str]:
        """The logical ids of what could not be removed, in the items' order."""
        self._items = items
        names: dict[str, list[str]] = {}
        for key, one in items.items():
            names.setdefault(one["logical_id"], []).append(key)
        forward = {
            key: {other for logical in one["depends_on"] for other in names.get(logical, ())}
            for key, one in items.items()
        }
        self._after = reverse(forward)
        await in_order(wf, "remove", self._after, self._one)
        return list(dict.fromkeys(items[key]["logical_id"] for key in items if key in self._failed))

    async def _one(self, wf: Workflow, key: str) -> None:
        if any(other in self._failed or other in self._stuck for other in self._after[key]):
            self._stuck.add(key)  # what uses it is still there
            return
        one = self._items[key]
        nothing = one["retain"] or not one["physical_id"]

        def begin(tx: Tx) -> None:
            if not nothing:
                self._tell(tx, one, "DELETE_IN_PROGRESS")
            elif one["retain"]:
                self._tell(tx, one, "DELETE_SKIPPED")
            else:
                self._tell(tx, one, "DELETE_COMPLETE")

        await wf.commit("begin", begin)
        if nothing:
            return
        found = await wf.step("delete", self._delete, one, wf.key("delete"))
        skipped = self._force and "error" in found

        def end(tx: Tx) -> None:
            if "error" not in found:
                self._tell(tx, one, "DELETE_COMPLETE")
            else:
                self._tell(tx, one, "DELETE_SKIPPED" if skipped else "DELETE_FAILED", found["error"])

        await wf.commit("end", end)
        if "error" in found and not skipped:
            self._failed.add(key)

    def _tell(self, tx: Tx, one: Doc, status: str, reason: str = "") -> None:
        record = self._session.record
        stack, row = record.stack(tx), record.row(tx, one["logical_id"])
        if row is None:
            return
        if one["whole"]:
            record.resource(tx, stack, row, status, reason)
            if status in ("DELETE_COMPLETE", "DELETE_SKIPPED") and not self._keeps_rows:
                store.resources.delete(tx, row.stack_id, row.logical_id)
            return
        record.note(tx, stack, row, status, reason, one["physical_id"], one["type"])
        if status != "DELETE_IN_PROGRESS":
            row.retired = [old for old in row.retired if old.physical_id != one["physical_id"]]
            store.resources.put(tx, row)

    async def _delete(self, one: Doc, token: str) -> Doc:
        session = self._session
        row = session.row(one["logical_id"])
        kept = one.get("properties") or (row.properties if row is not None else {})
        kind = session.handlers.find(one["type"])

        async def work() -> Doc:
            caller = await session.callers.of(session.operation)
            made = attempt(session, one["logical_id"], one["type"], token, caller=caller, kept=kept)
            if row is not None and session.operation.kind in ("UPDATE", "DELETE") and one["whole"]:
                await hooking.before(session, row, "DELETE", token, kept)
            return await session.handlers.delete(made, one["physical_id"])

        return await outcome(work, token, timeout_s=kind.timeout_s if kind is not None else 60.0)
