"""One invocation of one version: limits of concurrency, the sandbox, metrics."""

import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core.log import get
from trunkline.engines import Engines
from trunkline.engines.functions import FunctionSpec, FunctionsUnavailable, Invocation, Outcome
from trunkline.services.lambda_ import runtimes
from trunkline.services.lambda_.model import Version
from trunkline.services.lambda_.naming import Found
from trunkline.services.lambda_.packages import Packages
from trunkline.services.lambda_.running.attaching import Attaching
from trunkline.services.lambda_.running.host import Logs, VersionHost
from trunkline.services.lambda_.running.metrics import Metrics
from trunkline.services.lambda_.running.tracing import Accepted, Tracing
from trunkline.services.lambda_.sources import local_reference

log = get(__name__)

ACCOUNT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be run, beyond the version."""

    payload: bytes
    request_id: str
    function_arn: str
    trace_header: str = ""
    """The X-Amzn-Trace-Id of the request."""
    client_context: str = ""
    want_tail: bool = False
    accepted: Accepted | None = None
    """Of an asynchronous one."""


class Runner:
    def __init__(self, kit: Kit, engines: Engines, packages: Packages) -> None:
        self._kit = kit
        self._engines = engines
        self._packages = packages
        self._retiring: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._in_use: Counter[tuple[str, str]] = Counter()
        self.logs = Logs(kit)
        self.attaching = Attaching(kit, engines)
        self.metrics = Metrics(kit)
        self._tracing = Tracing(kit)

    async def invoke(self, found: Found, wanted: Wanted) -> Outcome:
        """Run it; TooManyRequestsException beyond its concurrency, ServiceException when nothing can run."""
        version, function = found.version, found.function
        if version.state == "Pending":
            raise AwsError(
                "ResourceConflictException",
                f"The operation cannot be performed at this time. The function is currently in the following state: "
                f"Pending: {function.arn}",
                Type="User",
            )
        region = (function.account, function.region)
        traced = self._tracing.begin(version, wanted.trace_header, wanted.accepted)
        try:
            self._check_concurrency(found, region)
            outcome = await self._run(found, wanted, region, str(traced.header))
        except AwsError as error:
            self._tracing.not_run(traced, version, wanted.function_arn, wanted.request_id, error)
            raise
        self._tracing.ran(traced, version, wanted.function_arn, wanted.request_id, outcome)
        return outcome

    async def _run(self, found: Found, wanted: Wanted, region: tuple[str, str], trace_header: str) -> Outcome:
        version, function = found.version, found.function
        self._busy[function.arn] += 1
        self._in_use[region] += 1
        resource = f"{version.name}:{found.alias.name}" if found.alias else ""
        self.metrics.concurrent(version, self._busy[function.arn])
        try:
            spec = await self.spec(version)
            host = VersionHost(self._kit, self._engines, self.logs, self.attaching, version, spec)
            invocation = Invocation(
                request_id=wanted.request_id,
                payload=wanted.payload,
                function_arn=wanted.function_arn,
                trace_id=trace_header,
                client_context=wanted.client_context,
            )
            outcome = await self._engines.functions.invoke(spec, invocation, host, want_tail=wanted.want_tail)
        except FunctionsUnavailable as error:
            log.warning("a function could not be run", function=version.arn, error=error)
            raise _unavailable(str(error)) from error
        finally:
            self._busy[function.arn] -= 1
            self._in_use[region] -= 1
        self.metrics.ran(version, resource, outcome)
        return outcome

    def _check_concurrency(self, found: Found, region: tuple[str, str]) -> None:
        function = found.function
        reason = ""
        if function.reserved is not None:
            if self._busy[function.arn] >= function.reserved:
                reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
        elif self._in_use[region] >= ACCOUNT_LIMIT:
            reason = "ConcurrentInvocationLimitExceeded"
        if reason:
            self.metrics.throttled(found.version)
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", Reason=reason, Type="User")

    async def spec(self, version: Version) -> FunctionSpec:
        """The version as the engine runs it. Its key changes with everything a sandbox is made of."""
        config = version.config
        image_config = config.get("ImageConfig") or {}
        is_image = config["PackageType"] == "Image"
        layers = [layer.arn for layer in version.layers]
        identity = json.dumps([version.arn, version.code.sha256, layers, config], sort_keys=True)
        environment = (config.get("Environment") or {}).get("Variables") or {}
        return FunctionSpec(
            key=hashlib.sha256(identity.encode()).hexdigest(),
            family=version.arn,
            name=version.name,
            version=version.number,
            runtime=config.get("Runtime", ""),
            image=_image(self._kit, version),
            handler=config.get("Handler", ""),
            code_dir="" if is_image else self._packages.directory(version.code),
            layers_dir=await self._packages.layered([layer.code for layer in version.layers]),
            entrypoint=_words(image_config.get("EntryPoint")),
            command=_words(image_config.get("Command")) if is_image else (config["Handler"],),
            working_dir=image_config.get("WorkingDirectory") or (None if is_image else "/var/task"),
            environment=environment,
            memory_mb=config["MemorySize"],
            timeout_s=float(config["Timeout"]),
            log_format=config.get("LoggingConfig", {}).get("LogFormat", "Text"),
        )

    def retire(self, version: Version) -> None:
        """A function's configuration or code was changed: its old sandboxes are of no use any more.

        Nobody waits for their end: what is invoked from now on is of another key."""
        task = asyncio.get_running_loop().create_task(self._retire(version))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _retire(self, version: Version) -> None:
        await self._engines.functions.retire(version.arn, [(await self.spec(version)).key])

    async def stop(self) -> None:
        await self._tracing.stop()
        await self.metrics.stop()
        await self.logs.flush()


def _image(kit: Kit, version: Version) -> str:
    if version.config["PackageType"] == "Image":
        return local_reference(kit, version.code.image_uri)
    return runtimes.IMAGES[version.config["Runtime"]]


def _words(given: Any) -> tuple[str, ...] | None:
    return tuple(given) if given else None


def _unavailable(message: str) -> AwsError:
    if "cannot be assumed" in message:
        return AwsError("InvalidParameterValueException", message, Type="User")
    return AwsError("ServiceException", message, Type="Service")
