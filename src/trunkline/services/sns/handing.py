"""Handing messages to SQS queues and Lambda functions, and the dead letters of every kind of subscription.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

import base64
from typing import Any

import orjson

from trunkline.aws import arn as arns
from trunkline.aws import queues
from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.services.sns.model import Delivery, topic_parts

PRINCIPAL = "sns.amazonaws.com"
_PASSING = ("Throttling", "ThrottlingException", "RequestThrottled", "TooManyRequestsException", "OverLimit")
_MOST_ATTRIBUTES = 10


def _caller(delivery: Delivery, region: str) -> Caller:
    account = (topic_parts(delivery.message.topic_arn) or ("", "", ""))[0]
    return Caller.service(PRINCIPAL, account, region)


async def to_queue(kit: Kit, delivery: Delivery, document: bytes) -> None:
    """Send a message to its queue, as the document or, raw, as it was published."""
    arn = arns.parse(delivery.endpoint)
    raw = delivery.raw
    body = delivery.message.text if raw else document.decode()
    attributes = {name: _attribute(value) for name, value in delivery.message.attributes.items()} if raw else {}
    if len(attributes) > _MOST_ATTRIBUTES:
        raise AwsError("InvalidParameterValue", "a raw message has at most ten attributes", status=400)
    await queues.send(
        kit.call,
        delivery.endpoint,
        body,
        as_=_caller(delivery, arn.region),
        source=delivery.message.topic_arn,
        MessageAttributes=attributes or None,
        MessageSystemAttributes=_traced(delivery),
        MessageGroupId=delivery.message.group or None,
        MessageDeduplicationId=_deduplication(delivery, delivery.endpoint),
    )


def _traced(delivery: Delivery) -> dict[str, Any] | None:
    header = delivery.message.trace_header
    return {"AWSTraceHeader": {"DataType": "String", "StringValue": header}} if header else None


def _deduplication(delivery: Delivery, queue: str) -> str | None:
    return delivery.message.deduplication or delivery.message.id if queue.endswith(".fifo") else None


async def to_function(kit: Kit, delivery: Delivery, document: bytes) -> None:
    """Invoke a function asynchronously with a record of the message."""
    given = orjson.loads(document)
    message = {
        "SignatureVersion": given["SignatureVersion"],
        "Timestamp": given["Timestamp"],
        "Signature": given["Signature"],
        "SigningCertUrl": given["SigningCertURL"],
        "MessageId": given["MessageId"],
        "Message": given["Message"],
        "MessageAttributes": given.get("MessageAttributes", {}),
        "Type": given["Type"],
        "UnsubscribeUrl": given.get("UnsubscribeURL", ""),
        "TopicArn": given["TopicArn"],
        "Subject": given.get("Subject"),
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": delivery.subscription_arn,
        "Sns": message,
    }
    request = {
        "FunctionName": delivery.endpoint,
        "InvocationType": "Event",
        "Payload": orjson.dumps({"Records": [record]}),
    }
    with on_behalf_of(delivery.message.topic_arn):
        caller, header = _caller(delivery, arns.parse(delivery.endpoint).region), delivery.message.trace_header
        await kit.call("lambda", "Invoke", request, as_=caller, headers={"x-amzn-trace-id": header} if header else {})


async def to_dead_letters(kit: Kit, delivery: Delivery, document: bytes) -> None:
    """Send what could not be delivered to the queue of the subscription's redrive policy."""
    body = delivery.message.text if delivery.raw else document.decode()
    as_ = _caller(delivery, arns.parse(delivery.dead_letters).region)
    await queues.send(
        kit.call,
        delivery.dead_letters,
        body,
        as_=as_,
        source=delivery.message.topic_arn,
        MessageGroupId=delivery.message.group or None,
        MessageDeduplicationId=_deduplication(delivery, delivery.dead_letters),
    )


def is_final(error: AwsError) -> bool:
    """Whether trying again cannot help: the queue or function is gone, or its policy does not allow it."""
    if error.code in _PASSING:
        return False
    return error.status is None or 400 <= error.status < 500


def pause_s(attempt: int) -> float | None:
    """Seconds before the next try, as AWS does for its own services: at once, then soon, then every 20 s for days."""
    if attempt <= 3:
        return 0.0
    if attempt <= 5:
        return 1.0
    if attempt <= 15:
        return min(2.0 ** (attempt - 5), 20.0)
    return 20.0 if attempt <= 100_015 else None


def _attribute(value: dict[str, str]) -> dict[str, Any]:
    kind = value["Type"]
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64decode(value["Value"])}
    return {"DataType": kind, "StringValue": value["Value"]}
