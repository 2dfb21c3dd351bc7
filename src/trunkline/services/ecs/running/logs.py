"""awslogs: what containers write, into CloudWatch Logs, each line once also across a crash.

The container engine's cursor of a batch's last line is committed with the batch by the logs service, and read back from
there after a restart.
"""

import asyncio
import contextlib

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get
from trunkline.engines.containers import Containers, ContainersError, LogLine, NoSuchContainer
from trunkline.services.ecs.model import Task, container_name
from trunkline.services.ecs.placement import PRINCIPAL
from trunkline.services.ecs.running.failure import StartFailure

log = get(__name__)

_BATCH_LINES = 1000
_BATCH_BYTES = 400_000
_FLUSH_S = 0.25
_LONGEST_LINE = 256_000
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
        as_ = Caller.service(PRINCIPAL, task.account, options["awslogs-region"])
        stream = {"logGroupName": options["awslogs-group"], "logStreamName": _stream(task, container, options)}
        name = container_name(self._kit.settings.instance_id, task.id, container["name"])
        lines: asyncio.Queue[LogLine | None] = asyncio.Queue(_BATCH_LINES * 2)
        reader = asyncio.create_task(self._read(name, await self._mark(stream, as_), lines))
        try:
            ended = False
            while not ended:
                batch, ended = await _batch(lines)
                if batch:
                    await self._put(stream, batch, as_)
        finally:
            reader.cancel()

    async def _read(self, name: str, after: str | None, lines: "asyncio.Queue[LogLine | None]") -> None:
        try:
            async for line in self._containers.logs(name, follow=True, after=after):
                await lines.put(line)
        except NoSuchContainer:
            pass
        except ContainersError as error:
            log.warning("a container's log ended early", container=name, error=error)
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await lines.put(None)

    async def _mark(self, stream: Doc, as_: Caller) -> str | None:
        params = {"logGroupName": stream["logGroupName"], "logStreamNamePrefix": stream["logStreamName"]}
        try:
            found = await self._kit.call("logs", "DescribeLogStreams", params, as_=as_)
        except AwsError:
            return None
        one: Doc = next((s for s in found["logStreams"] if s["logStreamName"] == stream["logStreamName"]), {})
        return one.get("uploadSequenceToken") or None

    async def _put(self, stream: Doc, batch: list[LogLine], as_: Caller) -> None:
        events: list[Doc] = [
            {
                "timestamp": line.timestamp_ns // 1_000_000,
                "message": line.line[:_LONGEST_LINE].decode("utf-8", "replace") or " ",
            }
            for line in batch
        ]
        events.sort(key=lambda event: event["timestamp"])
        try:
            params = {**stream, "logEvents": events, "sequenceToken": batch[-1].cursor}
            await self._kit.call("logs", "PutLogEvents", params, as_=as_)
        except AwsError as error:
            if error.code != "DataAlreadyAcceptedException":
                raise


def _options(container: Doc) -> Doc | None:
    configuration = container.get("logConfiguration") or {}
    found: Doc | None = configuration.get("options") if configuration.get("logDriver") == "awslogs" else None
    return found


def _stream(task: Task, container: Doc, options: Doc) -> str:
    return f"{options['awslogs-stream-prefix']}/{container['name']}/{task.id}"


async def _batch(lines: "asyncio.Queue[LogLine | None]") -> tuple[list[LogLine], bool]:
    """What has come, and whether that was the end."""
    first = await lines.get()
    if first is None:
        return [], True
    batch, size = [first], len(first.line)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FLUSH_S):
            while len(batch) < _BATCH_LINES and size < _BATCH_BYTES:
                line = await lines.get()
                if line is None:
                    return batch, True
                batch.append(line)
                size += len(line.line)
    return batch, False
