"""Handing something to an SQS queue that is known by its ARN, as services do: SNS, EventBridge, dead letters."""

from typing import TYPE_CHECKING, Any

from trunkline.aws import arn as arns
from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.service import Caller

if TYPE_CHECKING:
    from trunkline.aws.call import Client


async def send(client: "Client", queue_arn: str, body: str, *, as_: Caller, source: str, **more: Any) -> None:
    """SendMessage to the queue; its policy has to let `as_` do so for the resource `source`. Raises AwsError.

    `more` are further members of SendMessage; those that are None are left out.
    """
    arn = arns.parse(queue_arn)
    given = {name: value for name, value in more.items() if value is not None}
    request = {"QueueUrl": f"http://sqs/{arn.account}/{arn.resource}", "MessageBody": body, **given}
    caller = Caller(as_.account, arn.region, as_.principal, as_.source_ip, as_.user_agent, as_.access_key_id)
    with on_behalf_of(source, as_.account):
        await client("sqs", "SendMessage", request, as_=caller)
