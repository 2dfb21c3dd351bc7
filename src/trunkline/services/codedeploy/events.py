"""The events CodeDeploy publishes.

`CodeDeploy Deployment State-change Notification` is AWS's. `Traffic Shift` (source `trunkline.codedeploy`) is ours: one
for every change of the weights, because AWS tells nobody when a canary moved.
"""

from __future__ import annotations

from datetime import datetime

from trunkline.core.events import Event
from trunkline.services.codedeploy.model import Deployment, Status

SOURCE = "aws.codedeploy"
STATE_CHANGE = "CodeDeploy Deployment State-change Notification"
SHIFT_SOURCE = "trunkline.codedeploy"
SHIFT = "Traffic Shift"

_STATES = {
    Status.IN_PROGRESS: "START",
    Status.READY: "READY",
    Status.SUCCEEDED: "SUCCESS",
    Status.FAILED: "FAILURE",
    Status.STOPPED: "STOP",
}


def state_change(deployment: Deployment, now: datetime) -> Event:
    return Event(
        source=SOURCE,
        detail_type=STATE_CHANGE,
        detail={
            "region": deployment.region,
            "deploymentId": deployment.id,
            "instanceGroupId": deployment.group_id,
            "state": _STATES[deployment.status],
            "application": deployment.application,
            "deploymentGroup": deployment.group,
        },
        account=deployment.account,
        region=deployment.region,
        resources=_resources(deployment),
        time=now,
    )


def traffic_shift(deployment: Deployment, now: datetime, *, green_pct: int, step: int, reason: str) -> Event:
    """`reason`: "deploy" for a step of the plan (`step` of `steps`), "rollback" for the way back (step 0)."""
    blue, green = deployment.task_set("Blue"), deployment.task_set("Green")
    weights = {
        one.target_group: weight for one, weight in ((blue, 100 - green_pct), (green, green_pct)) if one is not None
    }
    return Event(
        source=SHIFT_SOURCE,
        detail_type=SHIFT,
        detail={
            "deploymentId": deployment.id,
            "application": deployment.application,
            "deploymentGroup": deployment.group,
            "reason": reason,
            "step": step,
            "steps": len(deployment.plan),
            "weights": {"original": 100 - green_pct, "replacement": green_pct},
            "targetGroups": weights,
        },
        account=deployment.account,
        region=deployment.region,
        resources=_resources(deployment),
        time=now,
    )


def _resources(deployment: Deployment) -> tuple[str, ...]:
    arn = f"arn:aws:codedeploy:{deployment.region}:{deployment.account}"
    return (
        f"{arn}:application:{deployment.application}",
        f"{arn}:deploymentgroup:{deployment.application}/{deployment.group}",
    )
