"""What a queue's policy lets other services do.

A service that hands messages on in nobody's name (SNS, EventBridge, S3) may send only where the queue's policy says so,
as on AWS, where a forgotten policy is the usual reason that nothing arrives.
"""

from trunkline.aws.behalf import behalf
from trunkline.aws.errors import AwsError
from trunkline.aws.policy import ALLOW, Ask, compiled, verdict
from trunkline.aws.service import Call
from trunkline.services.sqs.model import Queue


def check_service(call: Call, queue: Queue) -> None:
    """AccessDenied unless the queue's policy lets the calling service send."""
    principal = call.caller.principal
    if principal.kind != "service":
        return
    source = behalf()
    context = {"aws:securetransport": ("true",), "aws:principalisawsservice": ("true",)}
    context |= {} if source is None else {key.lower(): (value,) for key, value in source.context.items()}
    ask = Ask("sqs:SendMessage", queue.arn, lambda key: context.get(key.lower()), {"Service": [principal.name]})
    policy = queue.attributes.get("Policy")
    if not policy or verdict([compiled(policy)], ask) != ALLOW:
        raise AwsError(
            "AccessDenied",
            f"User: {principal.name} is not authorized to perform: sqs:sendmessage on resource: {queue.arn} because no "
            "resource-based policy allows the sqs:sendmessage action",
            status=403,
        )
