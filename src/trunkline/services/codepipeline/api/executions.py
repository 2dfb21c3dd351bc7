"""Executions: start, stop, retry, look at; and the answers to manual approvals."""

from functools import partial

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.engines.workflows.interface import Workflows
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.api.support import NAMED, PIPELINE, Group, execution, paged, pipeline
from trunkline.services.codepipeline.model import ActionRun, Execution, Pipeline, workflow_id


def abandon(tx: Tx, workflows: Workflows, execution_id: str) -> None:
    """End what every running action of an execution waits for."""
    run = store.execution(tx, execution_id)
    if run is None:
        return
    for action in store.action_runs(tx, run):
        if action.status == "InProgress":
            workflows.send_in(tx, workflow_id(run.id, run.attempt), f"abandon:{action.id}", {}, f"abandon:{action.id}")


class Executions(Group):
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Operations.html"""

    @operation(NAMED)
    async def start_pipeline_execution(self, call: Call, req: Doc) -> Doc:
        found = pipeline(self._db, call, req["name"])
        given = {variable["name"]: variable["value"] for variable in req.get("variables", [])}
        declared = {variable["name"] for variable in found.declaration.get("variables", [])}
        if unknown := sorted(set(given) - declared):
            raise AwsError("ValidationException", f"Pipeline {found.name} declares no variable named {unknown[0]}.")
        for variable in found.declaration.get("variables", []):
            if "defaultValue" not in variable and variable["name"] not in given:
                raise AwsError("ValidationException", f"The variable {variable['name']} has no default and no value.")
        sources = {action["name"] for action in found.stages[0]["actions"]}
        for override in req.get("sourceRevisions", []):
            if override["actionName"] not in sources:
                raise AwsError(
                    "ValidationException", f"Pipeline {found.name} has no source action named {override['actionName']}."
                )
        is_event = call.caller.principal.kind == "service" or call.caller.user_agent == "events.amazonaws.com"
        trigger = {
            "triggerType": "CloudWatchEvent" if is_event else "StartPipelineExecution",
            "triggerDetail": call.caller.principal.arn,
        }
        execution_id = await self._db.write(
            partial(
                self._starter.start,
                pipeline=found,
                trigger=trigger,
                variables=given,
                overrides=req.get("sourceRevisions"),
                token=req.get("clientRequestToken", ""),
            )
        )
        return {"pipelineExecutionId": execution_id}

    @operation(PIPELINE)
    async def stop_pipeline_execution(self, call: Call, req: Doc) -> Doc:
        """Stop after the actions that run now, or abandon them."""

        def stop(tx: Tx) -> None:
            run = execution(tx, call, req["pipelineName"], req["pipelineExecutionId"])
            wants_abandon = bool(req.get("abandon"))
            if run.done:
                raise AwsError(
                    "PipelineExecutionNotStoppableException",
                    f"The pipeline execution {run.id} is {run.status} and cannot be stopped.",
                )
            if run.stopping == "abandon" or (run.stopping and not wants_abandon):
                raise AwsError(
                    "DuplicatedStopRequestException", f"The pipeline execution {run.id} is already being stopped."
                )
            self._progress.stopping(tx, run, abandon=wants_abandon, reason=req.get("reason", ""))
            if wants_abandon:
                abandon(tx, self._workflows, run.id)

        await self._db.write(stop)
        return {"pipelineExecutionId": req["pipelineExecutionId"]}

    @operation(PIPELINE)
    async def retry_stage_execution(self, call: Call, req: Doc) -> Doc:
        """Try a failed stage again."""

        def retry(tx: Tx) -> None:
            run = execution(tx, call, req["pipelineName"], req["pipelineExecutionId"])
            stage = req["stageName"]
            owner = pipeline(tx, call, req["pipelineName"])
            if stage not in [declared["name"] for declared in run.declaration["stages"]]:
                raise AwsError("StageNotFoundException", f"Stage '{stage}' not found in pipeline '{owner.name}'")
            if run.stages.get(stage) not in ("Failed", "Stopped") or not run.done:
                raise AwsError(
                    "StageNotRetryableException",
                    f"Stage {stage} of execution {run.id} is {run.stages.get(stage, 'not reached')}: "
                    "only a failed or stopped stage can be retried.",
                )
            if owner.version != run.version:
                raise AwsError(
                    "NotLatestPipelineExecutionException",
                    f"Execution {run.id} ran version {run.version}; the pipeline is at version {owner.version} now.",
                )
            newer = [o for o in store.of_pipeline(tx, run) if o.number > run.number and stage in o.stages]
            if newer:
                raise AwsError(
                    "NotLatestPipelineExecutionException", f"A newer execution has been in stage {stage} since."
                )
            self._starter.retry(tx, run, stage, failed_only=req["retryMode"] == "FAILED_ACTIONS")

        await self._db.write(retry)
        return {"pipelineExecutionId": req["pipelineExecutionId"]}

    @operation("arn:aws:codepipeline:{region}:{account}:{pipelineName}/{stageName}/{actionName}")
    async def put_approval_result(self, call: Call, req: Doc) -> Doc:
        """Approve or reject; the first answer counts."""
        now = self._kit.clock.now()
        result = req["result"]

        def answer(tx: Tx) -> None:
            owner = pipeline(tx, call, req["pipelineName"])
            _check_place(owner, req["stageName"], req["actionName"])
            waiting = next((a for a in store.runs.find(tx, token=req["token"]) if _is_asked(a, call, req)), None)
            if waiting is None:
                raise AwsError("InvalidApprovalTokenException", "Invalid approval token")
            if waiting.status != "InProgress" or waiting.updated_by:
                raise AwsError("ApprovalAlreadyCompletedException", "Approval already completed")
            waiting.updated_by = call.caller.principal.arn
            waiting.updated = now
            store.runs.put(tx, waiting)
            run = self._progress.load(tx, waiting.execution)
            message = {"status": result["status"], "summary": result["summary"], "by": waiting.updated_by}
            self._workflows.send_in(
                tx, workflow_id(run.id, run.attempt), f"approval:{waiting.id}", message, f"approval:{waiting.id}"
            )

        await self._db.write(answer)
        return {"approvedAt": now}

    @operation(PIPELINE)
    async def get_pipeline_execution(self, call: Call, req: Doc) -> Doc:
        run = execution(self._db, call, req["pipelineName"], req["pipelineExecutionId"])
        found: Doc = {
            "pipelineName": run.pipeline,
            "pipelineVersion": run.version,
            "pipelineExecutionId": run.id,
            "status": run.status,
            "artifactRevisions": [_revision(revision) for revision in run.revisions],
            "variables": [{"name": name, "resolvedValue": value} for name, value in run.variables.items()],
            "trigger": run.trigger,
            "executionMode": run.mode,
            "executionType": "STANDARD",
        }
        if run.stop_reason:
            found["statusSummary"] = run.stop_reason
        return {"pipelineExecution": found}

    @operation(PIPELINE)
    async def list_pipeline_executions(self, call: Call, req: Doc) -> Doc:
        found = pipeline(self._db, call, req["pipelineName"])
        runs = list(reversed(store.of_pipeline(self._db, found)))
        stage = req.get("filter", {}).get("succeededInStage", {}).get("stageName")
        if stage:
            runs = [run for run in runs if run.stages.get(stage) == "Succeeded"]
        return paged([_summary(run) for run in runs], req, 100, "pipelineExecutionSummaries", "pipelineExecutionId")

    @operation(PIPELINE)
    async def list_action_executions(self, call: Call, req: Doc) -> Doc:
        found = pipeline(self._db, call, req["pipelineName"])
        wanted = req.get("filter", {}).get("pipelineExecutionId")
        if wanted:
            runs = [execution(self._db, call, req["pipelineName"], wanted)]
        else:
            runs = list(reversed(store.of_pipeline(self._db, found)))
        details = [_detail(action) for run in runs for action in reversed(store.action_runs(self._db, run))]
        return paged(details, req, 100, "actionExecutionDetails", "actionExecutionId")


def _check_place(owner: Pipeline, stage: str, action: str) -> None:
    declared = next((found for found in owner.stages if found["name"] == stage), None)
    if declared is None:
        raise AwsError("StageNotFoundException", f"Stage '{stage}' not found in pipeline '{owner.name}'")
    if action not in [found["name"] for found in declared["actions"]]:
        raise AwsError("ActionNotFoundException", f"Action '{action}' not found in stage '{stage}'")


def _is_asked(action: ActionRun, call: Call, req: Doc) -> bool:
    place = (action.account, action.region, action.pipeline, action.stage, action.action)
    return place == (call.account, call.region, req["pipelineName"], req["stageName"], req["actionName"])


def _revision(revision: Doc) -> Doc:
    return {
        "name": revision["name"],
        "revisionId": revision["revisionId"],
        **({"revisionSummary": revision["revisionSummary"]} if revision.get("revisionSummary") else {}),
    }


def _summary(run: Execution) -> Doc:
    found: Doc = {
        "pipelineExecutionId": run.id,
        "status": run.status,
        "startTime": run.started,
        "lastUpdateTime": run.updated,
        "sourceRevisions": [
            {
                "actionName": revision["action"],
                "revisionId": revision["revisionId"],
                **({"revisionSummary": revision["revisionSummary"]} if revision.get("revisionSummary") else {}),
            }
            for revision in run.revisions
        ],
        "trigger": run.trigger,
        "executionMode": run.mode,
        "executionType": "STANDARD",
    }
    if run.stop_reason:
        found["stopTrigger"] = {"reason": run.stop_reason}
    return found


def _detail(action: ActionRun) -> Doc:
    result: Doc = {
        "externalExecutionId": action.external_id or None,
        "externalExecutionSummary": action.summary or None,
        "externalExecutionUrl": action.external_url or None,
    }
    if action.error_code:
        result["errorDetails"] = {"code": action.error_code, "message": action.error_message}
    return {
        "pipelineExecutionId": action.execution,
        "actionExecutionId": action.id,
        "pipelineVersion": action.version,
        "stageName": action.stage,
        "actionName": action.action,
        "startTime": action.started,
        "lastUpdateTime": action.updated,
        "updatedBy": action.updated_by or None,
        "status": action.status,
        "input": {
            "actionTypeId": action.type,
            "configuration": action.configuration,
            "resolvedConfiguration": action.configuration,
            "region": action.region,
            "inputArtifacts": action.inputs,
            "namespace": action.namespace or None,
        },
        "output": {
            "outputArtifacts": action.outputs,
            "executionResult": result,
            "outputVariables": action.variables,
        },
    }
