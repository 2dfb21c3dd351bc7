"""Changes of one task's row, each with its event in the same commit."""

import ipaddress
import secrets
from collections.abc import Callable, Sequence

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.services.ecs import starting, store
from trunkline.services.ecs.model import PENDING, PROVISIONING, STOPPED, Task, TaskDefinition
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.scheduling import failures
from trunkline.services.ecs.scheduling.change import Change

TaskKey = tuple[str, str, str, str]


class Record:
    """The rows as the runner sees and changes them."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def task(self, key: TaskKey) -> Task | None:
        return store.TASKS.get(self._kit.db, *key)

    def definition(self, task: Task) -> TaskDefinition:
        found = store.definition_of(self._kit.db, task.task_definition)
        if found is None:
            raise StartFailure(f"The task definition {task.task_definition} does not exist.")
        return found

    async def change(
        self, key: TaskKey, edit: Callable[[Task], None], *, silent: bool = False, say: Sequence[str] = ()
    ) -> Task | None:
        """Edit the fresh row; `silent` is for what AWS publishes no event about, `say` goes to the service's events."""

        def write(tx: Tx) -> Task | None:
            task = store.TASKS.get(tx, *key)
            if task is None:
                return None
            edit(task)
            if silent:
                store.TASKS.put(tx, task)
            else:
                starting.changed(tx, self._kit.ledger, self._kit.clock, task)
            self._tell(tx, task, say)
            return task

        return await self._kit.db.write(write)

    async def status(self, key: TaskKey, status: str, *, say: Sequence[str] = ()) -> Task | None:
        def edit(task: Task) -> None:
            task.last_status = status

        return await self.change(key, edit, say=say)

    def _tell(self, tx: Tx, task: Task, messages: Sequence[str]) -> None:
        service = store.SERVICES.get(tx, task.account, task.region, task.cluster, task.service) if messages else None
        if service is not None:
            change = Change(service, self._kit.clock)
            for message in messages:
                change.say(message)
            store.SERVICES.put(tx, service)

    async def begin(self, key: TaskKey, reserved: str = "") -> None:
        """PENDING; with an address in `reserved` that no other living task has, where it has none yet."""

        def write(tx: Tx) -> None:
            task = store.TASKS.get(tx, *key)
            if task is None or task.last_status != PROVISIONING:
                return
            taken = {one.ip for one in store.TASKS.find(tx, active=1)}
            hosts = ipaddress.ip_network(reserved).hosts() if reserved and not task.ip else ()
            free = [str(host) for host in hosts if str(host) not in taken]
            if free:
                # Not the lowest: an address should rest before it is another task's.
                task.ip = secrets.choice(free)
            task.last_status = PENDING
            task.pull_started_at = self._kit.clock.now()
            starting.changed(tx, self._kit.ledger, self._kit.clock, task)

        await self._kit.db.write(write)

    async def stop(
        self, key: TaskKey, code: str, reason: str, *, counts: bool = False, edit: Callable[[Task], None] | None = None
    ) -> None:
        """The task is to stop. `counts`: as a failure of its service, in the same commit."""

        def write(tx: Tx) -> None:
            task = store.TASKS.get(tx, *key)
            if task is None:
                return
            if edit is not None:
                edit(task)
            was_wanted = task.is_wanted
            if was_wanted:
                starting.ask_to_stop(tx, self._kit.ledger, self._kit.clock, task, code, reason)
                if counts:
                    failures.note(tx, self._kit.ledger, self._kit.clock, task)
            elif edit is not None:
                store.TASKS.put(tx, task)

        await self._kit.db.write(write)

    async def stopped(self, key: TaskKey) -> None:
        def edit(task: Task) -> None:
            now = self._kit.clock.now()
            task.last_status, task.active = STOPPED, 0
            task.stopped_at = now
            task.execution_stopped_at = task.execution_stopped_at or now
            for one in task.containers:
                one.last_status = STOPPED

        await self.change(key, edit)
