"""Read the ledger once, in order, and put the deployments' stories together.

A deployment is tied to its commit by the pipeline: its Deploy action names the deployment, its Source action the
commit, the repository's event the time of the push. It is tied to an alarm by time: the last that fired while it ran.
A rollback is AWS's own deployment of the version before, and ends the failure of the deployment it follows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.insights.dora.model import Deployment, middle

PUSH = "CodeCommit Repository State Change"
ACTION = "CodePipeline Action Execution State Change"
DEPLOYMENT = "CodeDeploy Deployment State-change Notification"
SHIFT = "Traffic Shift"
ALARM = "CloudWatch Alarm State Change"
KINDS = (PUSH, ACTION, DEPLOYMENT, SHIFT, ALARM)
_PAGE = 5000
_ENDED = ("SUCCESS", "FAILURE", "STOP")

Doc = dict[str, Any]


class _Reader:
    """What is known so far, while events pass by."""

    def __init__(self) -> None:
        self.deployments: dict[str, Deployment] = {}
        self._pushes: dict[str, Event] = {}
        self._commits: dict[str, str] = {}
        self._failed: dict[str, Deployment] = {}
        """By group: the deployment whose failure still lasts."""

    def take(self, event: Event) -> None:
        match event.detail_type:
            case "CodeCommit Repository State Change":
                self._pushes.setdefault(event.detail.get("commitId", ""), event)
            case "CodePipeline Action Execution State Change":
                self._action(event)
            case "CodeDeploy Deployment State-change Notification":
                self._deployment(event)
            case "Traffic Shift":
                self._shift(event)
            case "CloudWatch Alarm State Change":
                self._alarm(event)

    def _action(self, event: Event) -> None:
        detail = event.detail
        external = detail.get("execution-result", {}).get("external-execution-id", "")
        category = detail.get("type", {}).get("category")
        if category == "Source" and detail["state"] == "SUCCEEDED":
            self._commits[detail["execution-id"]] = external
        elif category == "Deploy" and external in self.deployments:
            deployment = self.deployments[external]
            deployment.commit = self._commits.get(detail["execution-id"], "")
            push = self._pushes.get(deployment.commit)
            if push is not None:
                deployment.pushed = push.time
                deployment.events.insert(0, push)

    def _deployment(self, event: Event) -> None:
        detail = event.detail
        deployment = self.deployments.setdefault(detail["deploymentId"], Deployment(detail["deploymentId"], event.time))
        deployment.events.append(event)
        deployment.state = detail["state"]
        if deployment.state not in _ENDED:
            return
        deployment.ended = event.time
        group = f"{detail['application']}/{detail['deploymentGroup']}"
        before = self._failed.get(group)
        if deployment.state == "SUCCESS":
            if before is not None and before.restored is None:
                before.restored = event.time
                before.events.append(event)
                deployment.rolls_back = deployment.rolls_back or not deployment.served
            self._failed.pop(group, None)
        elif deployment.served:
            self._failed.setdefault(group, deployment)

    def _shift(self, event: Event) -> None:
        deployment = self.deployments.get(event.detail["deploymentId"])
        if deployment is not None:
            deployment.events.append(event)
            deployment.served = deployment.served or event.detail["weights"]["replacement"] > 0

    def _alarm(self, event: Event) -> None:
        if event.detail.get("state", {}).get("value") != "ALARM":
            return
        for deployment in self.deployments.values():
            if deployment.ended is None:
                deployment.alarmed = event.time
                deployment.events.append(event)


def read(events: Iterable[Event]) -> list[Deployment]:
    """The deployments that these events, in order, tell of."""
    reader = _Reader()
    for event in events:
        reader.take(event)
    return list(reader.deployments.values())


def report(ledger: Ledger, account: str, region: str, now: datetime, *, days: float) -> Doc:
    """The four figures over the last `days`, for one account and region; times in seconds, rates from 0 to 1."""
    since = now - timedelta(days=days)
    found = [d for d in read(_all(ledger, account, region)) if d.ended is not None and d.ended >= since]
    changes = [d for d in found if not d.rolls_back and d.served]
    succeeded = [d for d in found if d.succeeded]
    failed = [d for d in found if d.failed_in_production]
    leads = [(d, d.lead_time_s) for d in succeeded if d.lead_time_s is not None]
    recoveries = [(d, d.recovery_s) for d in failed if d.recovery_s is not None]
    return {
        "account": account,
        "region": region,
        "from": since.isoformat(),
        "to": now.isoformat(),
        "deployment_frequency": {
            "per_day": len(succeeded) / days,
            "count": len(succeeded),
            "counted": [_story(d) for d in succeeded],
        },
        "lead_time_for_changes": {
            "median_s": middle([value for _, value in leads]),
            "counted": [{**_story(d), "seconds": value} for d, value in leads],
        },
        "change_failure_rate": {
            "rate": len(failed) / len(changes) if changes else None,
            "failed": len(failed),
            "changes": len(changes),
            "counted": [_story(d) for d in failed],
        },
        "failed_deployment_recovery_time": {
            "median_s": middle([value for _, value in recoveries]),
            "counted": [{**_story(d), "seconds": value} for d, value in recoveries],
        },
    }


def _all(ledger: Ledger, account: str, region: str) -> Iterable[Event]:
    place = 0
    while events := ledger.read(place, detail_types=KINDS, limit=_PAGE):
        yield from (event for event in events if (event.account, event.region) == (account, region))
        place = events[-1].seq


def _story(deployment: Deployment) -> Doc:
    return {
        "deployment": deployment.id,
        "commit": deployment.commit,
        "events": [
            {"seq": e.seq, "id": e.id, "time": e.time.isoformat(), "detail_type": e.detail_type, "what": _what(e)}
            for e in deployment.events
        ],
    }


def _what(event: Event) -> str:
    detail = event.detail
    match event.detail_type:
        case "CodeCommit Repository State Change":
            return f"push of {detail.get('commitId', '')[:8]} to {detail.get('referenceName', '')}"
        case "Traffic Shift":
            return f"{detail['weights']['replacement']} % to the new version"
        case "CloudWatch Alarm State Change":
            return f"alarm {detail.get('alarmName', '')} fired"
    return f"deployment {detail.get('deploymentId', '')} {str(detail.get('state', '')).lower()}"
