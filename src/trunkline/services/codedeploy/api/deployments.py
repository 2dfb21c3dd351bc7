"""Deployments: create, watch, continue, stop."""

from __future__ import annotations

from datetime import datetime

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.paging import page
from trunkline.aws.service import Call, operation
from trunkline.core.db import Tx
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.api.groups import ARN as GROUP_ARN
from trunkline.services.codedeploy.api.settings import check_alarms, check_rollback
from trunkline.services.codedeploy.model import (
    FUNCTION_LIFECYCLE,
    LIFECYCLE,
    Deployment,
    DeploymentGroup,
    Doc,
    LifecycleEvent,
    Status,
)
from trunkline.services.codedeploy.workflow import NAME
from trunkline.services.codedeploy.workflow.outcomes import STOP
from trunkline.services.codedeploy.workflow.record import new_deployment_id

ANY_GROUP = "arn:aws:codedeploy:{region}:{account}:deploymentgroup:*"
_STOPPED = "The deployment was stopped by a StopDeployment request."


class DeploymentOperations(found.Operations):
    @operation(GROUP_ARN)
    async def create_deployment(self, call: Call, req: Doc) -> Doc:
        application = found.application(self.kit.db, call, req["applicationName"])
        if not req.get("deploymentGroupName"):
            raise AwsError("DeploymentGroupNameRequiredException", "The deployment group name is required.")
        group = found.group(self.kit.db, call, application.name, req["deploymentGroupName"])
        if application.platform == "Server":
            raise Refused(
                "Trunkline does not deploy to the compute platform Server: it deploys to ECS and Lambda.",
                code="InvalidTargetInstancesException",
                status=None,
            )
        check_alarms(req.get("overrideAlarmConfiguration"))
        check_rollback(req.get("autoRollbackConfiguration"))
        config = found.config(self.kit.db, call, req.get("deploymentConfigName", group.config_name))
        if config.platform != application.platform:
            raise AwsError(
                "InvalidDeploymentConfigNameException",
                f"The deployment configuration {config.name} is for the compute platform {config.platform}.",
            )
        await self.trusted(call, group.role_arn)
        deployment = _made(group, req, self.kit.clock.now())
        deployment.config_name = config.name
        deployment.plan = [(step.weight_pct, step.wait_minutes) for step in config.plan()]

        def create(tx: Tx) -> None:
            now_group = found.group(tx, call, application.name, group.name)
            if now_group.running:
                raise AwsError(
                    "DeploymentLimitExceededException",
                    f"The Deployment Group '{group.name}' already has an active Deployment '{now_group.running}'",
                )
            deployment.previous_revision = now_group.target_revision
            now_group.running = deployment.id
            now_group.last_attempted = {
                "deploymentId": deployment.id,
                "status": deployment.status.value,
                "createTime": deployment.created_at.isoformat(),
            }
            store.groups.put(tx, now_group)
            store.register(tx, application, deployment.revision, deployment.created_at, group=group.name)
            store.deployments.insert(tx, deployment)
            input = {"account": call.account, "region": call.region, "deployment": deployment.id}
            self.engine.start_in(tx, NAME, deployment.id, input)

        await self.kit.db.write(create)
        return {"deploymentId": deployment.id}

    @operation(ANY_GROUP)
    async def get_deployment(self, call: Call, req: Doc) -> Doc:
        return {"deploymentInfo": found.deployment(self.kit.db, call, req["deploymentId"]).described()}

    @operation(ANY_GROUP)
    async def batch_get_deployments(self, call: Call, req: Doc) -> Doc:
        wanted = found.limited(req["deploymentIds"], most=25)
        known = [store.deployments.get(self.kit.db, call.account, call.region, one) for one in wanted]
        return {"deploymentsInfo": [deployment.described() for deployment in known if deployment]}

    @operation(GROUP_ARN)
    async def list_deployments(self, call: Call, req: Doc) -> Doc:
        application, group = req.get("applicationName"), req.get("deploymentGroupName")
        if group and not application:
            raise AwsError("ApplicationNameRequiredException", "A deployment group name needs an application name.")
        if application:
            found.application(self.kit.db, call, application)
            if not group:
                raise AwsError("DeploymentGroupNameRequiredException", "An application name needs a group name.")
            found.group(self.kit.db, call, application, group)
        within = req.get("createTimeRange") or {}
        if within.get("start") and within.get("end") and within["start"] > within["end"]:
            raise AwsError("InvalidTimeRangeException", "The start of createTimeRange is after its end.")
        chosen = [
            one
            for one in store.deployments.find(self.kit.db, prefix=(call.account, call.region))
            if (not application or (one.application, one.group) == (application, group))
            and (not req.get("includeOnlyStatuses") or one.status in req["includeOnlyStatuses"])
            and (not within.get("start") or one.created_at >= within["start"])
            and (not within.get("end") or one.created_at <= within["end"])
            and not req.get("externalId")
        ]
        shown, token = page(
            chosen,
            found.PAGE,
            req.get("nextToken"),
            key=lambda one: f"{one.created_at.timestamp():020.6f} {one.id}",
            reverse=True,
        )
        return {"deployments": [one.id for one in shown], "nextToken": token}

    @operation(ANY_GROUP)
    async def continue_deployment(self, call: Call, req: Doc) -> None:
        await self._go_on(call, req.get("deploymentId"), req.get("deploymentWaitType", "READY_WAIT"))

    @operation(ANY_GROUP)
    async def skip_wait_time_for_instance_termination(self, call: Call, req: Doc) -> None:
        """The older name of ContinueDeployment with TERMINATION_WAIT."""
        try:
            await self._go_on(call, req.get("deploymentId"), "TERMINATION_WAIT")
        except AwsError as error:
            if error.code == "DeploymentIsNotInReadyStateException":
                raise AwsError("DeploymentNotStartedException", error.message) from error
            raise

    async def _go_on(self, call: Call, deployment_id: str | None, wait: str) -> None:
        def send(tx: Tx) -> None:
            deployment = _unfinished(found.deployment(tx, call, deployment_id))
            waits = deployment.status is Status.READY if wait == "READY_WAIT" else deployment.termination_wait_started
            if not waits:
                raise AwsError(
                    "DeploymentIsNotInReadyStateException",
                    f"The deployment {deployment.id} does not wait for a {wait}; its status is {deployment.status}.",
                )
            # One answer a wait: a repeated call is the same message.
            self.engine.send_in(tx, deployment.id, f"continue-{wait}", {}, f"continue-{wait}")

        await self.kit.db.write(send)

    @operation(ANY_GROUP)
    async def stop_deployment(self, call: Call, req: Doc) -> Doc:
        message = {"code": "MANUAL_STOP", "message": _STOPPED, "rollback": req.get("autoRollbackEnabled", False)}

        def send(tx: Tx) -> None:
            deployment = _unfinished(found.deployment(tx, call, req["deploymentId"]))
            if deployment.creator == "codeDeployRollback":
                raise AwsError(
                    "UnsupportedActionForDeploymentTypeException",
                    f"The deployment {deployment.id} is a rollback and cannot be stopped.",
                )
            self.engine.send_in(tx, deployment.id, STOP, message, "stop")

        await self.kit.db.write(send)
        return {"status": "Pending", "statusMessage": f"Deployment {req['deploymentId']} is being stopped."}


