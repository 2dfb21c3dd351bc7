"""Everything a build's container is made of: image, environment, source, mounts."""

import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import orjson

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.image_names import ecr_image
from trunkline.aws.service import Caller, Kit
from trunkline.engines import Engines
from trunkline.engines.containers import (
    ContainersError,
    ContainerSpec,
    Mount,
    NoSuchImage,
    PullDenied,
    RegistryAuth,
)
from trunkline.services.codebuild import agent, remote, store
from trunkline.services.codebuild.buildspec import Buildspec
from trunkline.services.codebuild.model import SOURCE_DIR, Build, Doc, container_name

_CURATED = re.compile(r"aws/codebuild/[\w.\-]+(:[\w.\-]+)?")
CURATED_IMAGE = "trunkline/codebuild:3"
_DOCKER_SOCKET = "/var/run/docker.sock"
_COMPUTE = {
    "BUILD_GENERAL1_SMALL": (2, 4), "BUILD_GENERAL1_MEDIUM": (4, 8), "BUILD_GENERAL1_LARGE": (8, 16),
    "BUILD_GENERAL1_XLARGE": (36, 72), "BUILD_GENERAL1_2XLARGE": (72, 144),
}  # fmt: skip


class ProvisioningError(Exception):
    """The build cannot be set up; `code` as AWS has it, the message one sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Provisioning:
    """Used by the workflow's steps; everything may be repeated."""

    def __init__(self, kit: Kit, engines: Engines) -> None:
        self._kit = kit
        self._engines = engines
        self._containers = engines.containers

    async def role(self, build: Build) -> Caller:
        """The caller for the build's service role."""
        role_arn: str = build.settings["serviceRole"]
        try:
            return await self._kit.call.assume(role_arn, service="codebuild.amazonaws.com", region=build.region)
        except AwsError as error:
            message = (
                f"CodeBuild is not authorized to perform: sts:AssumeRole on service role {role_arn}: {error.message}"
            )
            raise ProvisioningError("ACCESS_DENIED", message) from error

    async def source(self, build: Build, source: Doc, version: str) -> tuple[bytes, str]:
        """A source as a zip archive (nothing for NO_SOURCE), and the version it turned out to be."""
        role = await self.role(build)
        try:
            match source["type"]:
                case "NO_SOURCE":
                    return b"", ""
                case "S3":
                    return await self._from_s3(role, source["location"], version)
                case "CODECOMMIT":
                    return await self._from_codecommit(role, source["location"], version)
                case kind if kind in remote.KINDS:
                    known = store.credentials.get(self._kit.db, build.account, build.region, kind)
                    return await remote.fetch(source["location"], version, known)
        except remote.FetchError as error:
            raise ProvisioningError(
                "CLIENT_ERROR", f"The source {source['location']} cannot be fetched: {error}"
            ) from error
        except AwsError as error:
            message = f"The source {source.get('location', '')} cannot be read: {error.message or error.code}"
            raise ProvisioningError("CLIENT_ERROR", message) from error
        raise ProvisioningError("CLIENT_ERROR", f"Sources of type {source['type']} are not supported here.")

    async def _from_s3(self, role: Caller, location: str, version: str) -> tuple[bytes, str]:
        bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
        params = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        answer = await self._kit.call("s3", "GetObject", params, as_=role)
        content = await _whole(answer["Body"])
        return content, answer.get("VersionId", "")

    async def _from_codecommit(self, role: Caller, location: str, version: str) -> tuple[bytes, str]:
        name = location.rstrip("/").rpartition("/")[2]
        about = (await self._kit.call("codecommit", "GetRepository", {"repositoryName": name}, as_=role))[
            "repositoryMetadata"
        ]
        rev = version or about.get("defaultBranch", "main")
        commit = await self._engines.git.resolve(about["repositoryId"], rev.removeprefix("refs/heads/"))
        if commit is None:
            raise ProvisioningError("CLIENT_ERROR", f"The repository {name} has no revision {rev}.")
        return await _whole(self._engines.git.archive(about["repositoryId"], commit, "zip")), commit

    async def image(self, build: Build) -> str:
        """The image on this machine, pulled if need be."""
        wanted: str = build.settings["environment"]["image"]
        if _CURATED.fullmatch(wanted):
            wanted = CURATED_IMAGE
        auth = None
        registry = f"{self._kit.settings.host}:{self._kit.settings.port}"
        if (ecr := ecr_image(wanted)) is not None:
            wanted = f"{registry}/{ecr.name}"
        try:
            if wanted.startswith(f"{registry}/"):
                auth = await self._registry_auth(build)
                return (await self._containers.pull(wanted, auth=auth)).id
            try:
                return (await self._containers.image(wanted)).id
            except NoSuchImage:
                return (await self._containers.pull(wanted)).id
        except PullDenied as error:
            raise ProvisioningError(
                "CLIENT_ERROR", f"Unable to pull the build image {wanted}: access denied."
            ) from error
        except ContainersError as error:
            raise ProvisioningError(
                "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", f"Unable to pull the build image {wanted}: {error}"
            ) from error

    async def _registry_auth(self, build: Build) -> RegistryAuth:
        answer = await self._kit.call("ecr", "GetAuthorizationToken", {}, as_=await self.role(build))
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
        user, _, password = token.partition(":")
        return RegistryAuth(user, password)

    async def environment(self, build: Build, spec: Buildspec) -> dict[str, str]:
        """The build's variables: CodeBuild's own, the buildspec's, the project's and the caller's, in that order."""
        role = await self.role(build)
        own = await self._own_variables(build)
        values = {**spec.variables}
        for name, key in spec.parameter_store.items():
            values[name] = await self._parameter(role, key)
        for name, key in spec.secrets_manager.items():
            values[name] = await self._secret(role, key)
        for variable in build.settings["environment"].get("environmentVariables", []):
            kind = variable.get("type", "PLAINTEXT")
            if kind == "PARAMETER_STORE":
                values[variable["name"]] = await self._parameter(role, variable["value"])
            elif kind == "SECRETS_MANAGER":
                values[variable["name"]] = await self._secret(role, variable["value"])
            else:
                values[variable["name"]] = variable["value"]
        return {**own, **values}

    async def _own_variables(self, build: Build) -> dict[str, str]:
        issued = await self._kit.call(
            "sts",
            "AssumeRole",
            {"RoleArn": build.settings["serviceRole"], "RoleSessionName": f"AWSCodeBuild-{build.id.split(':')[1]}"},
            as_=Caller.service("codebuild.amazonaws.com", build.account, build.region),
        )
        credentials = issued["Credentials"]
        network = await self._containers.home_network()
        return {
            "CI": "true",
            "HOME": "/root",
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_REGION": build.region,
            "AWS_DEFAULT_REGION": build.region,
            "AWS_ENDPOINT_URL": f"http://{network.gateway}:{self._kit.settings.port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CODEBUILD_CI": "true",
            "CODEBUILD_BUILD_ID": build.id,
            "CODEBUILD_BUILD_ARN": build.arn,
            "CODEBUILD_BUILD_NUMBER": str(build.number),
            "CODEBUILD_BUILD_IMAGE": build.settings["environment"]["image"],
            "CODEBUILD_INITIATOR": build.initiator,
            "CODEBUILD_LOG_PATH": build.log_stream,
            "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_source_version,
            "CODEBUILD_SOURCE_VERSION": build.source_version,
            "CODEBUILD_SOURCE_REPO_URL": build.settings["source"].get("location", ""),
            "CODEBUILD_SRC_DIR": SOURCE_DIR,
            "CODEBUILD_START_TIME": str(int(build.started.timestamp() * 1000)),
            **{
                f"CODEBUILD_SRC_DIR_{source['sourceIdentifier']}": f"/codebuild/output/{source['sourceIdentifier']}"
                for source in build.settings.get("secondarySources", [])
            },
        }

    async def _parameter(self, role: Caller, name: str) -> str:
        try:
            answer = await self._kit.call("ssm", "GetParameter", {"Name": name, "WithDecryption": True}, as_=role)
        except AwsError as error:
            raise ProvisioningError("CLIENT_ERROR", f"The parameter {name} cannot be read: {error.message}") from error
        return str(answer["Parameter"]["Value"])

    async def _secret(self, role: Caller, reference: str) -> str:
        """`secret-id[:json-key[:version-stage[:version-id]]]`; the id may be an ARN."""
        secret, rest = reference, ""
        if reference.startswith("arn:"):
            parsed = arns.parse(reference)
            pieces = parsed.resource.split(":")
            secret = str(parsed._replace(resource=":".join(pieces[:2])))
            rest = ":".join(pieces[2:])
        else:
            secret, _, rest = reference.partition(":")
        key, stage, version = [*rest.split(":"), "", "", ""][:3]
        params: Doc = {"SecretId": secret}
        if stage:
            params["VersionStage"] = stage
        if version:
            params["VersionId"] = version
        try:
            text = str(
                (await self._kit.call("secretsmanager", "GetSecretValue", params, as_=role)).get("SecretString", "")
            )
        except AwsError as error:
            raise ProvisioningError("CLIENT_ERROR", f"The secret {secret} cannot be read: {error.message}") from error
        if not key:
            return text
        try:
            return str(orjson.loads(text)[key])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ProvisioningError("CLIENT_ERROR", f"The secret {secret} has no key {key}.") from error

    async def start(
        self, build: Build, image: str, environment: dict[str, str], archives: list[tuple[str, bytes]]
    ) -> None:
        """Make the container, put everything into it and let it run; once, however often this is repeated."""
        settings = build.settings["environment"]
        cpus, memory_gib = _COMPUTE.get(settings["computeType"], (2, 4))
        mounts = (Mount(_DOCKER_SOCKET, _DOCKER_SOCKET),) if settings.get("privilegedMode") else ()
        network = await self._containers.home_network()
        name = container_name(self._kit.settings.instance_id, build.id)
        try:
            container = await self._containers.create(
                ContainerSpec(
                    name=name,
                    image=image,
                    entrypoint=(),
                    command=agent.COMMAND,
                    environment=environment,
                    labels={"trunkline.service": "codebuild", "trunkline.build": build.id},
                    network=network.name,
                    mounts=mounts,
                    cpu_count=cpus,
                    memory_bytes=memory_gib * 1024**3,
                    user="root",
                    init=True,
                    stop_timeout_s=2,
                )
            )
            if (await self._containers.inspect(container)).started_at is None:
                for path, archive in archives:
                    await self._containers.put_archive(container, path, archive)
                await self._containers.start(container)
        except ContainersError as error:
            raise ProvisioningError(
                "BUILD_CONTAINER_START_FAILED", f"The build container did not start: {error}"
            ) from error


async def _whole(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    stream: AsyncIterator[bytes] = body
    return b"".join([chunk async for chunk in stream])
