"""What a sandbox gets from Lambda: its variables, and a way for its log into CloudWatch Logs."""

import asyncio
from collections.abc import Sequence

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines import Engines
from trunkline.engines.functions import FunctionSpec, FunctionsUnavailable, Place
from trunkline.services.lambda_ import configuration
from trunkline.services.lambda_.model import Version
from trunkline.services.lambda_.running.attaching import Attaching

log = get(__name__)

PRINCIPAL = "lambda.amazonaws.com"
_SESSION_S = 43_200
_FLUSH_S = 0.05
_BATCH = 1000
_LONGEST = 256_000


class Logs:
    """Lines of all sandboxes, written stream by stream in batches, in the background."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._waiting: dict[tuple[str, str, str, str], list[tuple[int, bytes]]] = {}
        self._writing: set[tuple[str, str, str, str]] = set()
        self._made: set[tuple[str, str, str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, account: str, region: str, group: str, stream: str, lines: Sequence[tuple[int, bytes]]) -> None:
        key = (account, region, group, stream)
        self._waiting.setdefault(key, []).extend(lines)
        if key not in self._writing:
            self._writing.add(key)
            task = asyncio.get_running_loop().create_task(self._write(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Return when everything that was said is stored."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, key: tuple[str, str, str, str]) -> None:
        account, region, group, stream = key
        caller = Caller.service(PRINCIPAL, account, region)
        try:
            while self._waiting.get(key):
                await asyncio.sleep(_FLUSH_S)
                lines, self._waiting[key] = self._waiting[key][:_BATCH], self._waiting[key][_BATCH:]
                events = [
                    {"timestamp": at_ms, "message": text[:_LONGEST].decode("utf-8", "replace") + "\n"}
                    for at_ms, text in sorted(lines, key=lambda line: line[0])
                ]
                await self._put(caller, group, stream, events)
        except AwsError as error:
            log.warning("a function's log could not be written", group=group, error=error)
        finally:
            self._writing.discard(key)
            self._waiting.pop(key, None)

    async def _put(self, caller: Caller, group: str, stream: str, events: list[dict[str, object]]) -> None:
        names = {"logGroupName": group, "logStreamName": stream}
        for attempt in (1, 2):
            try:
                await self._kit.call("logs", "PutLogEvents", {**names, "logEvents": events}, as_=caller)
                return
            except AwsError as error:
                if error.code != "ResourceNotFoundException" or attempt == 2:
                    raise
            for operation, params in (("CreateLogGroup", {"logGroupName": group}), ("CreateLogStream", names)):
                try:
                    await self._kit.call("logs", operation, params, as_=caller)
                except AwsError as error:
                    if error.code != "ResourceAlreadyExistsException":
                        raise


class VersionHost:
    """`Host` of the sandboxes of one version of a function."""

    def __init__(
        self, kit: Kit, engines: Engines, logs: Logs, attaching: Attaching, version: Version, spec: FunctionSpec
    ) -> None:
        self._kit = kit
        self._engines = engines
        self._logs = logs
        self._attaching = attaching
        self._version = version
        self._spec = spec
        self._group = configuration.log_group(version)

    async def place(self, sandbox_id: str) -> Place | None:
        return await self._attaching.attach(self._version, sandbox_id)

    async def leave(self, sandbox_id: str) -> None:
        await self._attaching.detach(sandbox_id)

    def log(self, stream: str, lines: Sequence[tuple[int, bytes]]) -> None:
        self._logs.add(self._version.account, self._version.region, self._group, stream, lines)

    async def environment(self, stream: str) -> dict[str, str]:
        version, spec = self._version, self._spec
        # The same address as in the URLs that CloudFormation hands to functions: the CDK's handlers speak TLS to those,
        # which the runtime's preload undoes for the endpoint's own host.
        home = self._engines.networks.endpoint or (await self._engines.containers.home_network()).gateway
        host = home or self._kit.settings.host
        runtime = spec.runtime
        return {
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            **spec.environment,
            **await self._credentials(),
            "AWS_REGION": version.region,
            "AWS_DEFAULT_REGION": version.region,
            "AWS_ENDPOINT_URL": f"http://{host}:{self._kit.settings.port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": version.name,
            "AWS_LAMBDA_FUNCTION_VERSION": version.number,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_LAMBDA_LOG_FORMAT": spec.log_format,
            **({"AWS_LAMBDA_LOG_LEVEL": level} if (level := self._level()) else {}),
            **({"AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}", "_HANDLER": spec.handler} if runtime else {}),
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": f"{host}:{self._kit.settings.xray_port}",
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
        }

    def _level(self) -> str:
        logging = self._version.config.get("LoggingConfig", {})
        return str(logging.get("ApplicationLogLevel", "INFO")) if logging.get("LogFormat") == "JSON" else ""

    async def _credentials(self) -> dict[str, str]:
        version = self._version
        caller = Caller.service(PRINCIPAL, version.account, version.region)
        params = {
            "RoleArn": version.config["Role"],
            "RoleSessionName": f"{version.name:_<2}"[:64],
            "DurationSeconds": _SESSION_S,
        }
        try:
            try:
                issued = await self._kit.call("sts", "AssumeRole", params, as_=caller)
            except AwsError as error:
                if error.code != "ValidationError":  # the role allows only shorter sessions
                    raise
                issued = await self._kit.call("sts", "AssumeRole", {**params, "DurationSeconds": 3600}, as_=caller)
        except AwsError as error:
            raise FunctionsUnavailable(
                f"The role defined for the function cannot be assumed by Lambda. {error.message}"
            ) from error
        found = issued["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
        }
