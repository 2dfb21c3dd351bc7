"""To STOPPED: out of the load balancers first, so that no request fails; then the containers; then their remains."""

import asyncio

from trunkline.aws.service import Kit
from trunkline.engines.containers import Container, Containers, ContainerState, NoSuchContainer
from trunkline.services.ecs.model import (
    ACTIVATING,
    DEACTIVATING,
    DEPROVISIONING,
    RUNNING,
    STOPPED,
    STOPPING,
    Doc,
    Task,
    container_name,
)
from trunkline.services.ecs.running import specs
from trunkline.services.ecs.running.balancing import Balancing, target_groups
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.running.logs import Logs
from trunkline.services.ecs.running.networking import Networking
from trunkline.services.ecs.running.record import Record, TaskKey
from trunkline.services.ecs.running.watch import take_over

_LOOK_S = 0.1
_LOGS_S = 15.0


class WindDown:
    """For any number of tasks at once; every step may be repeated."""

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
        self._networking = networking
        self._instance_id = kit.settings.instance_id

    async def run(self, key: TaskKey, task: Task) -> None:
        definitions = self._definitions(task)
        if task.last_status in (ACTIVATING, RUNNING, DEACTIVATING) and task.ip and task.launch.load_balancers:
            if task.last_status != DEACTIVATING:
                said = [f"deregistered 1 targets in (target-group {group})" for group in target_groups(task)]
                said.append("has begun draining connections on 1 tasks.")
                await self._record.status(key, DEACTIVATING, say=said)
            await self._balancing.deregister(task)
            # A task whose process is gone has nothing to finish.
            while task.stop_code != "EssentialContainerExited" and not await self._balancing.is_drained(task):
                await asyncio.sleep(_LOOK_S)
        if task.last_status not in (STOPPING, DEPROVISIONING):
            await self._record.status(key, STOPPING)
        await self._stop(task, definitions)
        seen = {one.name: await self._seen(task, one.name) for one in task.containers}

        def ended(fresh: Task) -> None:
            take_over(fresh, {name: found for name, found in seen.items() if found is not None})
            for one in fresh.containers:
                one.last_status = STOPPED
            fresh.last_status = DEPROVISIONING
            fresh.execution_stopped_at = fresh.execution_stopped_at or self._kit.clock.now()

        await self._record.change(key, ended)
        for one in definitions:
            if seen.get(one["name"]) is not None:
                await self._logs.drain(task, one, _LOGS_S)
        await self._remove(task, definitions)
        fresh = self._record.task(key)
        await self._networking.release(fresh or task)
        await self._record.stopped(key)

    def _definitions(self, task: Task) -> list[Doc]:
        try:
            return self._record.definition(task).containers
        except StartFailure:
            return []

    async def _stop(self, task: Task, definitions: list[Doc]) -> None:
        """Containers after those that depend on them; at once where nothing depends on anything."""
        if not any(one.get("dependsOn") for one in definitions):
            await asyncio.gather(*(self._stop_one(task, one) for one in definitions))
            return
        for one in reversed(specs.in_order(definitions)):
            await self._stop_one(task, one)

    async def _stop_one(self, task: Task, one: Doc) -> None:
        name = container_name(self._instance_id, task.id, one["name"])
        found = await self._seen(task, one["name"])
        if found is None or found.state is ContainerState.CREATED:
            return
        await self._containers.stop(name, timeout_s=float(one.get("stopTimeout", specs.DEFAULT_STOP_S)))

    async def _seen(self, task: Task, name: str) -> Container | None:
        try:
            return await self._containers.inspect(container_name(self._instance_id, task.id, name))
        except NoSuchContainer:
            return None

    async def _remove(self, task: Task, definitions: list[Doc]) -> None:
        left = await self._containers.list({specs.TASK_LABEL: task.id})
        # The sandbox last: the others' network is in it.
        for one in sorted(left, key=lambda each: each.labels.get(specs.CONTAINER_LABEL) == specs.SANDBOX):
            await self._containers.remove(one.id)
        volumes = {point["sourceVolume"] for one in definitions for point in one.get("mountPoints", [])}
        for volume in volumes:
            await self._containers.remove_volume(specs.volume_name(self._instance_id, task, volume))
