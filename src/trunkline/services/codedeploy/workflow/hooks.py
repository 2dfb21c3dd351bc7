"""Lifecycle hooks: Lambda functions that look at a deployment and say whether it may go on.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson

from trunkline.engines.workflows import StepFailed, Workflow
from trunkline.services.codedeploy.model import Deployment, Failure

if TYPE_CHECKING:
    from trunkline.services.codedeploy.workflow.deploy import Deployments

TIMEOUT_S = 3600  # as on AWS
_CODE = "HOOK_EXECUTION_FAILURE"


async def run(
    of: Deployments,
    wf: Workflow,
    deployment: Deployment,
    hooks: dict[str, str],
    event: str,
    interrupt: tuple[str, ...],
) -> None:
    """Call the event's function, if there is one, and wait for what it says; Failed and silence fail the deployment."""
    function = hooks.get(event)
    if function is None:
        return
    record, hook_id = of.record(deployment), wf.key(f"hook {event}")
    await wf.commit(f"begin {event}", partial(record.hook_begun, event=event, hook_id=hook_id))
    await wf.step(f"call the hook {event}", _invoke, of, deployment, function, hook_id)
    answer = await wf.receive(f"hook-{hook_id}", TIMEOUT_S, interrupt=interrupt)
    if answer is None:
        raise _failure(f"The function {function} of the lifecycle hook {event} said nothing within an hour.")
    if answer["status"] != "Succeeded":
        raise _failure(f"The function {function} of the lifecycle hook {event} reported that validation failed.")
    await wf.commit(f"end {event}", partial(record.lifecycle, over=(event,)))


async def _invoke(of: Deployments, deployment: Deployment, function: str, hook_id: str) -> None:
    payload = {"DeploymentId": deployment.id, "LifecycleEventHookExecutionId": hook_id}
    request = {"FunctionName": function, "InvocationType": "Event", "Payload": orjson.dumps(payload)}
    await of.callers.call(deployment, "lambda", "Invoke", request, code=_CODE)


def _failure(message: str) -> StepFailed:
    return StepFailed("deployment", Failure.__name__, _CODE, message)
