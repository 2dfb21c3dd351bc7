"""Starting and restarting executions, for the API and for the reactions alike."""

from functools import partial

from trunkline.aws.service import Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.engines.workflows.interface import Workflows
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.model import Doc, Execution, Pipeline, workflow_id
from trunkline.services.codepipeline.progress import Progress
from trunkline.services.codepipeline.workflow import NAME


class Starter:
    """Used inside writes: an execution and its workflow begin in one commit."""

    def __init__(self, kit: Kit, workflows: Workflows, progress: Progress) -> None:
        self._kit = kit
        self._workflows = workflows
        self._progress = progress

    def start(
        self,
        tx: Tx,
        pipeline: Pipeline,
        trigger: Doc,
        *,
        variables: dict[str, str] | None = None,
        overrides: list[Doc] | None = None,
        token: str = "",
    ) -> str:
        """Start the newest version of a pipeline; the same `token` starts it once. Returns the execution's id."""
        execution_id = ids.uuid()
        if token:
            first = store.remember_token(tx, pipeline, token, execution_id)
            if first != execution_id:
                return first
        declared = {v["name"]: v.get("defaultValue", "") for v in pipeline.declaration.get("variables", [])}
        now = self._kit.clock.now()
        run = Execution(
            account=pipeline.account,
            region=pipeline.region,
            pipeline=pipeline.name,
            number=store.next_number(tx, pipeline.account, pipeline.region, pipeline.name),
            id=execution_id,
            version=pipeline.version,
            status="InProgress",
            mode=pipeline.mode,
            trigger=trigger,
            started=now,
            updated=now,
            declaration=pipeline.declaration,
            variables={**declared, **(variables or {})},
            source_overrides=overrides or [],
        )
        self._progress.started(tx, run)
        self._workflows.start_in(
            tx, NAME, workflow_id(run.id, 1), {"execution": run.id, "stages": pipeline.declaration["stages"]}
        )
        return execution_id

    def retry(self, tx: Tx, run: Execution, stage: str, *, failed_only: bool) -> None:
        """Go on from a failed stage, with its failed actions or with all of them."""
        stages = run.declaration["stages"]
        place = next(number for number, declared in enumerate(stages) if declared["name"] == stage)
        done: list[str] = []
        if failed_only:
            newest = {action.action: action.status for action in store.action_runs(tx, run) if action.stage == stage}
            done = [name for name, status in newest.items() if status == "Succeeded"]
        self._progress.resumed(tx, run, stage)
        run.in_stage = stage
        store.executions.put(tx, run)
        given = {"execution": run.id, "stages": stages[place:], "skip": done, "retry": True}
        self._workflows.start_in(tx, NAME, workflow_id(run.id, run.attempt), given)

    async def on_change(self, pipeline: Pipeline, detail: str, token: str) -> str:
        """Start because a source changed; `token` (the event) makes a second delivery harmless."""
        trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": detail}
        return await self._kit.db.write(partial(self.start, pipeline=pipeline, trigger=trigger, token=token))
