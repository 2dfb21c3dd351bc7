"""What Parameter Store tells EventBridge.

https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
"""

from datetime import datetime

from trunkline.core.events import Event
from trunkline.services.ssm.model import Parameter


def change(item: Parameter, operation: str, now: datetime) -> Event:
    """A parameter was created, updated, deleted or labelled."""
    detail = {"operation": operation, "name": item.name, "type": item.type}
    if item.description:
        detail["description"] = item.description
    return Event(
        "aws.ssm", "Parameter Store Change", detail, item.account, item.region, resources=(item.arn,), time=now
    )
