"""How a deployment can end badly, in AWS's words."""

from __future__ import annotations

from trunkline.engines.workflows import Interrupted, StepFailed
from trunkline.services.codedeploy.model import Deployment, Doc, Status

STOP, ALARM = "stop", "alarm"
INTERRUPTS = (STOP, ALARM)
ALARM_MESSAGE = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected"
    " deployments have been stopped. Activated alarms: {names}"
)


def stopped(cut: Interrupted, deployment: Deployment) -> Doc:
    """A message ended it: an alarm, a StopDeployment, or nobody continued it in time."""
    if cut.topic == ALARM:
        message = ALARM_MESSAGE.format(names=", ".join(cut.message["names"]))
        return _outcome(Status.STOPPED, "ALARM_ACTIVE", message, deployment.rolls_back_on("DEPLOYMENT_STOP_ON_ALARM"))
    undo = cut.message.get("rollback") or deployment.rolls_back_on("DEPLOYMENT_STOP_ON_REQUEST")
    return _outcome(Status.STOPPED, cut.message["code"], cut.message["message"], bool(undo))


def failed(error: StepFailed, deployment: Deployment) -> Doc:
    code = error.code if error.kind == "Failure" else "INTERNAL_ERROR"
    message = error.message if error.kind == "Failure" else f"{error.step} failed: {error.kind}: {error.message}"
    return _outcome(Status.FAILED, code, message, deployment.rolls_back_on("DEPLOYMENT_FAILURE"))


def _outcome(status: Status, code: str, message: str, rollback: bool) -> Doc:
    return {"status": status.value, "code": code, "message": message, "rollback": rollback}
