"""Filter policies: which messages of a topic a subscription wants. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

import functools
from collections.abc import Mapping
from typing import Any

import orjson

from trunkline.aws.event_patterns import Pattern, PatternError, compile_pattern

Attributes = Mapping[str, Mapping[str, str]]
"""name -> Type, Value"""

_MAX_KEYS = 5
_MAX_COMBINATIONS = 150


def check(text: str, scope: str) -> None:
    """PatternError for a policy that cannot be."""
    compiled = _compiled(text)
    policy = orjson.loads(text)
    leaves = list(_leaves(policy))
    if len(leaves) > _MAX_KEYS:
        raise PatternError("Filter policy can not have more than 5 keys")
    combinations = 1
    for leaf in leaves:
        combinations *= len(leaf)
    if combinations > _MAX_COMBINATIONS:
        raise PatternError("Filter policy is too complex")
    if scope == "MessageAttributes" and any(isinstance(value, dict) for value in policy.values()):
        raise PatternError("Filter policy scope MessageAttributes does not support nested filter policy")
    del compiled


def wants(text: str | None, scope: str, attributes: Attributes, body: str) -> bool:
    """Whether a subscription with this policy gets the message."""
    if not text:
        return True
    if scope == "MessageBody":
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return False
        return isinstance(document, dict) and _compiled(text).matches(document)
    return _compiled(text).matches({name: _value(one) for name, one in attributes.items()})


@functools.lru_cache(maxsize=1024)
def _compiled(text: str) -> Pattern:
    return compile_pattern(text)


def _value(attribute: Mapping[str, str]) -> Any:
    kind, text = attribute["Type"], attribute["Value"]
    if kind.startswith("Number"):
        return orjson.loads(text)
    if kind.startswith("String.Array"):
        return orjson.loads(text)
    return text


def _leaves(policy: Any) -> Any:
    for key, value in policy.items():
        if key == "$or" and isinstance(value, list):
            for one in value:
                yield from _leaves(one)
        elif isinstance(value, dict):
            yield from _leaves(value)
        elif isinstance(value, list):
            yield value
