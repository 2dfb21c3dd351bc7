"""awslogs: what containers write, into CloudWatch Logs, each line once also across a crash."""

import asyncio

from trunkline.aws.errors import AwsError
from trunkline.aws.log_stream import LogStream
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get
from trunkline.engines.containers import Containers, batches
from trunkline.services.ecs.model import Task, container_name
from trunkline.services.ecs.placement import PRINCIPAL
from trunkline.services.ecs.running.failure import StartFailure

log = get(__name__)

_NOT_VALID = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "


class Logs:
    """One follower for each container that logs; begun again after a restart."""

    def __init__(self, kit: Kit, containers: Containers) -> None:
        self._kit = kit
        self._containers = containers
        self._followers: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def open(self, task: Task, container: Doc, role: Caller | None) -> None:
        """Make the stream as the execution role, so that a missing permission or group is told before the start."""
        options = _options(container)
        if options is None:
            return
        as_ = role or Caller.service(PRINCIPAL, task.account, task.region)
        as_ = Caller(
            as_.account, options["awslogs-region"], as_.principal, as_.source_ip, as_.user_agent, as_.access_key_id
        )
        group = {"logGroupName": options["awslogs-group"]}
        steps = [("CreateLogStream", {**group, "logStreamName": _stream(task, container, options)})]
        if options.get("awslogs-create-group") == "true":
            steps.insert(0, ("CreateLogGroup", group))
        for operation, params in steps:
            try:
                await self._kit.call("logs", operation, params, as_=as_)
            except AwsError as error:
                if error.code != "ResourceAlreadyExistsException":
                    what = "log group" if operation == "CreateLogGroup" else "Cloudwatch log stream"
                    raise StartFailure(
                        f"{_NOT_VALID}failed to create {what}: {error.code}: {error.message}", container["name"]
                    ) from error

    def follow(self, task: Task, container: Doc) -> None:
        """Follow the container if nobody does yet."""
        options = _options(container)
        key = (task.id, container["name"])
        running = self._followers.get(key)
        if options is None or (running is not None and not (running.done() and running.exception())):
            return
        self._followers[key] = asyncio.create_task(self._follow(task, container, options), name=f"logs-{task.id}")

    async def drain(self, task: Task, container: Doc, timeout_s: float) -> None:
        """Return when everything the stopped container wrote is stored, or cannot be."""
        self.follow(task, container)
        follower = self._followers.pop((task.id, container["name"]), None)
        if follower is None:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await follower
        except TimeoutError:
            log.warning("the end of a container's log was not stored in time", task=task.arn)
        except AwsError as error:
            log.warning("a container's log cannot be stored", task=task.arn, error=error)

    async def stop(self) -> None:
        """Leave off; nothing is lost."""
        for follower in self._followers.values():
            follower.cancel()
        await asyncio.gather(*self._followers.values(), return_exceptions=True)

    async def _follow(self, task: Task, container: Doc, options: Doc) -> None:
        caller = Caller.service(PRINCIPAL, task.account, options["awslogs-region"])
        stream = LogStream(self._kit.call, caller, options["awslogs-group"], _stream(task, container, options))
        name = container_name(self._kit.settings.instance_id, task.id, container["name"])
        async for batch in batches(self._containers, name, await stream.mark()):
            await stream.put([(line.timestamp_ns // 1_000_000, line.line) for line in batch], batch[-1].cursor)


def _options(container: Doc) -> Doc | None:
    configuration = container.get("logConfiguration") or {}
    found: Doc | None = configuration.get("options") if configuration.get("logDriver") == "awslogs" else None
    return found


def _stream(task: Task, container: Doc, options: Doc) -> str:
    return f"{options['awslogs-stream-prefix']}/{container['name']}/{task.id}"
