"""A topic's access policy: the one it begins with, and the statements that AddPermission writes."""

from typing import Any

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.services.sns.model import Topic

_OWNER_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


def default(topic: Topic) -> dict[str, Any]:
    """The policy of a topic that nobody gave one: its owner may do everything."""
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in _OWNER_ACTIONS],
                "Resource": topic.arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
            }
        ],
    }


def of(topic: Topic) -> dict[str, Any]:
    """The topic's policy as it is."""
    text = topic.attributes.get("Policy")
    if text is None:
        return default(topic)
    found: dict[str, Any] = orjson.loads(text)
    return found


def check(text: str) -> None:
    """InvalidParameter for a policy that cannot be."""
    try:
        parse(text, "resource")
    except PolicyError as error:
        raise AwsError("InvalidParameterException", f"Invalid parameter: Policy Error: {error}") from None


def with_permission(topic: Topic, label: str, accounts: list[str], actions: list[str]) -> str:
    """The policy with one more statement."""
    policy = of(topic)
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise AwsError("InvalidParameterException", "Invalid parameter: Statement already exists")
    unknown = [action for action in actions if action not in _OWNER_ACTIONS]
    if unknown:
        raise AwsError("InvalidParameterException", "Invalid parameter: Policy statement action out of service scope!")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic.arn,
    }
    return orjson.dumps({**policy, "Statement": [*policy["Statement"], statement]}).decode()


def without_permission(topic: Topic, label: str) -> str:
    """The policy without a statement."""
    policy = of(topic)
    kept = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
    if len(kept) == len(policy["Statement"]):
        raise AwsError("NotFoundException", f"Permission {label} does not exist")
    return orjson.dumps({**policy, "Statement": kept}).decode()
