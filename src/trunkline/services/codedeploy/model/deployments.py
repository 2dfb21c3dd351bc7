"""A deployment: its states, its lifecycle events, what its traffic moves between, and why it failed."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


class Status(enum.StrEnum):
    CREATED = "Created"
    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    READY = "Ready"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"


ACTIVE = (Status.CREATED, Status.QUEUED, Status.IN_PROGRESS, Status.READY)
LIFECYCLE = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
FUNCTION_LIFECYCLE = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")


class Failure(Exception):
    """Why a deployment fails: AWS's error code and one sentence for its errorInformation."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class LifecycleEvent:
    name: str
    status: str = "Pending"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""

    def described(self) -> Doc:
        diagnostics = None
        if self.error:
            diagnostics = {"errorCode": "UnknownError", "scriptName": "", "message": self.error, "logTail": ""}
        return {
            "lifecycleEventName": self.name,
            "status": self.status,
            "startTime": self.started_at,
            "endTime": self.ended_at,
            "diagnostics": diagnostics,
        }


@dataclass
class TaskSet:
    """One side of a blue/green deployment, as it was when the workflow last looked."""

    label: str
    id: str
    target_group: str
    status: str = "ACTIVE"
    weight_pct: int = 0
    desired: int = 0
    pending: int = 0
    running: int = 0

    def described(self) -> Doc:
        return {
            "identifer": self.id,  # AWS's spelling
            "desiredCount": self.desired,
            "pendingCount": self.pending,
            "runningCount": self.running,
            "status": self.status,
            "trafficWeight": float(self.weight_pct),
            "targetGroup": {"name": self.target_group},
            "taskSetLabel": self.label,
        }


@dataclass
class FunctionTarget:
    """An alias, and the two versions that share its traffic."""

    function: str
    alias: str
    current: str
    target: str
    target_pct: int = 0

    @property
    def id(self) -> str:
        return f"{self.function}:{self.alias}"

    def described(self) -> Doc:
        return {
            "functionName": self.function,
            "functionAlias": self.alias,
            "currentVersion": self.current,
            "targetVersion": self.target,
            "targetVersionWeight": self.target_pct / 100,
        }


@dataclass
class Rollback:
    rollback_id: str | None = None
    triggered_by: str | None = None
    message: str = ""

    def described(self) -> Doc:
        return {
            "rollbackDeploymentId": self.rollback_id,
            "rollbackTriggeringDeploymentId": self.triggered_by,
            "rollbackMessage": self.message or None,
        }


