"""CloudFormation's own events, as EventBridge delivers them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
"""

from datetime import datetime

from trunkline.core.events import Event
from trunkline.services.cloudformation.model import Stack, StackEvent

SOURCE = "aws.cloudformation"
STACK_CHANGE = "CloudFormation Stack Status Change"
RESOURCE_CHANGE = "CloudFormation Resource Status Change"
STACK_TYPE = "AWS::CloudFormation::Stack"


def told(stack: Stack, event: StackEvent, now: datetime) -> Event:
    """The event of one line of a stack's history."""
    status = {"status": event.status, "status-reason": event.reason}
    detail = {
        "stack-id": stack.id,
        "status-details": status,
        "client-request-token": event.token,
    }
    if event.physical_id != stack.id:
        detail |= {
            "logical-resource-id": event.logical_id,
            "physical-resource-id": event.physical_id,
            "resource-type": event.type,
        }
    kind = STACK_CHANGE if event.physical_id == stack.id else RESOURCE_CHANGE
    return Event(SOURCE, kind, detail, stack.account, stack.region, resources=(stack.id,), id=event.ledger_id, time=now)
