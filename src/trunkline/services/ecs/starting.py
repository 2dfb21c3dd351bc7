"""New tasks as rows: whoever writes one has started the task; running it is the runner's job."""

from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.db import Tx
from trunkline.core.ledger import Ledger
from trunkline.services.ecs import events, store
from trunkline.services.ecs.model import Doc, Launch, Task, TaskContainer, TaskDefinition


def new_task(
    clock: Clock,
    cluster: str,
    definition: TaskDefinition,
    launch: Launch,
    *,
    group: str,
    number: int = 0,
    overrides: Doc | None = None,
) -> Task:
    """A task of `definition`, PROVISIONING. `number` spreads tasks over the subnets."""
    overrides = overrides or {}
    subnets: list[str] = launch.network.get("subnets", [])
    subnet = subnets[number % len(subnets)] if subnets else ""
    by_name = {one["name"]: one for one in overrides.get("containerOverrides", []) if "name" in one}
    containers = []
    for one in definition.containers:
        changed = {**one, **by_name.get(one["name"], {})}
        check = one.get("healthCheck") or {}
        containers.append(
            TaskContainer(
                one["name"],
                one["image"],
                ids.uuid(),
                essential=one["essential"],
                has_check=bool(check) and check.get("command") != ["NONE"],
                cpu=changed["cpu"],
                memory_mib=changed.get("memory"),
                memory_reservation_mib=changed.get("memoryReservation"),
            )
        )
    return Task(
        definition.account,
        definition.region,
        cluster,
        ids.hex_id(32),
        definition.arn,
        group,
        launch,
        clock.now(),
        containers,
        overrides=overrides,
        cpu=overrides.get("cpu") or definition.doc.get("cpu", ""),
        memory=overrides.get("memory") or definition.doc.get("memory", ""),
        subnet=subnet,
        zone=launch.zones.get(subnet, ""),
        attachment_id=ids.uuid(),
    )


def insert(tx: Tx, ledger: Ledger, clock: Clock, task: Task) -> None:
    """The task and the event that tells of it."""
    store.TASKS.insert(tx, task)
    ledger.append(tx, events.task_state_change(task, clock.now()))


def changed(tx: Tx, ledger: Ledger, clock: Clock, task: Task) -> None:
    """A change of the task's status, with its event."""
    task.version += 1
    store.TASKS.put(tx, task)
    ledger.append(tx, events.task_state_change(task, clock.now()))


def ask_to_stop(tx: Tx, ledger: Ledger, clock: Clock, task: Task, code: str, reason: str) -> None:
    """Desired status STOPPED; the first reason stays."""
    if task.desired_status == "STOPPED":
        return
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason = code, reason
    task.stopping_at = clock.now()
    changed(tx, ledger, clock, task)
