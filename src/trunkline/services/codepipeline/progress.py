"""The transitions of an execution: each one changes state and appends its event in the transaction it is given."""

from datetime import datetime

from trunkline.core.clock import Clock
from trunkline.core.db import Reader, Tx
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.services.codepipeline import events, store
from trunkline.services.codepipeline.model import ActionRun, Doc, Execution

_STATES = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Superseded": "SUPERSEDED",
    "Cancelled": "CANCELED",
    "Abandoned": "ABANDONED",
}


class Progress:
    """Used inside commits only."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def load(self, tx: Tx, execution_id: str) -> Execution:
        """The execution; it exists for as long as its workflow runs."""
        run = store.execution(tx, execution_id)
        if run is None:
            raise LookupError(f"execution {execution_id} is gone")
        return run

    def started(self, tx: Tx, run: Execution) -> None:
        """A new execution."""
        store.executions.insert(tx, run)
        self._ledger.append(tx, events.pipeline_changed(run, "STARTED", run.started))

    def resumed(self, tx: Tx, run: Execution, stage: str) -> None:
        """A failed stage is tried again."""
        now = self._touch(run)
        run.status, run.attempt = "InProgress", run.attempt + 1
        run.stopping = run.stop_reason = ""
        run.stages[stage] = "InProgress"
        self._save(
            tx, run, events.pipeline_changed(run, "RESUMED", now), events.stage_changed(run, stage, "RESUMED", now)
        )

    def try_to_enter(self, tx: Tx, execution_id: str, stage: str) -> str:
        """Take the stage if it is free: "entered", "wait", "Superseded" or "Stopped"."""
        run = self.load(tx, execution_id)
        now = self._touch(run)
        if not run.waiting_for:
            run.waiting_for, run.waiting_since = stage, now.timestamp()
        verdict = turn(tx, run, stage)
        if verdict == "entered":
            run.waiting_for, run.in_stage = "", stage
            run.stages[stage] = "InProgress"
            self._save(tx, run, events.stage_changed(run, stage, "STARTED", now))
        elif verdict == "wait":
            self._save(tx, run)
        else:
            self.finished(tx, run, verdict)
        return verdict

    def stage_finished(self, tx: Tx, execution_id: str, stage: str, status: str) -> None:
        """Leave a stage; a stage that did not succeed ends the execution the same way."""
        run = self.load(tx, execution_id)
        now = self._touch(run)
        run.stages[stage] = status
        run.in_stage = ""
        self._save(tx, run, events.stage_changed(run, stage, _STATES[status], now))
        if status != "Succeeded":
            self.finished(tx, run, status)

    def finished(self, tx: Tx, run: Execution, status: str) -> None:
        """The end of an execution."""
        now = self._touch(run)
        run.status, run.waiting_for, run.in_stage = status, "", ""
        self._save(tx, run, events.pipeline_changed(run, _STATES[status], now))

    def stopping(self, tx: Tx, run: Execution, *, abandon: bool, reason: str) -> None:
        """Somebody asked to stop; the workflow sees it at its next turn."""
        now = self._touch(run)
        run.stopping, run.stop_reason, run.status = "abandon" if abandon else "stop", reason, "Stopping"
        self._save(tx, run, events.pipeline_changed(run, "STOPPING", now))

    def action_started(self, tx: Tx, run: Execution, action: ActionRun) -> None:
        """An action begins."""
        now = self._touch(run)
        store.runs.insert(tx, action)
        self._save(tx, run, events.action_changed(run, action, "STARTED", now))

    def action_finished(self, tx: Tx, execution_id: str, action_id: str, status: str, result: Doc) -> None:
        """An action ends; what it made and found out becomes the execution's."""
        run = self.load(tx, execution_id)
        action = store.action_run(tx, run, action_id)
        if action is None:
            return
        now = self._touch(run)
        action.status, action.updated = status, now
        for name in ("external_id", "external_url", "summary", "error_code", "error_message", "variables", "revision"):
            if result.get(name):
                setattr(action, name, result[name])
        action.outputs = [
            {"name": o["name"], **_location(result["artifacts"][o["name"]])}
            if o["name"] in result.get("artifacts", {})
            else o
            for o in action.outputs
        ]
        run.artifacts |= result.get("artifacts", {})
        if action.namespace and action.variables:
            run.outputs[action.namespace] = action.variables
        if action.revision:
            run.revisions = [r for r in run.revisions if r["name"] != action.revision["name"]] + [action.revision]
        store.runs.put(tx, action)
        self._save(tx, run, events.action_changed(run, action, _STATES[status], now))

    def action_noted(self, tx: Tx, execution_id: str, action_id: str, external_id: str, external_url: str) -> None:
        """The build or deployment behind an action is known while it still runs."""
        run = self.load(tx, execution_id)
        action = store.action_run(tx, run, action_id)
        if action is not None:
            action.external_id, action.external_url, action.updated = external_id, external_url, self._clock.now()
            store.runs.put(tx, action)

    def now(self) -> datetime:
        """The present."""
        return self._clock.now()

    def _touch(self, run: Execution) -> datetime:
        run.updated = self._clock.now()
        return run.updated

    def _save(self, tx: Tx, run: Execution, *happened: Event) -> None:
        store.executions.put(tx, run)
        for event in happened:
            self._ledger.append(tx, event)


def turn(tx: Reader, run: Execution, stage: str) -> str:
    """Whose turn it is at a stage's door, by the pipeline's execution mode.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
    """
    if run.stopping:
        return "Stopped"
    pipeline = store.pipelines.get(tx, run.account, run.region, run.pipeline)
    if pipeline is None:
        return "Cancelled"
    others = [other for other in store.of_pipeline(tx, run) if other.id != run.id and not other.done]
    waiting = [other for other in others if other.waiting_for == stage]
    if run.mode == "SUPERSEDED" and any(other.number > run.number for other in waiting):
        return "Superseded"
    if stage in pipeline.disabled:
        return "wait"
    if run.mode == "PARALLEL":
        return "entered"
    if any(other.in_stage == stage for other in others):
        return "wait"
    if run.mode == "QUEUED" and any(other.number < run.number for other in waiting):
        return "wait"
    return "entered"


def _location(artifact: Doc) -> Doc:
    return {"s3location": {"bucket": artifact["bucket"], "key": artifact["key"]}}
