"""RUNNING: what the engine says of a task's containers, taken over into its row."""

from trunkline.aws.service import Kit
from trunkline.engines.containers import Container, Containers, ContainerState, Health, NoSuchContainer
from trunkline.services.ecs.model import RUNNING, STOPPED, Task, container_name
from trunkline.services.ecs.running.record import Record, TaskKey

_HEALTH = {Health.HEALTHY: "HEALTHY", Health.UNHEALTHY: "UNHEALTHY"}


class Watch:
    """For any number of tasks at once."""

    def __init__(self, kit: Kit, containers: Containers, record: Record) -> None:
        self._kit = kit
        self._containers = containers
        self._record = record

    async def look(self, key: TaskKey, task: Task) -> bool:
        """Take over what changed; True when something did."""
        seen: dict[str, Container | None] = {}
        for one in task.containers:
            name = container_name(self._kit.settings.instance_id, task.id, one.name)
            try:
                seen[one.name] = await self._containers.inspect(name)
            except NoSuchContainer:
                seen[one.name] = None
        if not _differs(task, seen):
            return False
        if any(one.essential and _ended(seen[one.name]) for one in task.containers):
            await self._record.stop(
                key,
                "EssentialContainerExited",
                "Essential container in task exited",
                counts=True,
                edit=lambda fresh: take_over(fresh, seen),
            )
        else:
            await self._record.change(key, lambda fresh: take_over(fresh, seen))
        return True


def take_over(task: Task, seen: dict[str, Container | None]) -> None:
    """Exit codes and health into the row."""
    for one in task.containers:
        found = seen.get(one.name)
        if one.name not in seen:
            continue
        if _ended(found):
            one.last_status = STOPPED
            if found is None:
                one.reason = one.reason or "The container was removed"
                continue
            one.exit_code = found.exit_code
            if found.oom_killed:
                one.reason = "OutOfMemoryError: Container killed due to memory usage"
        elif found is not None:
            one.health = _HEALTH.get(found.health, "UNKNOWN")
    task.health = overall(task)


def overall(task: Task) -> str:
    """The task's health by its essential containers' checks."""
    checked = [one.health for one in task.containers if one.essential and one.has_check]
    if "UNHEALTHY" in checked:
        return "UNHEALTHY"
    return "HEALTHY" if checked and set(checked) == {"HEALTHY"} else "UNKNOWN"


def _ended(found: Container | None) -> bool:
    return found is None or found.state is ContainerState.EXITED


def _differs(task: Task, seen: dict[str, Container | None]) -> bool:
    for one in task.containers:
        found = seen[one.name]
        if _ended(found):
            if one.last_status != STOPPED:
                return True
        elif found is not None and (one.last_status != RUNNING or _HEALTH.get(found.health, "UNKNOWN") != one.health):
            return True
    return False
