"""A queue's attributes on their way in: which there are, and what values they may have.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import json
from collections.abc import Mapping
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.services.sqs.model import FIFO_DEFAULTS, MAX_BYTES, invalid

_RANGES = {
    "VisibilityTimeout": (0, 43_200),
    "MaximumMessageSize": (1024, MAX_BYTES),
    "MessageRetentionPeriod": (60, 1_209_600),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_CHOICES = {
    "FifoQueue": ("true", "false"),
    "ContentBasedDeduplication": ("true", "false"),
    "SqsManagedSseEnabled": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_DOCUMENTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy")
_REMOVED_BY_NOTHING = (*_DOCUMENTS, "KmsMasterKeyId")
_MOST_SOURCES = 10


def checked(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The attributes, refused with AWS's words when one cannot be."""
    found: dict[str, str] = {}
    for name, value in given.items():
        text = value.strip()
        if name in FIFO_DEFAULTS and not fifo:
            if name == "FifoQueue" and text.lower() == "false":
                raise AwsError("InvalidAttributeValue", "Invalid value for the parameter FifoQueue.")
            raise AwsError("InvalidAttributeName", f"You can specify the {name} only when FifoQueue is set to true.")
        if name in _REMOVED_BY_NOTHING and not text:
            found[name] = ""
        elif name in _RANGES:
            found[name] = _number(name, text)
        elif name in _CHOICES:
            by_lower = {choice.lower(): choice for choice in _CHOICES[name]}
            if text.lower() not in by_lower:
                raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            found[name] = by_lower[text.lower()]
        elif name in _DOCUMENTS:
            found[name] = _document(name, text)
        elif name == "KmsMasterKeyId":
            found[name] = text
        else:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
    return found


def check_together(effective: Mapping[str, str]) -> None:
    """Refuse settings that contradict each other."""
    per_group = effective.get("FifoThroughputLimit") == "perMessageGroupId"
    if per_group and effective.get("DeduplicationScope") != "messageGroup":
        raise AwsError(
            "InvalidAttributeValue",
            "The DeduplicationScope attribute must be set to messageGroup when FifoThroughputLimit is "
            "perMessageGroupId.",
        )
    if effective.get("SqsManagedSseEnabled") == "true" and effective.get("KmsMasterKeyId"):
        raise AwsError(
            "InvalidAttributeValue",
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS "
            "SSE.",
        )


def applied(old: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a queue after `given`; one kind of encryption switches the other off."""
    found = {**old, **given}
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") != "true":
        found["SqsManagedSseEnabled"] = "false"
    if given.get("SqsManagedSseEnabled") == "true" and "KmsMasterKeyId" not in given:
        found.pop("KmsMasterKeyId", None)
    return {name: value for name, value in found.items() if value != ""}


def same(name: str, one: str, other: str) -> bool:
    """Whether two values of an attribute mean the same."""
    if name in _DOCUMENTS and one and other:
        return bool(json.loads(one) == json.loads(other))
    return one == other


def _number(name: str, text: str) -> str:
    low, high = _RANGES[name]
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not low <= number <= high:
        raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    return str(number)


def _document(name: str, text: str) -> str:
    if name == "Policy":
        try:
            parse(text, "resource")
        except PolicyError:
            raise AwsError("InvalidAttributeValue", "Invalid value for the parameter Policy.") from None
        return text
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise invalid(f"Value {text} for parameter {name} is invalid. Reason: Redrive policy is not a valid JSON map.")
    return _redrive(text, given) if name == "RedrivePolicy" else _redrive_allow(text, given)


def _redrive(text: str, given: dict[str, Any]) -> str:
    def wrong(why: str) -> AwsError:
        return invalid(f"Value {text} for parameter RedrivePolicy is invalid. Reason: {why}.")

    if "deadLetterTargetArn" not in given:
        raise wrong("Redrive policy does not contain mandatory attribute: deadLetterTargetArn")
    if "maxReceiveCount" not in given:
        raise wrong("Redrive policy does not contain mandatory attribute: maxReceiveCount")
    try:
        most = int(given["maxReceiveCount"])
    except (TypeError, ValueError):
        most = 0
    if not 1 <= most <= 1000:
        raise wrong(
            "Invalid value for maxReceiveCount: "
            + f"{given['maxReceiveCount']}, valid values are from 1 to 1000 both inclusive"
        )
    return json.dumps({**given, "maxReceiveCount": most}, separators=(",", ":"))


def _redrive_allow(text: str, given: dict[str, Any]) -> str:
    def wrong(why: str) -> AwsError:
        return invalid(f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: {why}.")

    permission = given.get("redrivePermission", "allowAll")
    sources = given.get("sourceQueueArns")
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise wrong("Amazon SQS can't create the redrive allow policy, as it's in an unsupported format")
    if (permission == "byQueue") != bool(sources):
        raise wrong("sourceQueueArns goes with the redrivePermission byQueue, and only with it")
    if sources and len(sources) > _MOST_SOURCES:
        raise wrong(f"at most {_MOST_SOURCES} sourceQueueArns")
    return json.dumps(given, separators=(",", ":"))
