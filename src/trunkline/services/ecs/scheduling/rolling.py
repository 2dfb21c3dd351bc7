"""The ECS deployment controller: replace tasks of older deployments by those of the primary one.

At least minimumHealthyPercent of the desired count stays healthy and at most maximumPercent runs at any moment, as
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html has it.
"""

import math
from dataclasses import replace

from trunkline.services.ecs import events
from trunkline.services.ecs.model import Deployment, Service, Task
from trunkline.services.ecs.naming import deployment_id
from trunkline.services.ecs.scheduling.change import (
    EARLY_S,
    Change,
    Start,
    TargetStates,
    has_run_s,
    is_checked,
    is_healthy,
    is_settled,
)


def new_deployment(service: Service, change: Change) -> Deployment:
    """A deployment of what the service says now becomes the primary one; those before it are being replaced."""
    for one in service.deployments:
        one.status = "ACTIVE"
    now = change.clock.now()
    made = Deployment(deployment_id(), service.task_definition, service.desired_count, service.launch, now, now)
    made.rollout_reason = f"ECS deployment {made.id} in progress."
    service.deployments.insert(0, made)
    service.failures, service.paused_until, service.steady = 0, 0.0, False
    change.is_changed = True
    change.events.append(events.deployment_state_change(service, made, now))
    return made


def plan(change: Change, tasks: list[Task], targets: TargetStates, now: float) -> None:
    """One step towards the primary deployment."""
    service, primary = change.service, change.service.primary
    if primary is None:
        return
    _break_circuit(change, primary)
    primary = service.primary or primary
    mine = [task for task in tasks if task.owner == primary.id and task.is_wanted]
    old = [task for task in tasks if task.owner != primary.id and task.is_wanted]
    desired = service.desired_count
    least, most = bounds(service)
    healthy = [task for task in mine if is_settled(task, targets, now)]

    missing = desired - len(mine)
    room = max(most, 1 if desired else 0) - len(mine) - len(old)
    if missing > 0 and room > 0 and now >= service.paused_until and primary.rollout_state != "FAILED":
        change.starts.append(Start(primary.id, primary.task_definition, primary.launch, min(missing, room)))
    if missing < 0:
        surplus = sorted(mine, key=lambda task: (is_healthy(task, targets), task.created_at))[:-missing]
        change.stops += [(task, f"Scaling activity initiated by (deployment {primary.id})") for task in surplus]
    if old:
        spare = len(healthy) + sum(is_healthy(task, targets) for task in old) - least
        for task in sorted(old, key=lambda task: (is_healthy(task, targets), task.created_at)):
            if is_healthy(task, targets):
                if spare <= 0:
                    continue
                spare -= 1
            change.stops.append((task, f"Scaling activity initiated by (deployment {primary.id})"))
        if missing > 0 and room <= 0 and not change.stops and all(is_healthy(task, targets) for task in mine + old):
            _say_stuck(change)
    if healthy and all(is_checked(task) or has_run_s(task, now) > EARLY_S for task in healthy):
        _forgive(change, primary)
    _settle(change, primary, tasks, healthy)


def _forgive(change: Change, primary: Deployment) -> None:
    """Tasks stay up: failures before count no more."""
    if change.service.failures or primary.failed_tasks:
        change.service.failures = primary.failed_tasks = 0
        change.is_changed = True


def _say_stuck(change: Change) -> None:
    """For one task, 100 to 150 per cent is exactly one task: AWS does not get any further either, and says so."""
    message = (
        "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
        "Update the minimumHealthyPercent or maximumPercent value and try again."
    )
    last = change.service.events[-1].message if change.service.events else ""
    if not last.endswith(message):
        change.say(message)


def bounds(service: Service) -> tuple[int, int]:
    """How many tasks must stay healthy, and how many may run."""
    least = service.configuration.get("minimumHealthyPercent", 100)
    most = service.configuration.get("maximumPercent", 200)
    return math.ceil(service.desired_count * least / 100), math.floor(service.desired_count * most / 100)


def _settle(change: Change, primary: Deployment, tasks: list[Task], healthy: list[Task]) -> None:
    """Say when a deployment is over, and that the service is steady."""
    service = change.service
    others = [task for task in tasks if task not in healthy]
    done = len(healthy) == service.desired_count and not others
    for one in list(service.deployments):
        if one is not primary and not any(task.owner == one.id for task in tasks):
            change.touch(lambda one=one: service.deployments.remove(one))  # type: ignore[misc]
    if not done:
        if service.steady:
            change.touch(lambda: setattr(service, "steady", False))
        return
    now = change.clock.now()
    if primary.rollout_state == "IN_PROGRESS" and len(service.deployments) == 1:
        primary.rollout_state, primary.updated_at = "COMPLETED", now
        primary.rollout_reason = f"ECS deployment {primary.id} completed."
        service.last_completed = replace(primary)
        change.say(f"(deployment {primary.id}) deployment completed.")
        change.events.append(events.deployment_state_change(service, primary, now))
    if not service.steady:
        service.steady = True
        change.say("has reached a steady state.")
        change.events.append(events.service_action(service, "SERVICE_STEADY_STATE", now))


def threshold(desired: int) -> int:
    """How many tasks in a row must fail for the circuit breaker to trip."""
    return min(max(math.ceil(desired * 0.5), 3), 200)


def _break_circuit(change: Change, primary: Deployment) -> None:
    service = change.service
    breaker = service.configuration.get("deploymentCircuitBreaker") or {}
    if not breaker.get("enable") or primary.rollout_state != "IN_PROGRESS":
        return
    if primary.failed_tasks < threshold(service.desired_count):
        return
    now = change.clock.now()
    primary.rollout_state, primary.updated_at = "FAILED", now
    primary.rollout_reason = "ECS deployment circuit breaker: tasks failed to start."
    change.say(f"(deployment {primary.id}) deployment failed: tasks failed to start.")
    change.events.append(events.deployment_state_change(service, primary, now))
    back = service.last_completed
    if not breaker.get("rollback") or back is None or back.id == primary.id:
        return
    primary.status = "ACTIVE"
    known = next((one for one in service.deployments if one.id == back.id), None)
    again = known or replace(back, id=deployment_id(), created_at=now)
    again.status, again.rollout_state, again.updated_at, again.failed_tasks = "PRIMARY", "IN_PROGRESS", now, 0
    again.rollout_reason = f"ECS deployment circuit breaker: rolling back to deploymentId {back.id}."
    if known is not None:
        service.deployments.remove(known)
    service.deployments.insert(0, again)
    service.task_definition, service.launch = again.task_definition, again.launch
    service.failures, service.paused_until = 0, 0.0
    change.say(f"rolling back to deployment {back.id}.")
    change.events.append(events.deployment_state_change(service, again, now))
