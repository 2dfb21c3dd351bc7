"""What a deployment's workflow writes down: every function is one commit's state change with its event."""

from __future__ import annotations

from typing import Any

from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.db import Tx
from trunkline.core.ledger import Ledger
from trunkline.services.codedeploy import events, store
from trunkline.services.codedeploy.model import (
    Deployment,
    DeploymentGroup,
    Doc,
    FunctionTarget,
    LifecycleEvent,
    Rollback,
    Status,
    TaskSet,
)


class Record:
    """The deployment with this key, inside transactions."""

    def __init__(self, ledger: Ledger, clock: Clock, key: tuple[str, str, str]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._key = key

    def read(self, tx: Tx) -> Deployment:
        deployment = store.deployments.get(tx, *self._key)
        if deployment is None:
            raise LookupError(f"deployment {self._key[-1]} is gone")
        return deployment

    def _save(self, tx: Tx, deployment: Deployment) -> None:
        deployment.updated_at = self._clock.now()
        store.deployments.put(tx, deployment)

    def start(self, tx: Tx) -> None:
        deployment = self.read(tx)
        deployment.started_at = self._clock.now()
        self._enter(tx, deployment, Status.IN_PROGRESS)

    def lifecycle(self, tx: Tx, *, over: tuple[str, ...] = (), begun: str = "", skipped: tuple[str, ...] = ()) -> None:
        """Events that are over, and the one that begins."""
        deployment, now = self.read(tx), self._clock.now()
        for name in over:
            deployment.finish(name, now)
        for name in skipped:
            deployment.finish(name, now, "Skipped")
        if begun:
            deployment.begin(begun, now)
        self._save(tx, deployment)

    def hook_begun(self, tx: Tx, event: str, hook_id: str) -> None:
        deployment = self.read(tx)
        deployment.begin_hook(event, hook_id, self._clock.now())
        self._save(tx, deployment)

    def found(self, tx: Tx, facts: Doc) -> None:
        """The original task set is known."""
        deployment = self.read(tx)
        deployment.task_sets = [
            TaskSet("Blue", facts["blue"]["id"], facts["blue"]["group_name"], "PRIMARY", 100, **facts["blue"]["counts"])
        ]
        self._save(tx, deployment)

    def created(self, tx: Tx, facts: Doc, task_set_id: str) -> None:
        deployment = self.read(tx)
        if deployment.task_set("Green") is None:
            deployment.task_sets.append(TaskSet("Green", task_set_id, facts["green"]["group_name"]))
        deployment.begin("Install", self._clock.now())
        self._save(tx, deployment)

    def installed(self, tx: Tx, counts: Doc) -> None:
        deployment, now = self.read(tx), self._clock.now()
        green = deployment.task_set("Green")
        if green:
            green.desired, green.pending, green.running = counts["desired"], counts["pending"], counts["running"]
        deployment.finish("Install", now)
        deployment.finish("AfterInstall", now)
        deployment.begin("AllowTestTraffic", now)
        self._save(tx, deployment)

    def ready(self, tx: Tx, minutes: int) -> None:
        deployment = self.read(tx)
        deployment.messages.append(f"Waiting up to {minutes} minutes for ContinueDeployment (READY_WAIT).")
        self._enter(tx, deployment, Status.READY)

    def go_on(self, tx: Tx) -> None:
        """Out of Ready; AWS sends no event for that."""
        deployment = self.read(tx)
        deployment.status = Status.IN_PROGRESS
        self._save(tx, deployment)

    def shifted(self, tx: Tx, green_pct: int, step: int, reason: str = "deploy") -> None:
        deployment, now = self.read(tx), self._clock.now()
        for one in deployment.task_sets:
            one.weight_pct = green_pct if one.label == "Green" else 100 - green_pct
        self._ledger.append(tx, events.traffic_shift(deployment, now, green_pct=green_pct, step=step, reason=reason))
        self._save(tx, deployment)

    def aliased(self, tx: Tx, target: FunctionTarget) -> None:
        """What a Lambda deployment moves is known."""
        deployment = self.read(tx)
        deployment.function = target
        self._save(tx, deployment)

    def alias_shifted(self, tx: Tx, target_pct: int, step: int, reason: str = "deploy") -> None:
        deployment, now = self.read(tx), self._clock.now()
        if deployment.function is not None:
            deployment.function.target_pct = target_pct
        self._ledger.append(tx, events.traffic_shift(deployment, now, green_pct=target_pct, step=step, reason=reason))
        self._save(tx, deployment)

    def promoted(self, tx: Tx) -> None:
        deployment, now = self.read(tx), self._clock.now()
        for one in deployment.task_sets:
            one.status = "PRIMARY" if one.label == "Green" else "ACTIVE"
        deployment.finish("AllowTraffic", now)
        deployment.finish("AfterAllowTraffic", now)
        deployment.termination_wait_started = True
        self._save(tx, deployment)

    def succeed(self, tx: Tx, note: str = "") -> None:
        deployment = self.read(tx)
        blue = deployment.task_set("Blue")
        if blue:
            blue.status, blue.desired, blue.pending, blue.running = "DRAINING", 0, 0, 0
        if note:
            deployment.messages.append(note)
        deployment.completed_at = self._clock.now()
        self._enter(tx, deployment, Status.SUCCEEDED)
        self._close(tx, deployment, last_successful=_last(deployment), target_revision=deployment.revision)

    def end(self, tx: Tx, outcome: Doc, *, restored: Doc | None, note: str) -> str | None:
        """Failed or Stopped. With `restored`, the revision that serves again, a rollback deployment begins: its id.

        Without, the group is free at once: what is still to be removed is in nobody's way."""
        deployment, now = self.read(tx), self._clock.now()
        deployment.error = {"code": outcome["code"], "message": outcome["message"]}
        deployment.end_lifecycle(now, outcome["message"])
        deployment.completed_at = now
        if note:
            deployment.messages.append(note)
        rollback_id = None
        if restored is not None:
            rollback = self._rollback_of(deployment, restored)
            rollback_id = rollback.id
            deployment.rollback = Rollback(
                rollback_id=rollback_id,
                message=f"The deployment {deployment.id} is rolled back by {rollback_id}: {outcome['message']}",
            )
            store.deployments.insert(tx, rollback)
        self._enter(tx, deployment, Status(outcome["status"]))
        if rollback_id is None:
            self._close(tx, deployment)
            return None
        rollback.started_at = now
        self._enter(tx, rollback, Status.IN_PROGRESS)
        self._change_group(tx, deployment, running=rollback_id)
        return rollback_id

    def rolled_back(self, tx: Tx, rollback_id: str, note: str = "") -> None:
        rollback = store.deployments.get(tx, *self._key[:2], rollback_id)
        if rollback is None or not rollback.is_active:
            return
        now = self._clock.now()
        for event in rollback.lifecycle:
            rollback.finish(event.name, now)
        if note:
            rollback.messages.append(note)
        rollback.completed_at = now
        self._enter(tx, rollback, Status.SUCCEEDED)
        self._close(tx, rollback, last_successful=_last(rollback), target_revision=rollback.revision)

    def rollback_failed(self, tx: Tx, rollback_id: str | None, message: str) -> None:
        rollback = store.deployments.get(tx, *self._key[:2], rollback_id) if rollback_id else None
        if rollback is not None and rollback.is_active:
            now = self._clock.now()
            rollback.error = {"code": "INTERNAL_ERROR", "message": message}
            rollback.end_lifecycle(now, message)
            rollback.completed_at = now
            self._enter(tx, rollback, Status.FAILED)
            self._close(tx, rollback)

    def _rollback_of(self, deployment: Deployment, restored: Doc) -> Deployment:
        now = self._clock.now()
        blue, moved = deployment.task_set("Blue"), deployment.function
        return Deployment(
            account=deployment.account,
            region=deployment.region,
            id=new_deployment_id(),
            application=deployment.application,
            group=deployment.group,
            group_id=deployment.group_id,
            config_name=deployment.config_name,
            plan=[(100, 0)],
            revision=restored,
            previous_revision=deployment.revision,
            created_at=now,
            creator="codeDeployRollback",
            auto_rollback=deployment.auto_rollback,
            style=deployment.style,
            blue_green=deployment.blue_green,
            load_balancer=deployment.load_balancer,
            service=deployment.service,
            role_arn=deployment.role_arn,
            rollback=Rollback(triggered_by=deployment.id, message=f"Rollback of {deployment.id}."),
            lifecycle=[LifecycleEvent(event.name) for event in deployment.lifecycle],
            task_sets=[TaskSet("Green", blue.id, blue.target_group, "PRIMARY", 100)] if blue else [],
            platform=deployment.platform,
            function=moved and FunctionTarget(moved.function, moved.alias, moved.target, moved.current, 100),
        )

    def _enter(self, tx: Tx, deployment: Deployment, status: Status) -> None:
        """Change the status and tell of it."""
        deployment.status = status
        self._save(tx, deployment)
        self._ledger.append(tx, events.state_change(deployment, self._clock.now()))

    def _close(self, tx: Tx, deployment: Deployment, **changes: Any) -> None:
        group = group_of(tx, deployment)
        if group is not None and group.running == deployment.id:
            self._change_group(tx, deployment, running=None, last_attempted=_last(deployment), **changes)

    def _change_group(self, tx: Tx, deployment: Deployment, **changes: Any) -> None:
        """The group may have been deleted meanwhile, or renamed: found by its id."""
        group = group_of(tx, deployment)
        if group is None:
            return
        for name, value in changes.items():
            setattr(group, name, value)
        store.groups.put(tx, group)


def group_of(tx: Tx, deployment: Deployment) -> DeploymentGroup | None:
    groups = store.groups.find(tx, prefix=(deployment.account, deployment.region, deployment.application))
    return next((group for group in groups if group.id == deployment.group_id), None)


def new_deployment_id() -> str:
    return "d-" + ids.alnum(9, lower=False)


def _last(deployment: Deployment) -> Doc:
    return {
        "deploymentId": deployment.id,
        "status": deployment.status.value,
        "createTime": deployment.created_at.isoformat(),
        "endTime": deployment.completed_at.isoformat() if deployment.completed_at else None,
    }
