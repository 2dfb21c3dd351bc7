"""Records as ECS describes them."""

from collections.abc import Iterable

from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ecs.model import (
    RUNNING,
    Cluster,
    Deployment,
    Launch,
    Service,
    Task,
    TaskContainer,
    TaskDefinition,
    TaskSet,
)


def tag_list(tags: dict[str, str]) -> list[Doc]:
    return [dict(pair) for pair in pairs(tags, key="key", value="value")]


def cluster(one: Cluster, counts: dict[str, int], include: Iterable[str] = ()) -> Doc:
    wanted = set(include)
    doc: Doc = {
        "clusterArn": f"arn:aws:ecs:{one.region}:{one.account}:cluster/{one.name}",
        "clusterName": one.name,
        "status": one.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": counts.get("running", 0),
        "pendingTasksCount": counts.get("pending", 0),
        "activeServicesCount": counts.get("services", 0),
        "statistics": [],
        "capacityProviders": one.capacity_providers,
        "defaultCapacityProviderStrategy": one.default_strategy,
        "tags": tag_list(one.tags) if "TAGS" in wanted else [],
        "settings": one.settings if "SETTINGS" in wanted else [],
    }
    if "STATISTICS" in wanted:
        doc["statistics"] = [
            {"name": "runningFargateTasksCount", "value": str(doc["runningTasksCount"])},
            {"name": "pendingFargateTasksCount", "value": str(doc["pendingTasksCount"])},
            {"name": "activeFargateServiceCount", "value": str(doc["activeServicesCount"])},
            {"name": "runningEC2TasksCount", "value": "0"},
            {"name": "pendingEC2TasksCount", "value": "0"},
            {"name": "activeEC2ServiceCount", "value": "0"},
            {"name": "drainingEC2ServiceCount", "value": "0"},
            {"name": "drainingFargateServiceCount", "value": "0"},
        ]
    if one.configuration and "CONFIGURATIONS" in wanted:
        doc["configuration"] = one.configuration
    return doc


def definition(one: TaskDefinition) -> Doc:
    doc: Doc = {
        **one.doc,
        "taskDefinitionArn": one.arn,
        "family": one.family,
        "revision": one.revision,
        "status": one.status,
        "registeredAt": one.registered_at,
        "registeredBy": one.registered_by,
        "deregisteredAt": one.deregistered_at,
        "deleteRequestedAt": one.delete_requested_at,
    }
    return {key: value for key, value in doc.items() if value is not None}


def service(one: Service, tasks: list[Task], sets: list[TaskSet], *, tags: bool) -> Doc:
    running, pending = counted(tasks)
    doc: Doc = {
        "serviceArn": one.arn,
        "serviceName": one.name,
        "clusterArn": one.cluster_arn,
        "loadBalancers": one.launch.load_balancers,
        "serviceRegistries": one.launch.registries,
        "status": one.status,
        "desiredCount": one.desired_count,
        "runningCount": running,
        "pendingCount": pending,
        **_launch(one.launch),
        "taskDefinition": one.task_definition or None,
        "deploymentConfiguration": one.configuration,
        "deployments": [deployment(each, tasks) for each in one.deployments],
        "roleArn": f"arn:aws:iam::{one.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "events": [{"id": e.id, "createdAt": e.created_at, "message": e.message} for e in reversed(one.events)],
        "createdAt": one.created_at,
        "placementConstraints": [],
        "placementStrategy": [],
        "healthCheckGracePeriodSeconds": one.grace_s if one.launch.load_balancers else None,
        "schedulingStrategy": one.scheduling,
        "deploymentController": {"type": one.controller},
        "createdBy": one.created_by,
        "enableECSManagedTags": one.managed_tags,
        "propagateTags": one.propagate_tags,
        "enableExecuteCommand": one.execute_command,
        "availabilityZoneRebalancing": "DISABLED",
    }
    if one.controller != "ECS":
        doc["taskSets"] = [task_set(each, one, tasks) for each in sets]
    if tags:
        doc["tags"] = tag_list(one.tags)
    return {key: value for key, value in doc.items() if value is not None}


def deployment(one: Deployment, tasks: list[Task]) -> Doc:
    running, pending = counted([task for task in tasks if task.owner == one.id])
    return {
        "id": one.id,
        "status": one.status,
        "taskDefinition": one.task_definition,
        "desiredCount": one.desired_count,
        "pendingCount": pending,
        "runningCount": running,
        "failedTasks": one.failed_tasks,
        "createdAt": one.created_at,
        "updatedAt": one.updated_at,
        **_launch(one.launch),
        "rolloutState": one.rollout_state,
        "rolloutStateReason": one.rollout_reason,
    }


