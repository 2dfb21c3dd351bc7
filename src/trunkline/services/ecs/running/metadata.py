"""What a task may ask of http://169.254.170.2: credentials of its role, renewed as they end, and what it is itself.

Only where networks are real. Nothing is secret in the paths: the address that a request comes from tells the task, and
no container can send from another's.
"""

from typing import Any

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.gateway import send_response
from trunkline.aws.http import Response
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.engines.networks import Networks
from trunkline.services.ecs import store
from trunkline.services.ecs.model import Task, TaskContainer, TaskDefinition

ROUTE = "/_trunkline/tasks/"
_ADDRESS = "http://169.254.170.2"
_PRINCIPAL = "ecs-tasks.amazonaws.com"
_SESSION_S = 3600


def variables(container: TaskContainer, role: str | None) -> dict[str, str]:
    """As AWS's agent gives them; the SDKs know these names."""
    found = {"ECS_CONTAINER_METADATA_URI_V4": f"{_ADDRESS}{ROUTE}v4/{container.id}"}
    if role:
        found["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"{ROUTE}credentials"
    return found


def role_of(task: Task, definition: TaskDefinition) -> str | None:
    """The ARN of the task's role."""
    given = task.overrides.get("taskRoleArn") or definition.doc.get("taskRoleArn")
    if not given or given.startswith("arn:"):
        return given or None
    return f"arn:aws:iam::{task.account}:role/{given}"


class Metadata:
    """An ASGI application below ROUTE."""

    def __init__(self, kit: Kit, networks: Networks) -> None:
        self._kit = kit
        self._networks = networks

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["raw_path"].decode("latin-1").removeprefix(ROUTE).rstrip("/")
        await send_response(await self._answer(scope["client"][0], path), send)

    async def _answer(self, client: str, path: str) -> Response:
        task = self._task(client)
        definition = store.definition_of(self._kit.db, task.task_definition) if task else None
        if task is None or definition is None:
            return _json({"message": "No task has this address."}, 403)
        if path == "credentials":
            return await self._credentials(task, definition)
        kind, _, rest = path.partition("/")
        container_id, _, what = rest.partition("/")
        asking = next((one for one in task.containers if one.id == container_id), None)
        if kind == "v4" and asking is not None and what == "":
            return _json(_container(task, asking))
        if kind == "v4" and asking is not None and what == "task":
            return _json(_whole(task, definition))
        return _json({"message": f"There is no {path} here."}, 404)

    def _task(self, client: str) -> Task | None:
        where = self._networks.whose(client)
        if where is None:
            return None
        return next((one for one in store.TASKS.find(self._kit.db, active=1) if (one.vpc, one.ip) == where), None)

    async def _credentials(self, task: Task, definition: TaskDefinition) -> Response:
        role = role_of(task, definition)
        if role is None:
            return _json({"message": "The task has no role."}, 404)
        params = {"RoleArn": role, "RoleSessionName": task.id, "DurationSeconds": _SESSION_S}
        as_ = Caller.service(_PRINCIPAL, task.account, task.region)
        try:
            issued = (await self._kit.call("sts", "AssumeRole", params, as_=as_))["Credentials"]
        except AwsError as error:
            return _json({"code": error.code, "message": error.message}, 400)
        return _json(
            {
                "RoleArn": role,
                "AccessKeyId": issued["AccessKeyId"],
                "SecretAccessKey": issued["SecretAccessKey"],
                "Token": issued["SessionToken"],
                "Expiration": issued["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )


def _container(task: Task, one: TaskContainer) -> Doc:
    return {
        "DockerId": one.runtime_id,
        "Name": one.name,
        "Image": one.image,
        "ImageID": one.digest,
        "DesiredStatus": task.desired_status,
        "KnownStatus": one.last_status,
        "Limits": {"CPU": one.cpu, "Memory": one.memory_mib or 0},
        "Type": "NORMAL",
        "ContainerARN": f"{task.arn.replace(':task/', ':container/')}/{one.id}",
        "Labels": {
            "com.amazonaws.ecs.cluster": task.cluster,
            "com.amazonaws.ecs.container-name": one.name,
            "com.amazonaws.ecs.task-arn": task.arn,
        },
        "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": [task.ip], "MACAddress": task.mac}],
    }


def _whole(task: Task, definition: TaskDefinition) -> Doc:
    return {
        "Cluster": task.cluster,
        "TaskARN": task.arn,
        "Family": definition.family,
        "Revision": str(definition.revision),
        "DesiredStatus": task.desired_status,
        "KnownStatus": task.last_status,
        "AvailabilityZone": task.zone,
        "VPCID": task.vpc,
        "LaunchType": "FARGATE",
        "Containers": [_container(task, one) for one in task.containers],
    }


def _json(body: Doc, status: int = 200) -> Response:
    return Response(status, [("content-type", "application/json")], orjson.dumps(body))
