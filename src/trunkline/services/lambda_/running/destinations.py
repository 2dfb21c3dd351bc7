"""Where the outcome of an asynchronous invocation goes: SQS, SNS, EventBridge or another function."""

import json
from datetime import datetime
from typing import Any

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.engines.functions import Outcome
from trunkline.services.lambda_.model import QueuedEvent
from trunkline.services.lambda_.naming import Found, invalid

SERVICES = ("sqs", "sns", "events", "lambda")


def check(target: str) -> None:
    """Refuse what cannot be a destination."""
    try:
        service = arns.parse(target).service
    except ValueError:
        raise invalid(f"The provided destination config DestinationArn is invalid: {target}") from None
    if service not in SERVICES:
        raise invalid(f"Destinations of Trunkline's functions are SQS, SNS, EventBridge and Lambda, not {service}.")


def record(event: QueuedEvent, found: Found, outcome: Outcome | None, condition: str, now: datetime) -> Doc:
    """The invocation record as AWS documents it."""
    answer: Doc = {
        "version": "1.0",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": event.id,
            "functionArn": f"{found.function.arn}:{event.qualifier or found.version.number}",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _parsed(event.payload),
    }
    if outcome is not None:
        context: Doc = {"statusCode": 200, "executedVersion": found.version.number}
        if outcome.error:
            context["functionError"] = outcome.error
        answer |= {"responseContext": context, "responsePayload": _parsed(outcome.payload)}
    return answer


async def send(kit: Kit, caller: Caller, target: str, text: str, attributes: dict[str, str]) -> None:
    """Hand a text to a destination as `caller`; raises its AwsError."""
    arn = arns.parse(target)
    as_ = Caller(caller.account, arn.region or caller.region, caller.principal, caller.source_ip, caller.user_agent,
                 caller.access_key_id)  # fmt: skip
    given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value}
    match arn.service:
        case "sqs":
            url = (
                await kit.call(
                    "sqs", "GetQueueUrl", {"QueueName": arn.resource, "QueueOwnerAWSAccountId": arn.account}, as_=as_
                )
            )["QueueUrl"]
            await kit.call(
                "sqs", "SendMessage", {"QueueUrl": url, "MessageBody": text, "MessageAttributes": given}, as_=as_
            )
        case "sns":
            await kit.call("sns", "Publish", {"TopicArn": target, "Message": text, "MessageAttributes": given}, as_=as_)
        case "lambda":
            params = {"FunctionName": target, "InvocationType": "Event", "Payload": text.encode()}
            await kit.call("lambda", "Invoke", params, as_=as_)
        case "events":
            detail = json.loads(text)
            failed = detail["requestContext"]["condition"] != "Success"
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {'Failure' if failed else 'Success'}",
                "Detail": text,
                "Resources": [target, detail["requestContext"]["functionArn"]],
                "EventBusName": target,
            }
            answer = await kit.call("events", "PutEvents", {"Entries": [entry]}, as_=as_)
            if answer.get("FailedEntryCount"):
                raise AwsError("DestinationFailure", str(answer["Entries"][0].get("ErrorMessage", "")))
        case _:
            raise AwsError("DestinationFailure", f"{target} is no destination")


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload or b"null")
    except ValueError:
        return payload.decode("utf-8", "replace")
