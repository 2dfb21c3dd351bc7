"""The events that ECS publishes, in the shapes AWS documents.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

from datetime import UTC, datetime
from typing import Any

from trunkline.core.events import Event
from trunkline.services.ecs import described
from trunkline.services.ecs.model import Deployment, Service, Task

SOURCE = "aws.ecs"


def task_state_change(task: Task, now: datetime) -> Event:
    detail = {**_told(described.task(task)), "updatedAt": _told(now)}
    detail.pop("tags", None)
    return Event(SOURCE, "ECS Task State Change", detail, task.account, task.region, (task.arn,), time=now)


def deployment_state_change(service: Service, deployment: Deployment, now: datetime) -> Event:
    kinds = {"IN_PROGRESS": "INFO", "COMPLETED": "INFO", "FAILED": "ERROR"}
    detail = {
        "eventType": kinds[deployment.rollout_state],
        "eventName": f"SERVICE_DEPLOYMENT_{deployment.rollout_state}",
        "deploymentId": deployment.id,
        "updatedAt": _told(now),
        "reason": deployment.rollout_reason,
    }
    return Event(
        SOURCE, "ECS Deployment State Change", detail, service.account, service.region, (service.arn,), time=now
    )


def service_action(service: Service, name: str, now: datetime, kind: str = "INFO", **more: Any) -> Event:
    detail = {
        "eventType": kind,
        "eventName": name,
        "clusterArn": service.cluster_arn,
        "createdAt": _told(now),
        **more,
    }
    return Event(SOURCE, "ECS Service Action", detail, service.account, service.region, (service.arn,), time=now)


def _told(value: Any) -> Any:
    """Times as AWS writes them in these events."""
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_told(each) for each in value]
    if isinstance(value, datetime):
        utc = value.astimezone(UTC)
        return f"{utc.strftime('%Y-%m-%dT%H:%M:%S')}.{utc.microsecond // 1000:03d}Z"
    return value
