"""The ECS side of a deployment: the original task set, the replacement, and whether it is well."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.services.codedeploy.model import AppSpec, Deployment, Doc, Failure
from trunkline.services.codedeploy.workflow.callers import Callers, failure

CODE = "ECS_UPDATE_ERROR"
_COPIED = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "serviceRegistries")


class EcsService:
    """Calls about the one service of a deployment."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def _call(self, deployment: Deployment, operation: str, more: Doc | None = None) -> Doc:
        params = {**_place(deployment), **(more or {})}
        return await self._callers.call(deployment, "ecs", operation, params, code=CODE)

    async def task_sets(self, deployment: Deployment) -> list[Doc]:
        """The task sets of the service; a Failure says what is wrong with the service."""
        params = {"cluster": _place(deployment)["cluster"], "services": [_place(deployment)["service"]]}
        answer = await self._callers.call(deployment, "ecs", "DescribeServices", params, code=CODE)
        name = deployment.service.get("serviceName")
        services = [one for one in answer["services"] if one["status"] == "ACTIVE"]
        if not services:
            raise Failure("INVALID_ECS_SERVICE", f"The ECS service {name} does not exist or is not active.")
        if (services[0].get("deploymentController") or {}).get("type") != "CODE_DEPLOY":
            raise Failure(
                "INVALID_ECS_SERVICE", f"The deployment controller of the ECS service {name} is not CODE_DEPLOY."
            )
        return list(services[0].get("taskSets") or [])

    async def original(self, deployment: Deployment, target_groups: dict[str, str]) -> Doc:
        """What the workflow needs to know of the service: both sides, and what is left of earlier deployments."""
        sets = await self.task_sets(deployment)
        primary = next((one for one in sets if one["status"] == "PRIMARY"), None)
        if primary is None:
            raise Failure("INVALID_ECS_SERVICE", "The ECS service has no primary task set to replace.")
        names = {arn: name for name, arn in target_groups.items()}
        blue_arn = next((one.get("targetGroupArn") for one in primary.get("loadBalancers") or []), None)
        if blue_arn not in names:
            raise Failure(
                "INVALID_ECS_SERVICE",
                "The primary task set is not behind one of the two target groups of the deployment group.",
            )
        green_arn = next(arn for arn in names if arn != blue_arn)
        return {
            "blue": {**_side(blue_arn, names), "id": primary["id"], "counts": counts(primary)},
            "green": _side(green_arn, names),
            "task_definition": primary["taskDefinition"],
            "container": (primary["loadBalancers"][0]["containerName"], primary["loadBalancers"][0]["containerPort"]),
            "copied": {key: primary[key] for key in _COPIED if primary.get(key)},
            "scale": primary.get("scale") or {"unit": "PERCENT", "value": 100.0},
            "leftovers": [
                one["id"] for one in sets if one["id"] != primary["id"] and one.get("externalId") != deployment.id
            ],
        }

    async def check_task_definition(self, deployment: Deployment, spec: AppSpec) -> None:
        name = spec.task_definition
        try:
            answer = await self._callers.observe(deployment, "ecs", "DescribeTaskDefinition", {"taskDefinition": name})
        except AwsError as error:
            raise Failure(
                "INVALID_REVISION", f"The AppSpec file names the task definition {name}, which does not exist."
            ) from error
        found = answer["taskDefinition"]
        if found.get("status") == "INACTIVE":
            raise Failure("INVALID_REVISION", f"The task definition {name} that the AppSpec file names is inactive.")
        for container in found.get("containerDefinitions", []):
            if container["name"] == spec.container_name:
                ports = [mapping.get("containerPort") for mapping in container.get("portMappings") or []]
                if spec.container_port not in ports:
                    raise Failure(
                        "INVALID_REVISION",
                        f"The container {spec.container_name} of {name} does not expose port {spec.container_port}.",
                    )
                return
        raise Failure("INVALID_REVISION", f"The task definition {name} has no container {spec.container_name}.")

    async def create(self, deployment: Deployment, spec: AppSpec, facts: Doc, token: str) -> str:
        """The replacement task set: its id. Looks first, so that a repetition finds what the first try made."""
        for one in await self.task_sets(deployment):
            if one.get("externalId") == deployment.id:
                return str(one["id"])
        chosen = dict(facts["copied"])
        if spec.platform_version:
            chosen["platformVersion"] = spec.platform_version
        if spec.network:
            chosen["networkConfiguration"] = spec.network
        if spec.capacity_providers:
            chosen.pop("launchType", None)
            chosen["capacityProviderStrategy"] = spec.capacity_providers
        balancer = {
            "targetGroupArn": facts["green"]["group_arn"],
            "containerName": spec.container_name,
            "containerPort": spec.container_port,
        }
        answer = await self._call(
            deployment,
            "CreateTaskSet",
            {
                **chosen,
                "externalId": deployment.id,
                "taskDefinition": spec.task_definition,
                "loadBalancers": [balancer],
                "scale": facts["scale"],
                "clientToken": token,
            },
        )
        return str(answer["taskSet"]["id"])

    async def look(self, deployment: Deployment, task_set_id: str, target_group_arn: str) -> Doc | None:
        """None while the replacement is coming up; its counts once it is steady and healthy; or `failed` with why."""
        found = await self._task_set(deployment, task_set_id)
        if found is None:
            return {"failed": "The replacement task set was deleted while it was being installed."}
        now = counts(found)
        stopped = await self._why_stopped(deployment, task_set_id, allowed=max(1, now["desired"]))
        if stopped:
            return {"failed": stopped}
        if found.get("stabilityStatus") != "STEADY_STATE" or now["pending"] or now["running"] < now["desired"]:
            return None
        health = await self._callers.observe(
            deployment, "elbv2", "DescribeTargetHealth", {"TargetGroupArn": target_group_arn}
        )
        states = [one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]]
        if states.count("healthy") < now["running"]:
            return None
        return {"counts": now}

    async def _why_stopped(self, deployment: Deployment, task_set_id: str, *, allowed: int) -> str:
        """Why tasks of the replacement ended by themselves, once it is no accident: all of them, and one more."""
        place = {"cluster": _place(deployment)["cluster"]}
        listed = await self._callers.observe(
            deployment, "ecs", "ListTasks", {**place, "startedBy": task_set_id, "desiredStatus": "STOPPED"}
        )
        if not listed.get("taskArns"):
            return ""
        described = await self._callers.observe(
            deployment, "ecs", "DescribeTasks", {**place, "tasks": listed["taskArns"][:100]}
        )
        reasons = [_reason(task) for task in described["tasks"] if _ended_by_itself(task)]
        fatal = next((reason for reason in reasons if "CannotPull" in reason), "")
        if not fatal and len(reasons) <= allowed:
            return ""
        return f"The tasks of the replacement task set do not stay up: {fatal or reasons[0]}"

    async def promote(self, deployment: Deployment, task_set_id: str) -> None:
        await self._call(deployment, "UpdateServicePrimaryTaskSet", {"primaryTaskSet": task_set_id})

    async def delete(self, deployment: Deployment, task_set_id: str) -> None:
        """Deleting what is gone, or is already being drained, is done."""
        caller = await self._callers.role(deployment)
        found = await self._task_set(deployment, task_set_id)
        if found is None or found["status"] == "DRAINING":
            return
        try:
            params = {**_place(deployment), "taskSet": task_set_id, "force": True}
            await self._callers.call_as(caller, "ecs", "DeleteTaskSet", params)
        except AwsError as error:
            if error.code != "TaskSetNotFoundException":
                raise failure(error, "ecs", "DeleteTaskSet", CODE) from error

    async def made_by(self, deployment: Deployment) -> list[str]:
        """The task sets this deployment made; none is primary when this is asked."""
        sets = await self.task_sets(deployment)
        return [one["id"] for one in sets if one.get("externalId") == deployment.id and one["status"] != "PRIMARY"]

    async def is_gone(self, deployment: Deployment, task_set_id: str) -> bool | None:
        """True, or None to be asked again."""
        return True if await self._task_set(deployment, task_set_id) is None else None

    async def _task_set(self, deployment: Deployment, task_set_id: str) -> Doc | None:
        return next((one for one in await self.task_sets(deployment) if one["id"] == task_set_id), None)


