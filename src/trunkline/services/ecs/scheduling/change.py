"""What a plan wants done to one service. Empty when all is as it should be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.events import Event
from trunkline.services.ecs.model import (
    EVENTS_KEPT,
    RUNNING,
    Launch,
    Service,
    ServiceEvent,
    Task,
    TaskSet,
)

EARLY_S = 30.0
"""A task that ends this soon after its start counts as one that failed to start."""
_MOMENT_S = 2.0

TargetStates = Mapping[tuple[str, str], tuple[str, str]]
"""(target group, address:port) → (state, reason) as the load balancer last told."""


@dataclass
class Start:
    owner: str
    task_definition: str
    launch: Launch
    count: int


@dataclass
class Change:
    """Made by planning against one moment's rows, applied in the transaction that read them."""

    service: Service
    clock: Clock
    starts: list[Start] = field(default_factory=list)
    stops: list[tuple[Task, str]] = field(default_factory=list)
    sets: list[TaskSet] = field(default_factory=list)
    gone_sets: list[TaskSet] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    is_changed: bool = False
    """The service's own row is to be written."""

    def __bool__(self) -> bool:
        return bool(self.starts or self.stops or self.sets or self.gone_sets or self.events or self.is_changed)

    def say(self, message: str) -> None:
        """One more of the service's events, in AWS's words."""
        self.service.events.append(
            ServiceEvent(ids.uuid(), self.clock.now(), f"(service {self.service.name}) {message}")
        )
        del self.service.events[:-EVENTS_KEPT]
        self.is_changed = True

    def touch(self, edit: Callable[[], None]) -> None:
        edit()
        self.is_changed = True


def target_keys(task: Task) -> list[tuple[str, str]]:
    return [(one["targetGroupArn"], f"{task.ip}:{one['containerPort']}") for one in task.launch.load_balancers]


def is_healthy(task: Task, targets: TargetStates) -> bool:
    """Running, and well by every check there is: its containers' and its load balancers'."""
    if not task.is_wanted or task.last_status != RUNNING:
        return False
    if any(one.essential and one.has_check and one.health != "HEALTHY" for one in task.containers):
        return False
    # "unused": the target group is not behind a listener yet, so nobody checks it.
    return all(targets.get(key, ("initial", ""))[0] in ("healthy", "unused") for key in target_keys(task))


def is_checked(task: Task) -> bool:
    """Whether anything tells how the task is, beyond that it runs."""
    return bool(task.launch.load_balancers) or any(one.essential and one.has_check for one in task.containers)


def has_run_s(task: Task, now: float) -> float:
    return now - task.started_at.timestamp() if task.started_at is not None else 0.0


def is_settled(task: Task, targets: TargetStates, now: float) -> bool:
    """Healthy; and a task that nobody checks must have run for a moment: a container that exits at once is not it."""
    return is_healthy(task, targets) and (is_checked(task) or has_run_s(task, now) >= _MOMENT_S)


def why_unhealthy(task: Task, targets: TargetStates, now: float, grace_s: float) -> tuple[str, str] | None:
    """(stopped reason, service event) of a task that is to be replaced."""
    if not task.is_wanted or task.last_status != RUNNING or task.started_at is None:
        return None
    if task.health == "UNHEALTHY":
        return "Task failed container health checks", f"(task {task.id}) failed container health checks."
    if now - task.started_at.timestamp() < grace_s:
        return None
    for group, address in target_keys(task):
        state, reason = targets.get((group, address), ("initial", ""))
        if state == "unhealthy":
            port = address.rpartition(":")[2]
            told = f"(port {port}) is unhealthy in (target-group {group}) due to (reason {reason})."
            return f"Task failed ELB health checks in (target-group {group})", told
    return None
