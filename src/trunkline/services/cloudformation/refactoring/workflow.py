"""A refactoring carried out: tags of what moves, then all rows in one commit, then outputs."""

import asyncio
from dataclasses import replace
from typing import Any

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflow, Workflows
from trunkline.services.cloudformation import store as stacks
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.model import Status
from trunkline.services.cloudformation.preparing import properties
from trunkline.services.cloudformation.preparing.scope import Known
from trunkline.services.cloudformation.refactoring import store
from trunkline.services.cloudformation.refactoring.model import Move, Part, Refactor
from trunkline.services.cloudformation.workflow import outputs
from trunkline.services.cloudformation.workflow.attempts import Attempts, attempt
from trunkline.services.cloudformation.workflow.callers import Callers
from trunkline.services.cloudformation.workflow.ending import settle
from trunkline.services.cloudformation.workflow.handling import Handlers, outcome
from trunkline.services.cloudformation.workflow.session import Session, session

Doc = dict[str, Any]
NAME = "cloudformation-refactor"
_REASON = "Stack Refactor"


class RefactorRunner:
    """Registers the workflow. Each part has an operation of its own in its stack's history, made by the API."""

    def __init__(self, kit: Kit, engine: Workflows) -> None:
        self._kit = kit
        self._handlers = Handlers(kit)
        self._callers = Callers(kit)
        engine.register(NAME, self.run, failed=self._died)

    async def run(self, wf: Workflow, input: Doc) -> None:
        refactor = store.refactors.get(self._kit.db, input["account"], input["region"], input["id"])
        if refactor is None:
            raise LookupError(f"stack refactor {input['id']} is gone")
        sessions = {part.stack_id: self._session(part, input["operations"][part.stack_id]) for part in refactor.parts}
        failures = [
            failure
            for number, move in enumerate(refactor.moves)
            if (failure := await wf.step(f"tags {number}", self._tag, sessions, move, wf.key(f"tags {number}")))
        ]
        if failures:
            await wf.commit("give up", lambda tx: self._give_up(tx, refactor, sessions, failures[0]))
            return
        await wf.commit("move", lambda tx: self._move(tx, refactor, sessions))
        waiting, problem = [part.stack_id for part in refactor.parts], ""
        while waiting:
            left = []
            for stack_id in waiting:
                found = await wf.step("outputs", self._outputs, sessions[stack_id])
                problem = found.get("error", "")
                if problem or (problem := await self._finish(wf, sessions[stack_id], found)):
                    left.append(stack_id)
            if len(left) == len(waiting):
                break
            waiting = left
        reason = problem if waiting else ""
        await wf.commit("finish", lambda tx: self._end(tx, refactor, sessions, waiting, reason))

    def _session(self, part: Part, operation_id: str) -> Session:
        operation = stacks.operations.get(self._kit.db, part.stack_id, operation_id)
        assert operation is not None
        return session(self._kit, operation, self._handlers, self._callers, asyncio.Event(), part.version)

    async def _tag(self, sessions: dict[str, Session], move: Move, token: str) -> str:
        """CloudFormation's own tags name the new stack and logical id; the reason if that fails."""
        here = sessions[move.destination]
        row = stacks.resources.get(self._kit.db, move.source, move.source_logical_id)
        kind = self._handlers.find(move.type)
        if row is None or kind is None or not properties.is_tagged(kind) or properties.is_custom(move.type):
            return ""

        async def work() -> Doc:
            caller = await self._callers.of(here.operation)
            made = attempt(here, move.logical_id, move.type, token, caller=caller, kept=row.properties)
            made = replace(made, former_tags=frozenset(sessions[move.source].stack.tags))
            await kind.update(made, row.physical_id, row.properties, row.properties)
            return {}

        found = await outcome(work, token, timeout_s=kind.timeout_s)
        return str(found.get("error", ""))

    def _move(self, tx: Tx, refactor: Refactor, sessions: dict[str, Session]) -> None:
        moved = [(move, stacks.resources.get(tx, move.source, move.source_logical_id)) for move in refactor.moves]
        for _, row in moved:
            if row is not None:
                stacks.resources.delete(tx, row.stack_id, row.logical_id)
        for move, row in moved:
            if row is not None:
                row.stack_id, row.logical_id = move.destination, move.logical_id
                row.updated = self._kit.clock.now()
                stacks.resources.put(tx, row)
        for stack_id, one in sessions.items():
            attempts = Attempts(one, template.graph(one.template, one.version.conditions))
            for row in stacks.of_stack(tx, stack_id).values():
                if row.logical_id in one.template.resources and attempts.describe(row):
                    stacks.resources.put(tx, row)

    async def _outputs(self, one: Session) -> Doc:
        rows = stacks.of_stack(self._kit.db, one.stack.id)
        one.known = {name: Known(row.physical_id, row.attributes, row.properties) for name, row in rows.items()}
        return await outputs.evaluated(one)

    async def _finish(self, wf: Workflow, one: Session, found: Doc) -> str:
        def end(tx: Tx) -> str:
            stack = one.record.stack(tx)
            try:
                outputs.write(tx, stack, found)
            except outputs.ExportError as error:
                return str(error)
            stack.description = one.template.description or ""
            settle(tx, one, stack)
            creates = one.operation.kind == "CREATE"
            one.record.enter(tx, stack, Status.CREATE_COMPLETE if creates else Status.UPDATE_COMPLETE, _REASON)
            return ""

        return await wf.commit("stack", end)

    def _end(self, tx: Tx, refactor: Refactor, sessions: dict[str, Session], waiting: list[str], reason: str) -> None:
        for stack_id in waiting:
            one = sessions[stack_id]
            status = Status.CREATE_FAILED if one.operation.kind == "CREATE" else Status.UPDATE_FAILED
            one.record.enter(tx, one.record.stack(tx), status, reason)
        refactor.execution = "EXECUTE_FAILED" if reason else "EXECUTE_COMPLETE"
        refactor.execution_reason = reason
        store.refactors.put(tx, refactor)

    def _give_up(self, tx: Tx, refactor: Refactor, sessions: dict[str, Session], reason: str) -> None:
        """Nothing has moved yet."""
        for one in sessions.values():
            stack = one.record.stack(tx)
            stack.version = stack.stable
            creates = one.operation.kind == "CREATE"
            one.record.enter(
                tx, stack, Status.ROLLBACK_COMPLETE if creates else Status.UPDATE_ROLLBACK_COMPLETE, reason
            )
        refactor.execution, refactor.execution_reason = "ROLLBACK_COMPLETE", reason
        store.refactors.put(tx, refactor)

    def _died(self, tx: Tx, workflow_id: str, input: Doc, error: str) -> None:
        refactor = store.refactors.get(tx, input["account"], input["region"], input["id"])
        if refactor is not None and refactor.execution == "EXECUTE_IN_PROGRESS":
            refactor.execution, refactor.execution_reason = "EXECUTE_FAILED", error
            store.refactors.put(tx, refactor)


__all__ = ["NAME", "RefactorRunner"]
