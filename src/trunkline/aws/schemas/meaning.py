"""When two values of a property mean the same, although they are written differently.

AWS gives back policies with their keys in another order, one action instead of a list of one, an account as the ARN of
its root; lists without an order in any order; tags sorted.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson

from trunkline.aws.schemas.store import Doc

_ACCOUNT = re.compile(r"\d{12}")
_ONE_OR_MANY = frozenset({"Action", "NotAction", "Resource", "NotResource"})


def key_of(value: Any) -> bytes:
    """What two values have in common exactly when they mean the same, regardless of the order of lists."""
    return orjson.dumps(_plain(meant(value)), option=orjson.OPT_SORT_KEYS)


def same(left: Any, right: Any, ordered: Callable[[], bool] = lambda: True) -> bool:
    """Whether two values without a schema of their own mean the same."""
    if left == right and type(left) is type(right):
        return True
    one, other = meant(left), meant(right)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        if not ordered():
            return sorted(map(key_of, one)) == sorted(map(key_of, other))
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if _is_scalar(one) and _is_scalar(other):
        return _scalar(one) == _scalar(other)
    return bool(one == other)


def meant(value: Any) -> Any:
    """A JSON text as the object it holds, and a policy in the one form all its spellings share."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    if isinstance(value, dict) and "Statement" in value:
        return policy(value)
    return value


def policy(document: Doc) -> Doc:
    """A policy document in its plainest form."""
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    plain = [_statement(one) for one in listed]
    return {**document, "Statement": sorted(plain, key=lambda one: orjson.dumps(one, option=orjson.OPT_SORT_KEYS))}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    found: Doc = {}
    for key, value in statement.items():
        if key in _ONE_OR_MANY:
            found[key] = sorted(_scalar(item) for item in _list(value))
        elif key in ("Principal", "NotPrincipal"):
            found[key] = _principal(value)
        elif key == "Condition" and isinstance(value, dict):
            found[key] = {operator: _tests(tests) for operator, tests in value.items()}
        else:
            found[key] = value
    return found


def _principal(value: Any) -> Any:
    if value in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
        return {"AWS": ["*"]}
    if not isinstance(value, dict):
        return value
    return {kind: sorted(_root(kind, _scalar(item)) for item in _list(given)) for kind, given in value.items()}


def _root(kind: str, name: str) -> str:
    return f"arn:aws:iam::{name}:root" if kind == "AWS" and _ACCOUNT.fullmatch(name) else name


def _tests(tests: Any) -> Any:
    if not isinstance(tests, dict):
        return tests
    return {key: sorted(_scalar(item) for item in _list(value)) for key, value in tests.items()}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (dict, list)):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return str(value)


def _plain(value: Any) -> Any:
    """Lists sorted and scalars as texts, so that equal meanings are equal bytes."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_plain(item) for item in value), key=orjson.dumps)
    return _scalar(value) if _is_scalar(value) else value
