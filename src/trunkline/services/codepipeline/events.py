"""The events CodePipeline publishes.

https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from datetime import datetime

from trunkline.aws.arn import arn
from trunkline.core.events import Event
from trunkline.services.codepipeline.model import ActionRun, Doc, Execution

SOURCE = "aws.codepipeline"


def pipeline_changed(run: Execution, state: str, now: datetime) -> Event:
    """`state`: STARTED, SUCCEEDED, FAILED, SUPERSEDED, STOPPING, STOPPED, RESUMED or CANCELED."""
    detail: Doc = {
        "pipeline": run.pipeline,
        "execution-id": run.id,
        "start-time": run.started.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "state": state,
        "version": run.version,
        "pipeline-execution-attempt": run.attempt,
        "execution-trigger": {
            "trigger-type": run.trigger["triggerType"],
            "trigger-detail": run.trigger["triggerDetail"],
        },
    }
    return _event("CodePipeline Pipeline Execution State Change", run, detail, now)


def stage_changed(run: Execution, stage: str, state: str, now: datetime) -> Event:
    """`state`: STARTED, SUCCEEDED, FAILED, STOPPING, STOPPED, RESUMED or CANCELED."""
    detail: Doc = {
        "pipeline": run.pipeline,
        "execution-id": run.id,
        "stage": stage,
        "state": state,
        "version": run.version,
        "pipeline-execution-attempt": run.attempt,
    }
    return _event("CodePipeline Stage Execution State Change", run, detail, now)


def action_changed(run: Execution, action: ActionRun, state: str, now: datetime) -> Event:
    """`state`: STARTED, SUCCEEDED, FAILED or ABANDONED."""
    detail: Doc = {
        "pipeline": run.pipeline,
        "execution-id": run.id,
        "stage": action.stage,
        "action-execution-id": action.id,
        "action": action.action,
        "state": state,
        "region": run.region,
        "version": run.version,
        "type": action.type,
        "input-artifacts": action.inputs,
        "output-artifacts": action.outputs,
        "pipeline-execution-attempt": run.attempt,
    }
    if action.external_id or action.summary or action.error_code:
        detail["execution-result"] = {
            "external-execution-id": action.external_id,
            "external-execution-summary": action.summary or action.error_message,
            "external-execution-url": action.external_url,
            **({"error-code": action.error_code} if action.error_code else {}),
        }
    return _event("CodePipeline Action Execution State Change", run, detail, now)


def _event(detail_type: str, run: Execution, detail: Doc, now: datetime) -> Event:
    resource = arn("codepipeline", run.region, run.account, run.pipeline)
    return Event(SOURCE, detail_type, detail, run.account, run.region, (resource,), time=now)