@dataclass
class Deployment:
    """`plan` is the configuration's traffic steps, fixed when the deployment was made: [percent, minutes to wait]."""

    account: str
    region: str
    id: str
    application: str
    group: str
    group_id: str
    config_name: str
    plan: list[tuple[int, int]]
    revision: Doc
    created_at: datetime
    creator: str = "user"
    status: Status = Status.CREATED
    description: str = ""
    previous_revision: Doc | None = None
    auto_rollback: Doc = field(default_factory=dict)
    alarms: Doc = field(default_factory=dict)
    overrides_alarms: bool = False
    style: Doc | None = None
    blue_green: Doc | None = None
    load_balancer: Doc | None = None
    service: Doc = field(default_factory=dict)
    role_arn: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime | None = None
    error: Doc | None = None
    rollback: Rollback | None = None
    messages: list[str] = field(default_factory=list)
    termination_wait_started: bool = False
    lifecycle: list[LifecycleEvent] = field(default_factory=lambda: [LifecycleEvent(name) for name in LIFECYCLE])
    task_sets: list[TaskSet] = field(default_factory=list)
    hooks: dict[str, str] = field(default_factory=dict)
    """The lifecycle events whose functions were called, by the id of the call."""
    platform: str = "ECS"
    function: FunctionTarget | None = None
    """What a Lambda deployment moves, once its AppSpec file has been read."""

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def alarm_names(self) -> list[str]:
        if not self.alarms.get("enabled"):
            return []
        return [alarm["name"] for alarm in self.alarms.get("alarms", [])]

    def rolls_back_on(self, event: str) -> bool:
        return bool(self.auto_rollback.get("enabled")) and event in self.auto_rollback.get("events", [])

    def begin(self, name: str, now: datetime) -> None:
        """A lifecycle event starts; one that is over keeps its times."""
        event = self._event(name)
        if event.status == "Pending":
            event.status, event.started_at = "InProgress", now

    def begin_hook(self, name: str, hook_id: str, now: datetime) -> None:
        """The function of an event is about to be called."""
        event = self._event(name)
        event.status, event.started_at, event.ended_at = "InProgress", now, None
        self.hooks[hook_id] = name

    def is_hooked(self, hook_id: str) -> bool:
        """Whether the answer of that call is still waited for."""
        return self.is_active and self._event(self.hooks[hook_id]).status == "InProgress"

    def finish(self, name: str, now: datetime, status: str = "Succeeded") -> None:
        event = self._event(name)
        event.status, event.ended_at = status, now
        event.started_at = event.started_at or now

    def end_lifecycle(self, now: datetime, error: str) -> None:
        """The deployment ended early: what was under way failed, what had not begun is skipped."""
        for event in self.lifecycle:
            if event.status == "InProgress":
                event.status, event.ended_at, event.error = "Failed", now, error
            elif event.status == "Pending":
                event.status = "Skipped"

    def task_set(self, label: str) -> TaskSet | None:
        return next((one for one in self.task_sets if one.label == label), None)

    def _event(self, name: str) -> LifecycleEvent:
        return next(event for event in self.lifecycle if event.name == name)

    # the one target: a service, or an alias of a function -------------------------------------------------------------

    @property
    def target_id(self) -> str:
        """Empty as long as it is not known."""
        if self.platform == "Lambda":
            return self.function.id if self.function else ""
        return f"{self.service.get('clusterName', 'default')}:{self.service.get('serviceName', '')}"

    @property
    def target_status(self) -> str:
        return {
            Status.CREATED: "Pending",
            Status.QUEUED: "Pending",
            Status.SUCCEEDED: "Succeeded",
            Status.FAILED: "Failed",
            Status.STOPPED: "Failed",
            Status.READY: "Ready",
        }.get(self.status, "InProgress")

    def described_target(self) -> Doc:
        place = f"{self.region}:{self.account}"
        shared = {
            "deploymentId": self.id,
            "targetId": self.target_id,
            "lastUpdatedAt": self.updated_at or self.created_at,
            "lifecycleEvents": [event.described() for event in self.lifecycle],
            "status": self.target_status,
        }
        if self.function is not None:
            arn = f"arn:aws:lambda:{place}:function:{self.function.id}"
            described = {**shared, "targetArn": arn, "lambdaFunctionInfo": self.function.described()}
            return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": described}
        arn = f"arn:aws:ecs:{place}:service/{self.target_id.replace(':', '/', 1)}"
        described = {**shared, "targetArn": arn, "taskSetsInfo": [one.described() for one in self.task_sets]}
        return {"deploymentTargetType": "ECSTarget", "ecsTarget": described}

    def described(self) -> Doc:
        overview = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
        overview[self.target_status] += 1
        return {
            "applicationName": self.application,
            "deploymentGroupName": self.group,
            "deploymentConfigName": self.config_name,
            "deploymentId": self.id,
            "previousRevision": self.previous_revision,
            "revision": self.revision,
            "status": self.status.value,
            "errorInformation": self.error,
            "createTime": self.created_at,
            "startTime": self.started_at,
            "completeTime": self.completed_at,
            "deploymentOverview": overview,
            "description": self.description or None,
            "creator": self.creator,
            "ignoreApplicationStopFailures": False,
            "autoRollbackConfiguration": self.auto_rollback or None,
            "updateOutdatedInstancesOnly": False,
            "rollbackInfo": self.rollback.described() if self.rollback else None,
            "deploymentStyle": self.style,
            "instanceTerminationWaitTimeStarted": self.termination_wait_started,
            "blueGreenDeploymentConfiguration": self.blue_green,
            "loadBalancerInfo": self.load_balancer,
            "fileExistsBehavior": "DISALLOW",
            "deploymentStatusMessages": self.messages,
            "computePlatform": self.platform,
            "overrideAlarmConfiguration": self.alarms if self.overrides_alarms else None,
        }
