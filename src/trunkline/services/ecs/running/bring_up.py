"""PROVISIONING → RUNNING. Each step looks first what is there, so that it can be repeated after a crash anywhere."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from trunkline.aws.service import Caller, Kit
from trunkline.engines.containers import (
    Container,
    Containers,
    ContainersError,
    ContainerState,
    ContainersUnavailable,
    Health,
    Image,
    NoSuchContainer,
)
from trunkline.services.ecs.model import (
    ACTIVATING,
    PENDING,
    RUNNING,
    Doc,
    Task,
    TaskDefinition,
    container_name,
)
from trunkline.services.ecs.running import specs
from trunkline.services.ecs.running.balancing import Balancing, target_groups
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.running.images import Images, digest_of
from trunkline.services.ecs.running.inputs import Inputs
from trunkline.services.ecs.running.logs import Logs
from trunkline.services.ecs.running.networking import Networking
from trunkline.services.ecs.running.record import Record, TaskKey

T = TypeVar("T")
_LOOK_S = 0.2
_DEFAULT_START_TIMEOUT_S = 180


class StopAsked(Exception):
    """The task is to stop; bringing it up is given up between two steps."""


class BringUp:
    """For any number of tasks at once."""

    def __init__(
        self,
        kit: Kit,
        containers: Containers,
        networking: Networking,
        record: Record,
        logs: Logs,
        balancing: Balancing,
    ) -> None:
        self._kit = kit
        self._containers = containers
        self._record = record
        self._logs = logs
        self._balancing = balancing
        self._images = Images(kit, containers)
        self._networking = networking
        self._inputs = Inputs(kit, networking)
        self._instance_id = kit.settings.instance_id

    async def run(self, key: TaskKey, unless_stopped: Callable[[Awaitable[T]], Awaitable[T]]) -> None:
        """`unless_stopped` awaits something that may take long, or raises StopAsked."""
        await self._networking.begin(key, self._task(key))
        task = self._task(key)
        definition = self._record.definition(task)
        if task.last_status == PENDING:
            role = await self._inputs.execution_role(task, definition)
            environment = await self._inputs.environment(task, definition, role)
            images = await unless_stopped(self._pull(key, definition, role))  # type: ignore[arg-type]
            where = await self._networking.join(self._task(key), definition)
            for one in specs.in_order(definition.containers):
                await unless_stopped(self._depends(task, one))  # type: ignore[arg-type]
                self._task(key)
                await self._logs.open(task, one, role)
                await self._start(key, definition, one, images[one["name"]], environment[one["name"]], where)  # type: ignore[index]
                self._logs.follow(task, one)
            await self._record.status(key, ACTIVATING)
        task = self._task(key)
        await self._balancing.register(task)

        def running(fresh: Task) -> None:
            fresh.last_status, fresh.started_at = RUNNING, self._kit.clock.now()
            fresh.is_registered = bool(fresh.launch.load_balancers)

        said = [f"registered 1 targets in (target-group {group})" for group in target_groups(task)]
        await self._record.change(key, running, say=said)

    def _task(self, key: TaskKey) -> Task:
        """The row as it is now, unless it was asked to stop meanwhile."""
        task = self._record.task(key)
        if task is None or not task.is_wanted:
            raise StopAsked
        return task

    async def _pull(self, key: TaskKey, definition: TaskDefinition, role: Caller | None) -> dict[str, Image]:
        images = {}
        for one in definition.containers:
            images[one["name"]] = await self._images.present(one["image"], role, one["name"])

        def pulled(task: Task) -> None:
            task.pull_stopped_at = self._kit.clock.now()
            for one in task.containers:
                one.digest = digest_of(images[one.name], one.image)

        await self._record.change(key, pulled, silent=True)
        return images

    async def _start(
        self, key: TaskKey, definition: TaskDefinition, one: Doc, image: Image, environment: dict[str, str], where: str
    ) -> None:
        task = self._task(key)
        name = container_name(self._instance_id, task.id, one["name"])
        try:
            # Found by its name and not by its whole specification: credentials differ each time they are asked for.
            known = await self._known(name)
            if known is None:
                container = await self._containers.create(
                    specs.spec(self._instance_id, task, definition, one, image, environment, where)
                )
                await self._containers.start(container)
            elif known.state is ContainerState.CREATED:
                await self._containers.start(known.id)
            runtime_id = (await self._containers.inspect(name)).id
        except ContainersUnavailable:
            raise
        except ContainersError as error:
            raise StartFailure(
                "Task failed to start", one["name"], f"CannotStartContainerError: Error response from daemon: {error}"
            ) from error

        def started(fresh: Task) -> None:
            seen = fresh.container(one["name"])
            seen.runtime_id, seen.last_status = runtime_id, RUNNING

        await self._record.change(key, started, silent=True)

    async def _known(self, name: str) -> Container | None:
        try:
            return await self._containers.inspect(name)
        except NoSuchContainer:
            return None

    async def _depends(self, task: Task, one: Doc) -> None:
        """Wait for what the container depends on."""
        timeout_s = float(one.get("startTimeout", _DEFAULT_START_TIMEOUT_S))
        for other in one.get("dependsOn", []):
            name = container_name(self._instance_id, task.id, other["containerName"])
            try:
                async with asyncio.timeout(timeout_s):
                    await self._reached(name, other["containerName"], other["condition"])
            except TimeoutError as error:
                raise StartFailure(
                    "Task failed to start",
                    one["name"],
                    f"dependency {other['containerName']} did not become {other['condition']} within {timeout_s:g} s",
                ) from error

    async def _reached(self, engine_name: str, name: str, condition: str) -> None:
        while True:
            seen = await self._known(engine_name)
            if seen is None:
                raise StartFailure("Task failed to start", name, f"container {name} was removed")
            ended = seen.state is ContainerState.EXITED
            if condition == "START" or (condition == "COMPLETE" and ended):
                return
            if condition == "SUCCESS" and ended:
                if seen.exit_code:
                    raise StartFailure("Task failed to start", name, f"container {name} exited with {seen.exit_code}")
                return
            if condition == "HEALTHY":
                if seen.health is Health.HEALTHY:
                    return
                if ended or seen.health is Health.UNHEALTHY:
                    raise StartFailure("Task failed to start", name, f"container {name} did not become healthy")
            await asyncio.sleep(_LOOK_S)
