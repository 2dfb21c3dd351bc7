"""Delivery policies: how often and with which pauses an HTTP endpoint that fails is tried again. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import math
from collections.abc import Mapping
from typing import Any

import orjson

DEFAULT = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
_FUNCTIONS = ("arithmetic", "exponential", "geometric", "linear")


class PolicyError(ValueError):
    """The policy cannot be."""


def of_topic(text: str | None) -> dict[str, Any]:
    """The healthy retry policy of a topic's DeliveryPolicy."""
    if not text:
        return dict(DEFAULT)
    http = _loaded(text).get("http", {})
    return _checked(http.get("defaultHealthyRetryPolicy", {}))


def of_subscription(text: str | None, topic: Mapping[str, Any]) -> dict[str, Any]:
    """The retry policy of a subscription's DeliveryPolicy, else its topic's."""
    if not text:
        return dict(topic)
    return _checked(_loaded(text).get("healthyRetryPolicy", {}))


def _loaded(text: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise PolicyError("failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise PolicyError("failed to parse JSON.")
    return document


def _checked(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not given.keys() <= DEFAULT.keys():
        raise PolicyError("unexpected JSON member in the retry policy")
    policy = {**DEFAULT, **given}
    numbers = [policy[name] for name in DEFAULT if name != "backoffFunction"]
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in numbers):
        raise PolicyError("the values of the retry policy must be whole numbers")
    if policy["numRetries"] > 100 or not 1 <= policy["minDelayTarget"] <= policy["maxDelayTarget"] <= 3600:
        raise PolicyError("numRetries is at most 100, and 1 <= minDelayTarget <= maxDelayTarget <= 3600")
    phases = policy["numNoDelayRetries"] + policy["numMinDelayRetries"] + policy["numMaxDelayRetries"]
    if phases > policy["numRetries"]:
        raise PolicyError("the retries of the phases are more than numRetries")
    if policy["backoffFunction"] not in _FUNCTIONS:
        raise PolicyError(f"backoffFunction is one of {', '.join(_FUNCTIONS)}")
    return policy


def pause_s(policy: Mapping[str, Any], retry: int) -> float | None:
    """Seconds before the `retry`-th retry (from 1); None when there are no more."""
    if retry > policy["numRetries"]:
        return None
    low, high = float(policy["minDelayTarget"]), float(policy["maxDelayTarget"])
    at_once, slow = policy["numNoDelayRetries"], policy["numMinDelayRetries"]
    if retry <= at_once:
        return 0.0
    if retry <= at_once + slow:
        return low
    last = policy["numRetries"] - policy["numMaxDelayRetries"]
    if retry > last:
        return high
    steps = last - at_once - slow
    share = (retry - at_once - slow - 1) / (steps - 1) if steps > 1 else 0.0
    match policy["backoffFunction"]:
        case "linear":
            return low + (high - low) * share
        case "arithmetic":
            return low + (high - low) * share * (1 + share) / 2
        case "geometric":
            return low * math.pow(high / low, share)
        case _:
            return low + (high - low) * (math.pow(2, 10 * share) - 1) / 1023
