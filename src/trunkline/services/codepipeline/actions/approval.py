"""Manual approval: tell people, then wait for one of them.

https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html
"""

from datetime import timedelta

import orjson

from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome

_DEFAULT_TIMEOUT_MIN = 7 * 24 * 60


async def perform(action: Action) -> Outcome:
    """Succeeds when approved; fails when rejected, or when nobody answered in time."""
    timeout_min = int(action.declaration.get("timeoutInMinutes", _DEFAULT_TIMEOUT_MIN))
    if action.configuration.get("NotificationArn"):
        await action.wf.step("notify", lambda: _notify(action, timeout_min))
    answer = await action.wf.receive(f"approval:{action.id}", timeout_min * 60, interrupt=action.abandon)
    if answer is None:
        raise ActionFailed("TimeoutError", f"Nobody approved or rejected within {timeout_min} minutes.")
    if answer["status"] != "Approved":
        why = f": {answer['summary']}" if answer["summary"] else "."
        raise ActionFailed("ApprovalRejected", f"Rejected by {answer['by']}{why}")
    return Outcome(summary=answer["summary"] or f"Approved by {answer['by']}")


async def _notify(action: Action, timeout_min: int) -> None:
    """Publish the request in the JSON form that AWS documents."""
    expires = action.kit.clock.now() + timedelta(minutes=timeout_min)
    body = {
        "region": action.region,
        "consoleLink": "",
        "approval": {
            "pipelineName": action.pipeline,
            "stageName": action.stage,
            "actionName": action.name,
            "token": action.token,
            "expires": expires.strftime("%Y-%m-%dT%H:%MZ"),
            "externalEntityLink": action.configuration.get("ExternalEntityLink"),
            "approvalReviewLink": "",
            "customData": action.configuration.get("CustomData"),
        },
    }
    await action.call(
        "sns",
        "Publish",
        {
            "TopicArn": action.configuration["NotificationArn"],
            "Subject": f"APPROVAL NEEDED: AWS CodePipeline {action.pipeline} for action {action.name}"[:100],
            "Message": orjson.dumps(body).decode(),
        },
    )
