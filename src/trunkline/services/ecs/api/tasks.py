"""Tasks: run, stop, look at."""

from dataclasses import replace

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.ecs import described, starting, store
from trunkline.services.ecs.api.context import Context
from trunkline.services.ecs.model import Task, TaskDefinition
from trunkline.services.ecs.naming import (
    cluster_name,
    definition_resource,
    service_name,
    task_id,
    task_resource,
    tasks_resource,
)

_OVERRIDES = {"containerOverrides", "cpu", "memory", "taskRoleArn", "executionRoleArn"}
_CONTAINER_OVERRIDES = {"name", "command", "environment", "cpu", "memory", "memoryReservation"}


class Tasks(Context):
    """Everything about tasks that users ask for themselves."""

    @operation(definition_resource, writes_once=True)
    async def run_task(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))
        definition = self.definition(call, req["taskDefinition"])
        count = req.get("count", 1)
        if not 1 <= count <= 10:
            raise AwsError("InvalidParameterException", "Count must be between 1 and 10.")
        overrides = req.get("overrides") or {}
        _check_overrides(overrides, definition)
        launch = await self.placement.launch(call, cluster, definition, req)
        tags = normalise(req.get("tags"), error="InvalidParameterException")
        if req.get("propagateTags") == "TASK_DEFINITION":
            tags = {**definition.tags, **tags}
        if req.get("enableECSManagedTags"):
            tags = {**tags, "aws:ecs:clusterName": cluster.name}
        group = req.get("group") or f"family:{definition.family}"
        made = [
            replace(
                starting.new_task(
                    self.kit.clock, cluster.name, definition, launch, group=group, number=number, overrides=overrides
                ),
                started_by=req.get("startedBy", ""),
                client_token=req.get("clientToken", ""),
                reference_id=req.get("referenceId", ""),
                tags=tags,
            )
            for number in range(count)
        ]

        def write(tx: Tx) -> list[Task]:
            if token := req.get("clientToken"):
                place = (call.account, call.region, cluster.name)
                known = store.TASKS.find(tx, prefix=place, client_token=token)
                if known:
                    if known[0].task_definition != definition.arn:
                        raise AwsError("ConflictException", "The clientToken was used with other parameters.")
                    return known
            for task in made:
                starting.insert(tx, self.kit.ledger, self.kit.clock, task)
            return made

        tasks = await self.kit.db.write(write)
        self.waking.tasks()
        return {"tasks": [described.task(task, tags=True) for task in tasks], "failures": []}

    @operation(definition_resource)
    async def start_task(self, call: Call, req: Doc) -> Doc:
        self.cluster(call, req.get("cluster"))
        raise AwsError(
            "InvalidParameterException",
            "No Container Instances were found in your cluster. Trunkline has none: use RunTask with FARGATE.",
        )

    @operation(task_resource, writes_once=True)
    async def stop_task(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))

        def write(tx: Tx) -> Task:
            task = store.TASKS.get(tx, call.account, call.region, cluster.name, task_id(req["task"]))
            if task is None:
                raise AwsError("InvalidParameterException", "The referenced task was not found.")
            reason = req.get("reason") or "Task stopped by user"
            starting.ask_to_stop(tx, self.kit.ledger, self.kit.clock, task, "UserInitiated", reason)
            return task

        task = await self.kit.db.write(write)
        self.waking.all()
        return {"task": described.task(task, tags=True)}

    @operation(tasks_resource)
    async def describe_tasks(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))
        if not req["tasks"]:
            raise AwsError("InvalidParameterException", "Tasks cannot be empty.")
        if len(req["tasks"]) > 100:
            raise AwsError("InvalidParameterException", "Tasks cannot have more than 100 elements.")
        found, failures = [], []
        for given in req["tasks"]:
            task = store.TASKS.get(self.kit.db, call.account, call.region, cluster.name, task_id(given))
            if task is None:
                failures.append({"arn": call.arn(f"task/{cluster.name}/{task_id(given)}"), "reason": "MISSING"})
            else:
                found.append(described.task(task, tags="TAGS" in req.get("include", [])))
        return {"tasks": found, "failures": failures}

    @operation(lambda call, req: call.arn(f"container-instance/{cluster_name(req.get('cluster'))}/*"))
    async def list_tasks(self, call: Call, req: Doc) -> Doc:
        cluster = self.cluster(call, req.get("cluster"))
        given = [name for name in ("serviceName", "startedBy", "family") if req.get(name)]
        if "startedBy" in given and len(given) > 1:
            raise AwsError("InvalidParameterException", "cannot specify startedBy together with family or serviceName")
        place = (call.account, call.region, cluster.name)
        if req.get("serviceName"):
            name = service_name(req["serviceName"])
            if store.SERVICES.get(self.kit.db, *place, name) is None:
                raise AwsError("ServiceNotFoundException", "Service not found.")
            tasks = store.TASKS.find(self.kit.db, prefix=place, service=name)
        else:
            tasks = store.TASKS.find(self.kit.db, prefix=place)
        # AWS lists what is to run, and what is to stop only when asked for.
        wanted = req.get("desiredStatus", "RUNNING")
        tasks = [
            task
            for task in tasks
            if task.desired_status == ("RUNNING" if wanted == "PENDING" else wanted)
            and wanted != "PENDING"
            and req.get("startedBy") in (None, task.started_by)
            and req.get("family") in (None, task.task_definition.rpartition("/")[2].rpartition(":")[0])
            and req.get("launchType", "FARGATE") == "FARGATE"
            and not req.get("containerInstance")
        ]
        chosen, token = page(
            tasks,
            req.get("maxResults") or 100,
            req.get("nextToken"),
            key=lambda task: task.id,
            error="InvalidParameterException",
            message="Invalid token",
        )
        return {"taskArns": [task.arn for task in chosen], "nextToken": token}


def _check_overrides(overrides: Doc, definition: TaskDefinition) -> None:
    names = [one["name"] for one in definition.containers]
    for member, value in overrides.items():
        if member not in _OVERRIDES and value:
            raise AwsError("InvalidParameterException", f"Trunkline does not support the override {member}.")
    for one in overrides.get("containerOverrides", []):
        if one.get("name") not in names:
            raise AwsError(
                "InvalidParameterException",
                f"Override for container named {one.get('name')} is not a container in the TaskDefinition.",
            )
        for member, value in one.items():
            if member not in _CONTAINER_OVERRIDES and value:
                raise AwsError("InvalidParameterException", f"Trunkline does not support the override {member}.")
