"""An update undone: every resource back to what it was when the stack was last whole.

It works from the resources' rows alone (`Resource.stable` beside the present), so it is the same after a failed update,
for ContinueUpdateRollback and for RollbackStack. What the update made anew is removed in the cleanup that follows.
"""

from typing import Any

from trunkline.aws import schemas
from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Resource, Retired
from trunkline.services.cloudformation.preparing.properties import is_tagged
from trunkline.services.cloudformation.workflow.attempts import attempt
from trunkline.services.cloudformation.workflow.branches import in_order
from trunkline.services.cloudformation.workflow.handling import outcome
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]


class Backward:
    """`skip`: logical ids that are declared restored without doing anything (ContinueUpdateRollback)."""

    def __init__(self, session: Session, skip: set[str]) -> None:
        self._session = session
        self._skip = skip
        self._failed: set[str] = set()

    def todo(self, tx: Tx) -> dict[str, list[str]]:
        """What has to be put back, each after what it depends on."""
        rows = store.of_stack(tx, self._session.stack.id)
        changed = {name: row for name, row in rows.items() if differs(row) or self._is_retagged(row)}
        return {name: sorted(set(_depends(row)) & set(changed)) for name, row in changed.items()}

    async def run(self, wf: Workflow) -> list[str]:
        """The logical ids that could not be put back."""
        after = await wf.commit("what to put back", self.todo)
        await in_order(wf, "put back", after, self._one)
        return [name for name in after if name in self._failed]

    async def _one(self, wf: Workflow, name: str) -> None:
        record = self._session.record
        skips = name in self._skip

        def begin(tx: Tx) -> str:
            stack, row = record.stack(tx), record.row(tx, name)
            assert row is not None and row.stable is not None
            if skips:
                self._restore(row, row.stable.attributes)
                record.resource(tx, stack, row, "UPDATE_COMPLETE")
                return "done"
            handlers, stable = self._session.handlers, row.stable
            moved = stable.physical_id != row.physical_id or (
                row.replaced and handlers.moved(row.type, stable.properties, row.properties)
            )
            if moved:
                # The old one still stands: it is the new one that goes.
                row.retired = [old for old in row.retired if old.physical_id != row.stable.physical_id]
                row.retired.append(Retired(row.physical_id, row.type, row.properties))
                self._restore(row, row.stable.attributes)
                record.resource(tx, stack, row, "UPDATE_COMPLETE")
                return "done"
            if same(row) and not self._is_retagged(row):
                self._restore(row, row.stable.attributes)
                record.resource(tx, stack, row, "UPDATE_COMPLETE")
                return "done"
            record.resource(tx, stack, row, "UPDATE_IN_PROGRESS")
            return "update"

        if await wf.commit("begin", begin) == "done":
            return
        found = await wf.step("update", self._update, name, wf.key("put back"))

        def end(tx: Tx) -> None:
            stack, row = record.stack(tx), record.row(tx, name)
            assert row is not None and row.stable is not None
            if "error" in found:
                record.resource(tx, stack, row, "UPDATE_FAILED", found["error"])
                return
            if found["physical_id"] != row.physical_id:
                row.retired.append(Retired(row.physical_id, row.type, row.properties))
                row.stable.physical_id = found["physical_id"]
            self._restore(row, found["attributes"])
            record.resource(tx, stack, row, "UPDATE_COMPLETE")

        await wf.commit("end", end)
        if "error" in found:
            self._failed.add(name)

    def _is_retagged(self, row: Resource) -> bool:
        """Whether it may have got tags of the stack that the failed update changed."""
        session = self._session
        kind = session.handlers.find(row.type)
        return (
            session.stable_tags != session.version.tags
            and row.stable is not None
            and row.updated >= session.operation.begun
            and kind is not None
            and is_tagged(kind)
        )

    @staticmethod
    def _restore(row: Resource, attributes: Doc) -> None:
        stable = row.stable
        assert stable is not None
        row.physical_id, row.properties, row.attributes = stable.physical_id, stable.properties, attributes
        row.deletion_policy, row.update_replace_policy = stable.deletion_policy, stable.update_replace_policy
        row.depends_on, row.metadata = stable.depends_on, stable.metadata
        row.replaced = False
        row.stable = row.snapshot()

    async def _update(self, name: str, token: str) -> Doc:
        session = self._session
        row = session.row(name)
        assert row is not None and row.stable is not None
        stable, kind = row.stable, session.handlers.find(row.type)

        async def work() -> Doc:
            caller = await session.callers.of(session.operation)
            made = attempt(session, name, row.type, token, caller=caller, kept=row.properties, restore=True)
            return await session.handlers.update(made, row.physical_id, row.properties, stable.properties)

        return await outcome(work, token, timeout_s=kind.timeout_s if kind is not None else 60.0)


def differs(row: Resource) -> bool:
    """Whether a row is not what it was when the stack was whole; what is new since is removed, not put back."""
    stable = row.stable
    if stable is None:
        return False
    return row.status.endswith(("_FAILED", "_IN_PROGRESS")) or (row.physical_id, row.properties) != (
        stable.physical_id,
        stable.properties,
    )


def same(row: Resource) -> bool:
    """Whether nothing was sent to the resource that would have to be taken back."""
    stable = row.stable
    return stable is not None and not schemas.difference(row.type, row.properties, stable.properties)


def _depends(row: Resource) -> list[str]:
    return row.stable.depends_on if row.stable is not None else row.depends_on
