"""A build's output, line by line from its container into CloudWatch Logs, each line once also across a crash.

The container engine's cursor of the last line of a batch is committed with the batch (see services/logs), so that a
follower that starts anew goes on right behind it.
"""

import asyncio
import contextlib

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines.containers import Containers, ContainersError, LogLine
from trunkline.services.codebuild.model import Build, Doc, container_name

log = get(__name__)

_BATCH_LINES = 500
_BATCH_BYTES = 200_000
_FLUSH_S = 0.25


class LogFollowers:
    """One follower for each build that runs; they are started again after a restart."""

    def __init__(self, kit: Kit, containers: Containers) -> None:
        self._kit = kit
        self._containers = containers
        self._running: dict[str, asyncio.Task[None]] = {}

    def ensure(self, build: Build) -> None:
        """Follow the build's container if nobody does yet."""
        task = self._running.get(build.id)
        if build.logs_enabled and (task is None or (task.done() and task.exception() is not None)):
            self._running[build.id] = asyncio.create_task(self._follow(build), name=f"logs-{build.id}")

    async def drain(self, build: Build) -> None:
        """Return when everything the container wrote is stored."""
        self.ensure(build)
        task = self._running.pop(build.id, None)
        if task is not None:
            await task

    async def stop(self) -> None:
        """Leave off; nothing is lost."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def say(self, build: Build, text: str, mark: str) -> None:
        """A line of CodeBuild itself, before the container speaks or after; `mark` makes it be there once."""
        if build.logs_enabled:
            await self._open(build)
            now = self._kit.clock.now()
            line = f"[Container] {now.strftime('%Y/%m/%d %H:%M:%S')} {text}"
            await self._put(build, [{"timestamp": int(now.timestamp() * 1000), "message": line}], mark)

    async def _follow(self, build: Build) -> None:
        await self._open(build)
        after = await self._mark(build)
        lines: asyncio.Queue[LogLine | None] = asyncio.Queue(_BATCH_LINES * 2)
        reader = asyncio.create_task(self._read(build, after, lines))
        try:
            ended = False
            while not ended:
                batch, ended = await _batch(lines)
                if batch:
                    events: list[Doc] = [
                        {
                            "timestamp": line.timestamp_ns // 1_000_000,
                            "message": line.line.decode("utf-8", "replace") or " ",
                        }
                        for line in batch
                    ]
                    events.sort(key=lambda event: event["timestamp"])
                    await self._put(build, events, batch[-1].cursor)
            await reader
        finally:
            reader.cancel()

    async def _read(self, build: Build, after: str | None, lines: "asyncio.Queue[LogLine | None]") -> None:
        name = container_name(self._kit.settings.instance_id, build.id)
        try:
            async for line in self._containers.logs(name, follow=True, after=after):
                await lines.put(line)
        except ContainersError as error:
            log.warning("a build's log ended early", build=build.id, error=error)
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await lines.put(None)

    async def _open(self, build: Build) -> None:
        as_ = self._caller(build)
        for operation, params in (
            ("CreateLogGroup", {"logGroupName": build.log_group}),
            ("CreateLogStream", {"logGroupName": build.log_group, "logStreamName": build.log_stream}),
        ):
            try:
                await self._kit.call("logs", operation, params, as_=as_)
            except AwsError as error:
                if error.code != "ResourceAlreadyExistsException":
                    raise

    async def _mark(self, build: Build) -> str | None:
        params = {"logGroupName": build.log_group, "logStreamNamePrefix": build.log_stream}
        found = await self._kit.call("logs", "DescribeLogStreams", params, as_=self._caller(build))
        stream: Doc = next((s for s in found["logStreams"] if s["logStreamName"] == build.log_stream), {})
        mark: str = stream.get("uploadSequenceToken", "")
        return mark if mark and not mark.startswith("say:") else None

    async def _put(self, build: Build, events: list[Doc], mark: str) -> None:
        params = {
            "logGroupName": build.log_group,
            "logStreamName": build.log_stream,
            "logEvents": events,
            "sequenceToken": mark,
        }
        try:
            await self._kit.call("logs", "PutLogEvents", params, as_=self._caller(build))
        except AwsError as error:
            if error.code != "DataAlreadyAcceptedException":
                raise

    def _caller(self, build: Build) -> Caller:
        return Caller.service("codebuild.amazonaws.com", build.account, build.region)


async def _batch(lines: "asyncio.Queue[LogLine | None]") -> tuple[list[LogLine], bool]:
    """What has come, at least one line; and whether that was the end."""
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