def _unfinished(deployment: Deployment) -> Deployment:
    if not deployment.is_active:
        raise AwsError(
            "DeploymentAlreadyCompletedException", f"The deployment {deployment.id} is already {deployment.status}."
        )
    return deployment


def _made(group: DeploymentGroup, req: Doc, now: datetime) -> Deployment:
    settings, is_function = group.settings, group.platform == "Lambda"
    return Deployment(
        account=group.account,
        region=group.region,
        id=new_deployment_id(),
        application=group.application,
        group=group.name,
        group_id=group.id,
        config_name="",
        plan=[],
        revision=found.revision(req.get("revision") or group.target_revision),
        created_at=now,
        description=req.get("description", ""),
        auto_rollback=req.get("autoRollbackConfiguration") or settings.get("autoRollbackConfiguration") or {},
        alarms=req.get("overrideAlarmConfiguration") or settings.get("alarmConfiguration") or {},
        overrides_alarms="overrideAlarmConfiguration" in req,
        style=settings.get("deploymentStyle"),
        blue_green=settings.get("blueGreenDeploymentConfiguration"),
        load_balancer=settings.get("loadBalancerInfo"),
        service=group.service,
        role_arn=group.role_arn,
        platform=group.platform,
        lifecycle=[LifecycleEvent(name) for name in (FUNCTION_LIFECYCLE if is_function else LIFECYCLE)],
    )