def counts(task_set: Doc) -> Doc:
    return {
        "desired": task_set.get("computedDesiredCount", 0),
        "pending": task_set.get("pendingCount", 0),
        "running": task_set.get("runningCount", 0),
    }


def _side(arn: str, names: dict[str, str]) -> Doc:
    return {"group_arn": arn, "group_name": names[arn]}


def _place(deployment: Deployment) -> Doc:
    return {
        "cluster": deployment.service.get("clusterName") or "default",
        "service": deployment.service.get("serviceName", ""),
    }


def _ended_by_itself(task: Doc) -> bool:
    """Not stopped by somebody, or by the service for a reason that is not the task's fault."""
    if task.get("stopCode") in ("EssentialContainerExited", "TaskFailedToStart"):
        return True
    return "failed" in (task.get("stoppedReason") or "")  # "Task failed ELB health checks in …"


def _reason(task: Doc) -> str:
    """One sentence: the container's exit says more than "Essential container in task exited"."""
    parts = [task.get("stoppedReason") or "a task stopped"]
    for container in task.get("containers") or []:
        if container.get("reason"):
            parts.append(str(container["reason"]))
        elif container.get("exitCode") is not None:
            parts.append(f"container {container['name']} exited with code {container['exitCode']}")
    return "; ".join(dict.fromkeys(parts)).rstrip(".") + "."
