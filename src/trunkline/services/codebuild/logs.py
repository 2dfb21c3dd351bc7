"""A build's output, line by line from its container into CloudWatch Logs, each line once also across a crash."""

import asyncio

from trunkline.aws.log_stream import LogStream
from trunkline.aws.service import Caller, Kit
from trunkline.engines.containers import Containers, batches
from trunkline.services.codebuild.model import Build, container_name

_OWN = "say:"  # marks of CodeBuild's own lines, which say nothing about the container's


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

    async def say(self, build: Build, text: str, name: str) -> None:
        """A line of CodeBuild itself, before the container speaks; `name` makes it be there once."""
        if build.logs_enabled:
            stream = self._stream(build)
            await stream.open()
            now = self._kit.clock.now()
            line = f"[Container] {now.strftime('%Y/%m/%d %H:%M:%S')} {text}"
            await stream.put([(int(now.timestamp() * 1000), line.encode())], _OWN + name)

    async def _follow(self, build: Build) -> None:
        stream = self._stream(build)
        await stream.open()
        mark = await stream.mark()
        after = None if mark is None or mark.startswith(_OWN) else mark
        name = container_name(self._kit.settings.instance_id, build.id)
        async for batch in batches(self._containers, name, after):
            await stream.put([(line.timestamp_ns // 1_000_000, line.line) for line in batch], batch[-1].cursor)

    def _stream(self, build: Build) -> LogStream:
        caller = Caller.service("codebuild.amazonaws.com", build.account, build.region)
        return LogStream(self._kit.call, caller, build.log_group, build.log_stream)
