"""One life for each task that has not stopped: it goes from state to state until the row says STOPPED.

The rows are the truth. After a crash the lives begin anew where the rows say they are, and find the containers by name.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.containers import Containers, ContainersError, ContainersUnavailable
from trunkline.engines.networks import Networks
from trunkline.services.ecs import store
from trunkline.services.ecs.model import STARTING, Task
from trunkline.services.ecs.running.balancing import Balancing
from trunkline.services.ecs.running.bring_up import BringUp, StopAsked
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.running.logs import Logs
from trunkline.services.ecs.running.networking import Networking
from trunkline.services.ecs.running.record import Record, TaskKey
from trunkline.services.ecs.running.specs import TASK_LABEL
from trunkline.services.ecs.running.watch import Watch
from trunkline.services.ecs.running.wind_down import WindDown
from trunkline.services.ecs.waking import Waking

log = get(__name__)
T = TypeVar("T")

_LOOK_S = 15.0
_RETRY_S = 1.0
_ROUND_S = 2.0
_KEPT = timedelta(hours=1)
"""How long a stopped task or a deleted service can be described, as on AWS."""
_TOLD = ("die", "oom", "destroy")


class Keeper:
    """`start` takes over what an earlier process left; `stop` leaves everything running."""

    def __init__(self, kit: Kit, containers: Containers, networks: Networks, waking: Waking) -> None:
        self._kit = kit
        self._containers = containers
        self._waking = waking
        self._record = Record(kit)
        self.logs = Logs(kit, containers)
        balancing = Balancing(kit)
        networking = Networking(kit, containers, networks, self._record)
        self._bring_up = BringUp(kit, containers, networking, self._record, self.logs, balancing)
        self._watch = Watch(kit, containers, self._record)
        self._wind_down = WindDown(kit, containers, networking, self._record, self.logs, balancing)
        self._lives: dict[TaskKey, asyncio.Task[None]] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        waking.tasks = self._changed.set

    async def start(self) -> None:
        self._loops = [
            asyncio.create_task(self._attend(), name="ecs-keeper"),
            asyncio.create_task(self._listen(), name="ecs-container-events"),
            asyncio.create_task(self._sweep(), name="ecs-sweep"),
        ]

    async def stop(self) -> None:
        for task in (*self._loops, *self._lives.values()):
            task.cancel()
        await asyncio.gather(*self._loops, *self._lives.values(), return_exceptions=True)
        await self.logs.stop()

    async def _attend(self) -> None:
        """Every active task has a life."""
        while True:
            self._changed.clear()
            for task in store.TASKS.find(self._kit.db, active=1):
                key: TaskKey = (task.account, task.region, task.cluster, task.id)
                if key not in self._lives:
                    self._wakes[task.id] = asyncio.Event()
                    self._lives[key] = asyncio.create_task(self._live(key), name=f"ecs-task-{task.id}")
                elif not task.is_wanted:
                    self._wakes[task.id].set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ROUND_S):
                    await self._changed.wait()

    async def _live(self, key: TaskKey) -> None:
        try:
            while (task := self._record.task(key)) is not None and task.active:
                try:
                    await self._step(key, task)
                except ContainersUnavailable as error:
                    log.warning("a task waits for the container engine", task=task.arn, error=error)
                    await asyncio.sleep(_RETRY_S)
                except Exception:
                    log.exception("a step of a task failed and will be tried again", task=task.arn)
                    await asyncio.sleep(_RETRY_S)
                self._waking.service()
        finally:
            self._lives.pop(key, None)
            self._wakes.pop(key[3], None)

    async def _step(self, key: TaskKey, task: Task) -> None:
        if not task.is_wanted:
            await self._wind_down.run(key, task)
        elif task.last_status in STARTING:
            await self._start(key, task)
        else:
            self._follow(task)
            wake = self._wakes[task.id]
            wake.clear()
            if not await self._watch.look(key, task):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await wake.wait()

    async def _start(self, key: TaskKey, task: Task) -> None:
        async def unless_stopped(work: Awaitable[T]) -> T:
            return await self._unless_stopped(key, work)

        try:
            await self._bring_up.run(key, unless_stopped)
        except StopAsked:
            return
        except StartFailure as error:
            failure = error
            log.info("a task could not be started", task=task.arn, reason=failure.reason, detail=failure.detail)

            def explain(fresh: Task) -> None:
                if failure.container:
                    fresh.container(failure.container).reason = failure.detail

            await self._record.stop(key, "TaskFailedToStart", failure.reason, counts=True, edit=explain)

    async def _unless_stopped(self, key: TaskKey, work: Awaitable[T]) -> T:
        wake = self._wakes[key[3]]
        doing = asyncio.ensure_future(work)
        try:
            while True:
                waiting = asyncio.create_task(wake.wait())
                await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if doing.done():
                    return doing.result()
                wake.clear()
                task = self._record.task(key)
                if task is None or not task.is_wanted:
                    raise StopAsked
        finally:
            doing.cancel()

    def _follow(self, task: Task) -> None:
        """Logs of a task that was running before this process was."""
        with contextlib.suppress(StartFailure):
            for one in self._record.definition(task).containers:
                self.logs.follow(task, one)

    async def _listen(self) -> None:
        """What the engine tells of our containers wakes their tasks."""
        while True:
            try:
                async for event in self._containers.events():
                    if event.action == "resync":
                        for wake in self._wakes.values():
                            wake.set()
                    elif event.action in _TOLD or event.action.startswith("health_status"):
                        found = self._wakes.get(event.labels.get(TASK_LABEL, ""))
                        if found is not None:
                            found.set()
            except ContainersError as error:
                log.warning("the container engine's events are not readable", error=error)
            await asyncio.sleep(_RETRY_S)

    async def _sweep(self) -> None:
        """Remove containers that belong to no living task, once the engine answers; forget what ended long ago."""
        swept = False
        while True:
            if not swept:
                with contextlib.suppress(ContainersError):
                    for container in await self._containers.list():
                        task_id = container.labels.get(TASK_LABEL)
                        living = {task.id for task in store.TASKS.find(self._kit.db, active=1)}
                        if task_id is not None and task_id not in living:
                            await self._containers.remove(container.id)
                    swept = True
            await self._kit.db.write(self._forget)
            await asyncio.sleep(_RETRY_S if not swept else 60.0)

    def _forget(self, tx: Tx) -> None:
        oldest = self._kit.clock.now() - _KEPT
        for task in store.TASKS.find(tx, active=0):
            if task.stopped_at is not None and task.stopped_at < oldest:
                store.TASKS.delete(tx, task.account, task.region, task.cluster, task.id)
        for service in store.SERVICES.find(tx, status="INACTIVE"):
            if service.deleted_at is not None and service.deleted_at < oldest:
                store.SERVICES.delete(tx, service.account, service.region, service.cluster, service.name)
