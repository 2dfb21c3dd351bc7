"""What is brought into containers from outside: credentials of the task role, secrets, the way to Trunkline."""

import json

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.services.ecs.model import Task, TaskDefinition
from trunkline.services.ecs.running import metadata
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.running.networking import Networking

_SESSION_S = 43_200
"""The longest there is: variables of a running container cannot be renewed."""
TASKS_PRINCIPAL = "ecs-tasks.amazonaws.com"
_NOT_READ = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
)


class Inputs:
    """Everything may be asked for again after a crash."""

    def __init__(self, kit: Kit, networking: Networking) -> None:
        self._kit = kit
        self._networking = networking

    async def execution_role(self, task: Task, definition: TaskDefinition) -> Caller | None:
        """As whom images are pulled, secrets read and log streams made."""
        arn = task.overrides.get("executionRoleArn") or definition.doc.get("executionRoleArn")
        if not arn:
            return None
        try:
            return await self._kit.call.assume(
                _role_arn(arn, task), service=TASKS_PRINCIPAL, region=task.region, session=task.id
            )
        except AwsError as error:
            raise StartFailure(
                f"{_NOT_READ}ECS was unable to assume the role '{arn}' of this task: {error.message}"
            ) from error

    async def environment(
        self, task: Task, definition: TaskDefinition, role: Caller | None
    ) -> dict[str, dict[str, str]]:
        """By container: Trunkline's variables, then the definition's, the override's, and secrets."""
        shared = await self._shared(task, definition)
        overrides = {one.get("name"): one for one in task.overrides.get("containerOverrides", [])}
        found = {}
        for one in definition.containers:
            values = {**shared, **self._told(task, definition, one["name"]), **_pairs(one.get("environment", []))}
            values |= _pairs(overrides.get(one["name"], {}).get("environment", []))
            for secret in one.get("secrets", []):
                values[secret["name"]] = await self._secret(secret["valueFrom"], task, role)
            found[one["name"]] = values
        return found

    async def _shared(self, task: Task, definition: TaskDefinition) -> dict[str, str]:
        host, settings = await self._networking.endpoint(), self._kit.settings
        values = {
            "AWS_REGION": task.region,
            "AWS_DEFAULT_REGION": task.region,
            "AWS_ENDPOINT_URL": f"http://{host}:{settings.port}",
            "AWS_XRAY_DAEMON_ADDRESS": f"{host}:{settings.xray_port}",
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        }
        arn = task.overrides.get("taskRoleArn") or definition.doc.get("taskRoleArn")
        if not arn:
            return values
        params = {"RoleArn": _role_arn(arn, task), "RoleSessionName": task.id, "DurationSeconds": _SESSION_S}
        try:
            issued = await self._kit.call(
                "sts", "AssumeRole", params, as_=Caller.service(TASKS_PRINCIPAL, task.account, task.region)
            )
        except AwsError as error:
            raise StartFailure(
                f"ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the "
                "role being passed has the proper trust relationship and permissions and that your IAM user has "
                f"permissions to pass this role. {error.message}"
            ) from error
        if self._networking.real:  # asked for at the task's own address, where they are renewed
            return values
        credentials = issued["Credentials"]
        values["AWS_ACCESS_KEY_ID"] = credentials["AccessKeyId"]
        values["AWS_SECRET_ACCESS_KEY"] = credentials["SecretAccessKey"]
        values["AWS_SESSION_TOKEN"] = credentials["SessionToken"]
        return values

    def _told(self, task: Task, definition: TaskDefinition, container: str) -> dict[str, str]:
        if not self._networking.real:
            return {}
        return metadata.variables(task.container(container), metadata.role_of(task, definition))

    async def _secret(self, source: str, task: Task, role: Caller | None) -> str:
        if role is None:
            raise StartFailure(f"{_NOT_READ}the task definition has no execution role")
        try:
            if ":secretsmanager:" in source:
                return await self._from_secrets_manager(source, role)
            params = {"Name": source, "WithDecryption": True}
            answer = await self._kit.call("ssm", "GetParameter", params, as_=role)
            return str(answer["Parameter"]["Value"])
        except AwsError as error:
            where = "asm" if ":secretsmanager:" in source else "ssm"
            raise StartFailure(
                f"{_NOT_READ}unable to retrieve secret from {where}: service call has been retried 1 time(s): "
                f"failed to fetch secret {source}: {error.code}: {error.message}"
            ) from error

    async def _from_secrets_manager(self, source: str, role: Caller) -> str:
        """arn:…:secret:name-suffix[:json-key:version-stage:version-id]"""
        parts = source.split(":")
        key, stage, version = (*parts[7:10], "", "", "")[:3]
        params: Doc = {"SecretId": ":".join(parts[:7])}
        if stage:
            params["VersionStage"] = stage
        if version:
            params["VersionId"] = version
        answer = await self._kit.call("secretsmanager", "GetSecretValue", params, as_=role)
        text = str(answer.get("SecretString", ""))
        if not key:
            return text
        try:
            value = json.loads(text)[key]
        except (ValueError, KeyError, TypeError) as error:
            raise StartFailure(
                f"{_NOT_READ}unable to retrieve secret from asm: retrieved secret from Secrets Manager did not "
                f"contain json key {key}"
            ) from error
        return value if isinstance(value, str) else json.dumps(value)


def _pairs(items: list[Doc]) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in items if one.get("name")}


def _role_arn(given: str, task: Task) -> str:
    return given if given.startswith("arn:") else f"arn:aws:iam::{task.account}:role/{given}"
