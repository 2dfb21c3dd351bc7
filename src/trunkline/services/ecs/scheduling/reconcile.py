"""One service brought one step closer to what was asked for: plan over the rows, then apply in one transaction."""

from dataclasses import replace

from trunkline.aws.service import Kit
from trunkline.core.db import Reader, Tx
from trunkline.services.ecs import starting, store
from trunkline.services.ecs.model import Service, Task
from trunkline.services.ecs.scheduling import failures, rolling, task_sets
from trunkline.services.ecs.scheduling.change import Change, TargetStates, why_unhealthy

Key = tuple[str, str, str, str]


def planned(reader: Reader, kit: Kit, key: Key, targets: TargetStates) -> Change | None:
    """What is to be done now; None when the service is gone."""
    service = store.SERVICES.get(reader, *key)
    if service is None or service.status == "INACTIVE":
        return None
    change = Change(service, kit.clock)
    tasks = store.service_tasks(reader, service)
    sets = store.task_sets(reader, service) if service.controller != "ECS" else []
    if service.status == "DRAINING":
        _drain(change, tasks)
        change.gone_sets += [] if tasks else sets
        return change
    now = kit.clock.time()
    _replace_unhealthy(change, tasks, targets, now)
    stopping = {task.id for task, _ in change.stops}
    for task in tasks:
        if task.id in stopping:
            task.desired_status = "STOPPED"  # counts no more in what follows; applied below
    if service.controller == "ECS":
        rolling.plan(change, tasks, targets, now)
    else:
        task_sets.plan(change, sets, tasks, targets, now)
    return change


def _replace_unhealthy(change: Change, tasks: list[Task], targets: TargetStates, now: float) -> None:
    for task in tasks:
        found = why_unhealthy(task, targets, now, change.service.grace_s)
        if found is not None:
            reason, told = found
            change.stops.append((task, reason))
            change.say(told)


def _drain(change: Change, tasks: list[Task]) -> None:
    """The service was deleted: everything stops, then it is INACTIVE."""
    change.stops += [(task, "Service was deleted") for task in tasks if task.is_wanted]
    if not tasks:
        change.service.status = "INACTIVE"
        change.service.deployments = []
        change.is_changed = True


def apply(tx: Tx, kit: Kit, key: Key, targets: TargetStates) -> bool:
    """Plan again inside the transaction and do it; whether anything was done."""
    change = planned(tx, kit, key, targets)
    if not change:
        return False
    service = change.service
    unhealthy = []
    for task, reason in change.stops:
        fresh = store.TASKS.get(tx, task.account, task.region, task.cluster, task.id)
        if fresh is not None and fresh.is_wanted:
            starting.ask_to_stop(tx, kit.ledger, kit.clock, fresh, "ServiceSchedulerInitiated", reason)
            if "health checks" in reason:
                unhealthy.append(fresh)
    started = _start(tx, kit, change)
    if started:
        change.say(f"has started {len(started)} tasks: {' '.join(f'(task {task.id})' for task in started)}.")
    if change.stops:
        told = " ".join(f"(task {task.id})" for task, _ in change.stops)
        change.say(f"has stopped {len(change.stops)} running tasks: {told}.")
    for one in change.sets:
        store.TASK_SETS.put(tx, one)
    for one in change.gone_sets:
        store.TASK_SETS.delete(tx, one.account, one.region, one.cluster, one.service, one.id)
    if change.is_changed:
        store.SERVICES.put(tx, service)
    for event in change.events:
        kit.ledger.append(tx, event)
    for task in unhealthy:
        failures.note(tx, kit.ledger, kit.clock, task)
    return True


def _start(tx: Tx, kit: Kit, change: Change) -> list[Task]:
    service = change.service
    started = []
    for start in change.starts:
        definition = store.definition_of(tx, start.task_definition)
        if definition is None:
            continue
        known = len(store.service_tasks(tx, service))
        for number in range(start.count):
            task = starting.new_task(
                kit.clock,
                service.cluster,
                definition,
                start.launch,
                group=f"service:{service.name}",
                number=known + number,
            )
            tags = _tags(service, definition.tags)
            task = replace(task, service=service.name, owner=start.owner, started_by=start.owner, tags=tags)
            starting.insert(tx, kit.ledger, kit.clock, task)
            started.append(task)
    return started


def _tags(service: Service, definition_tags: dict[str, str]) -> dict[str, str]:
    tags = {"SERVICE": service.tags, "TASK_DEFINITION": definition_tags}.get(service.propagate_tags, {})
    if service.managed_tags:
        tags = {**tags, "aws:ecs:clusterName": service.cluster, "aws:ecs:serviceName": service.name}
    return dict(tags)
