"""The state of a pipeline as its console shows it, and the action types there are."""

from datetime import UTC, datetime

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.api.support import NAMED, Group, paged, pipeline
from trunkline.services.codepipeline.model import ActionRun, Execution, Pipeline
from trunkline.services.codepipeline.structure import TYPES


class State(Group):
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html"""

    @operation(NAMED)
    async def get_pipeline_state(self, call: Call, req: Doc) -> Doc:
        found = pipeline(self._db, call, req["name"])
        runs = store.of_pipeline(self._db, found)
        return {
            "pipelineName": found.name,
            "pipelineVersion": found.version,
            "created": found.created,
            "updated": found.updated,
            "stageStates": [self._stage(found, stage, runs) for stage in found.stages],
        }

    def _stage(self, found: Pipeline, stage: Doc, runs: list[Execution]) -> Doc:
        name = stage["name"]
        state: Doc = {"stageName": name, "inboundTransitionState": _transition(found, name)}
        waiting = [run for run in runs if run.waiting_for == name and not run.done]
        if waiting:
            inbound = [{"pipelineExecutionId": run.id, "status": "InProgress"} for run in waiting]
            state["inboundExecution"], state["inboundExecutions"] = inbound[-1], inbound
        entered = [run for run in runs if name in run.stages]
        latest = max(entered, key=lambda run: (run.in_stage == name, run.number), default=None)
        if latest is not None:
            status = latest.stages[name]
            if status == "InProgress" and latest.stopping:
                status = "Stopping"
            state["latestExecution"] = {"pipelineExecutionId": latest.id, "status": status, "type": "STANDARD"}
        actions = store.action_runs(self._db, latest) if latest is not None else []
        newest = {action.action: action for action in actions if action.stage == name}
        state["actionStates"] = [_action(declared, newest.get(declared["name"])) for declared in stage["actions"]]
        return state

    @operation(mutates=False)
    async def list_action_types(self, call: Call, req: Doc) -> Doc:
        if req.get("actionOwnerFilter", "AWS") != "AWS":
            return {"actionTypes": []}
        items = [
            {
                "id": {"category": kind.category, "owner": "AWS", "provider": kind.provider, "version": "1"},
                "settings": {},
                "actionConfigurationProperties": [
                    {"name": key, "required": key in kind.required, "key": True, "secret": False}
                    for key in kind.required + kind.optional
                ],
                "inputArtifactDetails": {"minimumCount": kind.inputs[0], "maximumCount": kind.inputs[1]},
                "outputArtifactDetails": {"minimumCount": kind.outputs[0], "maximumCount": kind.outputs[1]},
                "key": f"{kind.category}/{kind.provider}",
            }
            for kind in TYPES.values()
        ]
        answer = paged(items, req, 100, "actionTypes", "key")
        return {**answer, "actionTypes": [{k: v for k, v in i.items() if k != "key"} for i in answer["actionTypes"]]}


def _transition(found: Pipeline, stage: str) -> Doc:
    closed = found.disabled.get(stage)
    if closed is None:
        return {"enabled": True}
    return {
        "enabled": False,
        "disabledReason": closed["reason"],
        "lastChangedBy": closed["by"],
        "lastChangedAt": datetime.fromtimestamp(closed["at"], UTC),
    }


def _action(declared: Doc, newest: ActionRun | None) -> Doc:
    state: Doc = {"actionName": declared["name"]}
    if newest is None:
        return state
    latest: Doc = {
        "actionExecutionId": newest.id,
        "status": newest.status,
        "lastStatusChange": newest.updated,
        "summary": newest.summary or None,
        "lastUpdatedBy": newest.updated_by or None,
        "externalExecutionId": newest.external_id or None,
        "externalExecutionUrl": newest.external_url or None,
    }
    if newest.token and newest.status == "InProgress":
        latest["token"] = newest.token
    if newest.error_code:
        latest["errorDetails"] = {"code": newest.error_code, "message": newest.error_message}
    state["latestExecution"] = latest
    if newest.revision:
        state["currentRevision"] = {
            "revisionId": newest.revision["revisionId"],
            "revisionChangeId": newest.revision["revisionId"],
            "created": newest.updated,
        }
    return state