def task_set(one: TaskSet, owner: Service, tasks: list[Task], *, tags: bool = False) -> Doc:
    running, pending = counted([task for task in tasks if task.owner == one.id])
    doc: Doc = {
        "id": one.id,
        "taskSetArn": one.arn,
        "serviceArn": owner.arn,
        "clusterArn": owner.cluster_arn,
        "startedBy": one.started_by or None,
        "externalId": one.external_id or None,
        "status": one.status,
        "taskDefinition": one.task_definition,
        "computedDesiredCount": one.computed_desired,
        "pendingCount": pending,
        "runningCount": running,
        "createdAt": one.created_at,
        "updatedAt": one.updated_at,
        **_launch(one.launch),
        "loadBalancers": one.launch.load_balancers,
        "serviceRegistries": one.launch.registries,
        "scale": {"value": one.scale_percent, "unit": "PERCENT"},
        "stabilityStatus": one.stability,
        "stabilityStatusAt": one.stability_at,
        "tags": tag_list(one.tags) if tags else [],
    }
    return {key: value for key, value in doc.items() if value is not None}


def counted(tasks: list[Task]) -> tuple[int, int]:
    """(running, pending) as services and deployments count them: what is being stopped counts no more."""
    wanted = [task for task in tasks if task.is_wanted]
    running = sum(task.last_status == RUNNING for task in wanted)
    return running, sum(task.is_starting for task in wanted)


def _launch(launch: Launch) -> Doc:
    doc: Doc = {"platformVersion": launch.platform_version, "platformFamily": "Linux"}
    if launch.capacity_provider_strategy:
        doc["capacityProviderStrategy"] = launch.capacity_provider_strategy
    else:
        doc["launchType"] = launch.launch_type
    if launch.network:
        doc["networkConfiguration"] = {"awsvpcConfiguration": launch.network}
    return doc


def task(one: Task, *, tags: bool = False) -> Doc:
    doc: Doc = {
        "taskArn": one.arn,
        "clusterArn": f"arn:aws:ecs:{one.region}:{one.account}:cluster/{one.cluster}",
        "taskDefinitionArn": one.task_definition,
        "attachments": [_attachment(one)],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": one.zone or None,
        "connectivity": "CONNECTED" if one.started_at else None,
        "connectivityAt": one.pull_started_at,
        "containers": [_container(each, one) for each in one.containers],
        "cpu": one.cpu or None,
        "memory": one.memory or None,
        "createdAt": one.created_at,
        "desiredStatus": one.desired_status,
        "enableExecuteCommand": one.execute_command,
        "group": one.group,
        "healthStatus": one.health,
        "lastStatus": one.last_status,
        "launchType": "FARGATE",
        "overrides": {"containerOverrides": [{"name": c.name} for c in one.containers], **one.overrides},
        "platformVersion": one.launch.platform_version,
        "platformFamily": "Linux",
        "pullStartedAt": one.pull_started_at,
        "pullStoppedAt": one.pull_stopped_at,
        "startedAt": one.started_at,
        "startedBy": one.started_by or None,
        "stopCode": one.stop_code or None,
        "stoppingAt": one.stopping_at,
        "executionStoppedAt": one.execution_stopped_at,
        "stoppedAt": one.stopped_at,
        "stoppedReason": one.stopped_reason or None,
        "version": one.version,
        "ephemeralStorage": {"sizeInGiB": 20},
        "tags": tag_list(one.tags) if tags else [],
    }
    strategy = one.launch.capacity_provider_strategy
    if strategy:
        doc["capacityProviderName"] = strategy[0]["capacityProvider"]
    return {key: value for key, value in doc.items() if value is not None}


def _attachment(one: Task) -> Doc:
    state = "ATTACHED" if one.ip else "PRECREATED"
    told = {
        "subnetId": one.subnet,
        "networkInterfaceId": one.interface_id,
        "macAddress": one.mac,
        "privateIPv4Address": one.ip,
    }
    details = [{"name": name, "value": value} for name, value in told.items() if value]
    status = "DELETED" if one.stopped_at else state
    return {"id": one.attachment_id, "type": "ElasticNetworkInterface", "status": status, "details": details}


def _container(one: TaskContainer, owner: Task) -> Doc:
    interface = {"attachmentId": owner.attachment_id, "privateIpv4Address": owner.ip}
    doc: Doc = {
        "containerArn": f"arn:aws:ecs:{owner.region}:{owner.account}:container/{owner.cluster}/{owner.id}/{one.id}",
        "taskArn": owner.arn,
        "name": one.name,
        "image": one.image,
        "imageDigest": one.digest or None,
        "runtimeId": one.runtime_id or None,
        "lastStatus": one.last_status,
        "exitCode": one.exit_code,
        "reason": one.reason or None,
        "networkBindings": [],
        "networkInterfaces": [interface] if owner.ip else [],
        "healthStatus": one.health,
        "cpu": str(one.cpu),
        "memory": None if one.memory_mib is None else str(one.memory_mib),
        "memoryReservation": None if one.memory_reservation_mib is None else str(one.memory_reservation_mib),
    }
    return {key: value for key, value in doc.items() if value is not None}
