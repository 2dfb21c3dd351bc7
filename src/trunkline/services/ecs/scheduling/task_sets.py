"""Services whose deployments CodeDeploy or somebody else controls: each task set is kept at its share."""

import math

from trunkline.services.ecs import events
from trunkline.services.ecs.model import RUNNING, Service, Task, TaskSet
from trunkline.services.ecs.scheduling.change import Change, Start, TargetStates, is_healthy, is_settled


def computed_desired(service: Service, one: TaskSet) -> int:
    """Its scale of the service's desired count; nothing while it drains."""
    return 0 if one.status == "DRAINING" else math.ceil(service.desired_count * one.scale_percent / 100)


def plan(change: Change, sets: list[TaskSet], tasks: list[Task], targets: TargetStates, now: float) -> None:
    """One step towards what each task set should be."""
    service = change.service
    for one in sets:
        mine = [task for task in tasks if task.owner == one.id]
        wanted = [task for task in mine if task.is_wanted]
        desired = computed_desired(service, one)
        if one.status == "DRAINING" and not mine:
            change.gone_sets.append(one)
            continue
        missing = desired - len(wanted)
        if missing > 0 and now >= service.paused_until:
            change.starts.append(Start(one.id, one.task_definition, one.launch, missing))
        elif missing < 0:
            surplus = sorted(wanted, key=lambda task: (is_healthy(task, targets), task.created_at))[:-missing]
            change.stops += [(task, f"Scaling activity initiated by (task-set {one.id})") for task in surplus]
        _judge(change, one, wanted, desired, targets, now)
    orphans = [task for task in tasks if task.is_wanted and not any(one.id == task.owner for one in sets)]
    change.stops += [(task, "The task set of the task was deleted") for task in orphans]


def _judge(change: Change, one: TaskSet, wanted: list[Task], desired: int, targets: TargetStates, now: float) -> None:
    """Whether the set is steady."""
    running = [task for task in wanted if task.last_status == RUNNING]
    is_steady = len(running) == len(wanted) == desired and all(is_settled(task, targets, now) for task in running)
    stability = "STEADY_STATE" if is_steady else "STABILIZING"
    service, when = change.service, change.clock.now()
    if desired != one.computed_desired:
        one.computed_desired, one.updated_at = desired, when
        change.sets.append(one)
    if stability != one.stability:
        one.stability, one.stability_at = stability, when
        if one not in change.sets:
            change.sets.append(one)
        if is_steady:
            change.say(f"(taskSet {one.id}) has reached a steady state.")
            change.events.append(events.service_action(service, "TASK_SET_STEADY_STATE", when, taskSetArns=[one.arn]))
    if running and is_steady and service.failures:
        service.failures = 0
        change.is_changed = True
