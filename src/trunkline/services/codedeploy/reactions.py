"""What CodeDeploy does when others speak: an alarm rings, or one of its own deployments has news for a topic."""

from __future__ import annotations

import json

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.engines.workflows import Workflows
from trunkline.services.codedeploy import events, store
from trunkline.services.codedeploy.model import Deployment, Doc
from trunkline.services.codedeploy.workflow.callers import PRINCIPAL
from trunkline.services.codedeploy.workflow.outcomes import ALARM

log = get(__name__)

_STATUS = {
    "START": ("DeploymentStart", "CREATED"),
    "READY": ("DeploymentReady", "READY"),
    "SUCCESS": ("DeploymentSuccess", "SUCCEEDED"),
    "FAILURE": ("DeploymentFailure", "FAILED"),
    "STOP": ("DeploymentStop", "STOPPED"),
}


class Reactions:
    def __init__(self, kit: Kit, engine: Workflows) -> None:
        self._kit = kit
        self._engine = engine
        kit.bus.subscribe(
            "codedeploy-alarms",
            self.on_alarm,
            sources=("aws.cloudwatch",),
            detail_types=("CloudWatch Alarm State Change",),
        )
        kit.bus.subscribe(
            "codedeploy-triggers", self.on_state_change, sources=(events.SOURCE,), detail_types=(events.STATE_CHANGE,)
        )

    async def on_alarm(self, event: Event) -> None:
        """Tell every running deployment that watches this alarm."""
        if (event.detail.get("state") or {}).get("value") != "ALARM":
            return
        name = event.detail.get("alarmName", "")
        for deployment in store.active(self._kit.db, event.account, event.region):
            # A rollback has no workflow of its own; the message would only be dropped.
            if name in deployment.alarm_names and event.time >= deployment.created_at:
                await self._engine.send(deployment.id, ALARM, {"names": [name]}, event.id)

    async def on_state_change(self, event: Event) -> None:
        """Publish to the topics of the group's triggers, as its service role."""
        deployment = store.deployments.get(self._kit.db, event.account, event.region, event.detail["deploymentId"])
        group = deployment and store.groups.get(
            self._kit.db, event.account, event.region, deployment.application, deployment.group
        )
        if not deployment or not group:
            return
        kind, status = _STATUS[event.detail["state"]]
        if deployment.creator == "codeDeployRollback" and kind == "DeploymentStart":
            kind = "DeploymentRollback"
        for trigger in group.settings.get("triggerConfigurations") or []:
            if kind in trigger["triggerEvents"]:
                await self._publish(deployment, trigger, status)

    async def _publish(self, deployment: Deployment, trigger: Doc, status: str) -> None:
        params = {
            "TopicArn": trigger["triggerTargetArn"],
            "Subject": f"{status}: AWS CodeDeploy {deployment.id} in {deployment.region} to {deployment.application}"[
                :100
            ],
            "Message": json.dumps(_message(deployment, trigger, status)),
        }
        try:
            role = await self._kit.call.assume(deployment.role_arn, service=PRINCIPAL, region=deployment.region)
            await self._kit.call("sns", "Publish", params, as_=role)
        except AwsError as error:
            # As on AWS: a trigger that cannot be delivered does not hold a deployment up.
            log.warning(
                "trigger not delivered", deployment=deployment.id, trigger=trigger["triggerName"], error=error.code
            )


def _message(deployment: Deployment, trigger: Doc, status: str) -> Doc:
    overview = deployment.described()["deploymentOverview"]
    message = {
        "region": deployment.region,
        "accountId": deployment.account,
        "eventTriggerName": trigger["triggerName"],
        "applicationName": deployment.application,
        "deploymentId": deployment.id,
        "deploymentGroupName": deployment.group,
        "createTime": deployment.created_at.strftime("%a %b %d %H:%M:%S UTC %Y"),
        "deploymentOverview": json.dumps(overview),
        "status": status,
    }
    if deployment.completed_at:
        message["completeTime"] = deployment.completed_at.strftime("%a %b %d %H:%M:%S UTC %Y")
    if deployment.error:
        message["errorInformation"] = json.dumps(
            {"ErrorCode": deployment.error["code"], "ErrorMessage": deployment.error["message"]}
        )
    if deployment.rollback:
        message["rollbackInformation"] = json.dumps({"RollbackMessage": deployment.rollback.message})
    return message
