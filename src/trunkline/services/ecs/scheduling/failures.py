"""Tasks of a service that do not stay up: counted, so that the circuit breaker trips and starts are spaced out."""

from trunkline.core.clock import Clock
from trunkline.core.db import Tx
from trunkline.core.ledger import Ledger
from trunkline.services.ecs import events, store
from trunkline.services.ecs.model import Task
from trunkline.services.ecs.scheduling.change import EARLY_S, Change

_FREE_TRIES = 3
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 900.0


def note(tx: Tx, ledger: Ledger, clock: Clock, task: Task) -> None:
    """Count a service's task that stopped by itself; in the transaction that says so."""
    if not task.service:
        return
    service = store.SERVICES.get(tx, task.account, task.region, task.cluster, task.service)
    if service is None or service.status != "ACTIVE":
        return
    ran = task.started_at is not None and (clock.now() - task.started_at).total_seconds() > EARLY_S
    if ran and task.stop_code == "EssentialContainerExited":
        return
    service.failures += 1
    for deployment in service.deployments:
        if deployment.id == task.owner:
            deployment.failed_tasks += 1
            deployment.updated_at = clock.now()
    over = service.failures - _FREE_TRIES
    if over >= 0:
        service.paused_until = clock.time() + min(_FIRST_PAUSE_S * 2**over, _LONGEST_PAUSE_S)
        if over == 0:
            Change(service, clock).say("is unable to consistently start tasks successfully.")
            ledger.append(tx, events.service_action(service, "SERVICE_TASK_START_IMPAIRED", clock.now(), "WARN"))
    store.SERVICES.put(tx, service)
