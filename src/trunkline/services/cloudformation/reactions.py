"""What follows a stack's events: notifications to the topics of NotificationARNs, worded as AWS words them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-add-tags.html
"""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.cloudformation import events, store
from trunkline.services.cloudformation.model import StackEvent

log = get(__name__)
_SUBJECT = "AWS CloudFormation Notification"
_GONE = ("NotFound", "NotFoundException", "InvalidParameter", "AuthorizationError")


class Notifications:
    """A subscriber of the bus: at least once for each event of a stack with topics."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def stack_event(self, event: Event) -> None:
        stack_id = str(event.detail["stack-id"])
        stack = store.stacks.get(self._kit.db, event.account, event.region, stack_id)
        if stack is None or not stack.notification_arns:
            return
        told = next((one for one in self._recent(stack_id) if one.ledger_id == event.id), None)
        if told is None:
            return
        operation = store.operations.get(self._kit.db, stack_id, told.operation)
        principal = operation.caller["principal"]["id"] if operation is not None else ""
        message = worded(told, event.account, principal)
        caller = Caller.service("cloudformation.amazonaws.com", event.account, event.region)
        for topic in stack.notification_arns:
            try:
                given = {"TopicArn": topic, "Subject": _SUBJECT, "Message": message}
                await self._kit.call("sns", "Publish", given, as_=caller)
            except AwsError as error:
                if error.code not in _GONE:
                    raise
                log.warning("a stack's topic takes no messages", stack=stack_id, topic=topic, error=str(error))

    def _recent(self, stack_id: str) -> list[StackEvent]:
        return store.stack_events.find(self._kit.db, prefix=(stack_id,))[::-1]


def worded(one: StackEvent, account: str, principal: str) -> str:
    """The text of a notification."""
    moment = one.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {
        "StackId": one.stack_id,
        "Timestamp": moment,
        "EventId": one.id,
        "LogicalResourceId": one.logical_id,
        "Namespace": account,
        "PhysicalResourceId": one.physical_id,
        "PrincipalId": principal,
        "ResourceProperties": one.properties or "null",
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason,
        "ResourceType": one.type,
        "StackName": one.stack_name,
        "ClientRequestToken": one.token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in fields.items())


KINDS = (events.STACK_CHANGE, events.RESOURCE_CHANGE)
