"""Scalable targets, policies, scheduled actions and activities; what a step or a ratio asks for. Pure.

https://docs.aws.amazon.com/autoscaling/application/userguide/what-is-application-auto-scaling.html
"""

import math
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.errors import AwsError

Doc = dict[str, Any]
ECS = "ecs:service:DesiredCount"
LAMBDA = "lambda:function:ProvisionedConcurrency"
DIMENSIONS = {"ecs": ECS, "lambda": LAMBDA}
COOLDOWN_S = 300
SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


@dataclass(slots=True)
class Target:
    """What may be scaled, and between which bounds. `scaled_*`: when the last scaling's cooldown ends."""

    account: str
    region: str
    namespace: str
    resource: str
    dimension: str
    id: str
    minimum: int
    maximum: int
    role_arn: str
    created: float
    suspended: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:application-autoscaling:{self.region}:{self.account}:scalable-target/{self.id}"

    def within(self, capacity: int) -> int:
        """The capacity, held between the bounds."""
        return max(self.minimum, min(self.maximum, capacity))


@dataclass(slots=True)
class Policy:
    """A policy as PutScalingPolicy gave it. `alarms` are those that it made itself (target tracking).

    out_until, in_until: until when the cooldown of its last scaling lasts.
    """

    account: str
    region: str
    namespace: str
    resource: str
    dimension: str
    name: str
    id: str
    kind: str
    config: Doc
    created: float
    alarms: list[str] = field(default_factory=list)
    out_until: float = 0.0
    in_until: float = 0.0

    @property
    def arn(self) -> str:
        where = f"resource/{self.namespace}/{self.resource}:policyName/{self.name}"
        return f"arn:aws:autoscaling:{self.region}:{self.account}:scalingPolicy:{self.id}:{where}"


@dataclass(slots=True)
class Scheduled:
    """A change of a target's bounds at a time. `last` is the epoch of the last occurrence that was acted on."""

    account: str
    region: str
    namespace: str
    resource: str
    dimension: str
    name: str
    id: str
    schedule: str
    timezone: str
    created: float
    starts: float = 0.0
    ends: float = 0.0
    minimum: int | None = None
    maximum: int | None = None
    last: float = 0.0

    @property
    def arn(self) -> str:
        where = f"resource/{self.namespace}/{self.resource}:scheduledActionName/{self.name}"
        return f"arn:aws:autoscaling:{self.region}:{self.account}:scheduledAction:{self.id}:{where}"


@dataclass(slots=True)
class Activity:
    """One scaling that was done or tried."""

    account: str
    region: str
    namespace: str
    resource: str
    dimension: str
    started: float
    id: str
    description: str
    cause: str
    status: str
    message: str = ""
    ended: float = 0.0


def after_step(config: Doc, current: int, beyond: float) -> int:
    """The capacity a step scaling policy asks for when the metric is `beyond` its alarm's threshold by so much."""
    for step in config.get("StepAdjustments", ()):
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if (low is None or beyond >= low) and (high is None or beyond < high):
            return _adjusted(config, current, step["ScalingAdjustment"])
    return current


def _adjusted(config: Doc, current: int, amount: int) -> int:
    kind = config.get("AdjustmentType", "ChangeInCapacity")
    if kind == "ExactCapacity":
        return amount
    if kind == "ChangeInCapacity":
        return max(current + amount, 0)
    change = current * amount / 100
    # AWS rounds toward zero beyond one, and away from it below.
    whole = math.trunc(change) if abs(change) >= 1 else (1 if change > 0 else -1 if change < 0 else 0)
    least = config.get("MinAdjustmentMagnitude", 1)
    if whole and abs(whole) < least:
        whole = least if whole > 0 else -least
    return max(current + whole, 0)


def after_ratio(current: int, value: float, wanted: float) -> int:
    """The capacity at which a metric that falls as capacity grows would be at its target."""
    return math.ceil(current * value / wanted - 1e-9)


def validation(message: str) -> AwsError:
    return AwsError("ValidationException", message)
