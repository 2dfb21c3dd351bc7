"""One execution of a pipeline, from its first stage to its end, as a durable workflow.

Stages run one after another behind doors that let executions pass by the pipeline's mode (`progress.turn`). In a stage
the run orders follow one another, and the actions of one run order run at once.
"""

from functools import partial

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.engines import Engines
from trunkline.engines.workflows.interface import Interrupted, StepFailed, Workflow
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.action import Action, ActionFailed, Roles
from trunkline.services.codepipeline.actions import PERFORM
from trunkline.services.codepipeline.model import ActionRun, Doc, action_groups
from trunkline.services.codepipeline.progress import Progress, turn
from trunkline.services.codepipeline.variables import UnknownVariable, resolve

NAME = "codepipeline.execution"
_DOOR_POLL_S = 0.2


class Runner:
    """The workflow code, with what it works with."""

    def __init__(self, kit: Kit, engines: Engines, progress: Progress) -> None:
        self._kit = kit
        self._engines = engines
        self._progress = progress
        self._roles = Roles(kit)

    async def run(self, wf: Workflow, given: Doc) -> None:
        """`given`: execution, stages (their declarations, from the first to run), and when a stage is retried the
        names of its actions that are not to run again."""
        skip = set(given.get("skip", []))
        for number, stage in enumerate(given["stages"]):
            entered = number == 0 and given.get("retry", False)
            if not entered and not await self._enter(wf, given["execution"], stage["name"]):
                return
            if not await self._stage(wf, given["execution"], stage, skip if number == 0 else set()):
                return
        await wf.commit("finish", partial(self._finish, execution=given["execution"], status="Succeeded"))

    def died(self, tx: Tx, workflow_id: str, given: Doc, why: str) -> None:
        """The workflow ended by an error of ours: the execution must not look as if it went on."""
        run = store.execution(tx, given["execution"])
        if run is None or run.done:
            return
        for action in store.action_runs(tx, run):
            if action.status == "InProgress":
                result = {"error_code": "InternalError", "error_message": why}
                self._progress.action_finished(tx, run.id, action.id, "Failed", result)
        if run.in_stage:
            self._progress.stage_finished(tx, run.id, run.in_stage, "Failed")
        else:
            self._progress.finished(tx, run, "Failed")

    def _finish(self, tx: Tx, execution: str, status: str) -> None:
        self._progress.finished(tx, self._progress.load(tx, execution), status)

    async def _enter(self, wf: Workflow, execution: str, stage: str) -> bool:
        """Wait for the stage's door; False when the execution ended before it."""
        while True:
            verdict = await wf.commit(f"enter:{stage}", partial(self._try, execution=execution, stage=stage))
            if verdict != "wait":
                return verdict == "entered"
            await wf.poll(f"door:{stage}", partial(self._open, execution, stage), every_s=_DOOR_POLL_S)

    def _try(self, tx: Tx, execution: str, stage: str) -> str:
        return self._progress.try_to_enter(tx, execution, stage)

    async def _open(self, execution: str, stage: str) -> bool | None:
        run = store.execution(self._kit.db, execution)
        return True if run is None or turn(self._kit.db, run, stage) != "wait" else None

    async def _stage(self, wf: Workflow, execution: str, stage: Doc, skip: set[str]) -> bool:
        outcome = "Succeeded"
        for group in action_groups(stage):
            actions = [action for action in group if action["name"] not in skip]
            results = await wf.gather(
                f"{stage['name']}:{group[0].get('runOrder', 1)}",
                {action["name"]: partial(self._action, execution, stage["name"], action) for action in actions},
            )
            if "Failed" in results.values():
                outcome = "Failed"
            elif "Abandoned" in results.values() or await wf.commit(
                f"stopping:{stage['name']}:{group[0].get('runOrder', 1)}",
                partial(self._is_stopping, execution=execution),
            ):
                outcome = "Stopped"
            if outcome != "Succeeded":
                break
        name = stage["name"]
        await wf.commit(f"leave:{name}", lambda tx: self._progress.stage_finished(tx, execution, name, outcome))
        return outcome == "Succeeded"

    def _is_stopping(self, tx: Tx, execution: str) -> bool:
        return bool(self._progress.load(tx, execution).stopping)

    async def _action(self, execution: str, stage: str, declaration: Doc, wf: Workflow) -> str:
        """Run one action and record how it went: Succeeded, Failed or Abandoned."""
        begun = await wf.commit("begin", lambda tx: self._begin(tx, wf, execution, stage, declaration))
        status, result = "Failed", {"error_code": "ConfigurationError", "error_message": begun["error"]}
        if not begun["error"]:
            action = self._make(wf, begun, stage, declaration)
            kind = declaration["actionTypeId"]
            try:
                outcome = await PERFORM[kind["category"], kind["provider"]](action)
                status, result = "Succeeded", outcome.to_doc()
            except ActionFailed as error:
                result = {"error_code": error.code, "error_message": str(error), **error.known}
            except StepFailed as error:
                result = {"error_code": error.code or "InternalError", "error_message": error.message or str(error)}
            except Interrupted:
                status, result = "Abandoned", {"summary": "The execution was stopped and the action abandoned."}
        await wf.commit("end", lambda tx: self._progress.action_finished(tx, execution, begun["id"], status, result))
        return status

    def _begin(self, tx: Tx, wf: Workflow, execution: str, stage: str, declaration: Doc) -> Doc:
        """Record the start of an action, with its configuration resolved."""
        run = self._progress.load(tx, execution)
        error = ""
        namespaces = {
            **run.outputs,
            "variables": run.variables,
            "codepipeline": {"PipelineExecutionId": run.id},
        }
        configuration: dict[str, str] = dict(declaration["configuration"])
        try:
            configuration = {key: resolve(text, namespaces) for key, text in configuration.items()}
        except UnknownVariable as unknown:
            error = str(unknown)
        now = self._kit.clock.now()
        inputs = {
            a["name"]: run.artifacts[a["name"]] for a in declaration["inputArtifacts"] if a["name"] in run.artifacts
        }
        is_answered = declaration["actionTypeId"]["category"] in ("Approval", "Invoke")
        action = ActionRun(
            account=run.account, region=run.region, execution=run.id, id=wf.key("action"), pipeline=run.pipeline,
            version=run.version, stage=stage, action=declaration["name"], order=store.next_order(tx, run),
            status="InProgress", started=now, updated=now, type=declaration["actionTypeId"],
            configuration=configuration,
            inputs=[{"name": n, "s3location": {"bucket": a["bucket"], "key": a["key"]}} for n, a in inputs.items()],
            outputs=[{"name": artifact["name"]} for artifact in declaration["outputArtifacts"]],
            namespace=declaration.get("namespace", ""), token=wf.key("token") if is_answered else "",
        )  # fmt: skip
        self._progress.action_started(tx, run, action)
        override = next((o for o in run.source_overrides if o["actionName"] == declaration["name"]), {})
        return {
            "id": action.id,
            "account": run.account,
            "region": run.region,
            "pipeline": run.pipeline,
            "execution": run.id,
            "configuration": configuration,
            "inputs": inputs,
            "role_arn": declaration.get("roleArn") or run.declaration["roleArn"],
            "pipeline_role": run.declaration["roleArn"],
            "bucket": str(_store(run.declaration, run.region).get("location", "")),
            "key_arn": str(_store(run.declaration, run.region).get("encryptionKey", {}).get("id", "")),
            "token": action.token,
            "source_override": override,
            "error": error,
        }

    def _make(self, wf: Workflow, begun: Doc, stage: str, declaration: Doc) -> Action:
        async def note(external_id: str, external_url: str) -> None:
            await wf.commit(
                "note",
                lambda tx: self._progress.action_noted(tx, begun["execution"], begun["id"], external_id, external_url),
            )

        # What was journalled by an older Trunkline has neither of the two.
        known = {"pipeline_role": "", "key_arn": "", **{key: begun[key] for key in begun if key != "error"}}
        return Action(
            wf=wf,
            kit=self._kit,
            engines=self._engines,
            roles=self._roles,
            stage=stage,
            declaration=declaration,
            note=note,
            **known,
        )


def _store(declaration: Doc, region: str) -> Doc:
    found: Doc = declaration.get("artifactStore") or declaration["artifactStores"].get(region) or {}
    return found
