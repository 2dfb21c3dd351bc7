"""Stack policies: which resources an update may touch.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import fnmatch
import json
from typing import Any

from trunkline.services.cloudformation.preparing.sources import bad

Doc = dict[str, Any]


def check(body: str) -> None:
    """Refuse what is no stack policy."""
    try:
        policy = json.loads(body)
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise bad("Error validating stack policy: Invalid stack policy") from error
    for one in _list(statements):
        if not isinstance(one, dict) or one.get("Effect") not in ("Allow", "Deny") or one.get("Principal") != "*":
            raise bad("Error validating stack policy: Invalid stack policy")
        for action in _list(one.get("Action", one.get("NotAction"))):
            if not isinstance(action, str) or not action.startswith("Update:"):
                raise bad(f"Error validating stack policy: Unknown action {action}")


def denied(body: str, action: str, logical_id: str, type: str) -> str:
    """Why a policy forbids `Update:Modify`, `Update:Replace` or `Update:Delete` of a resource; nothing if it does not.

    Once there is a policy, what it does not allow is forbidden.
    """
    if not body:
        return ""
    allowed = False
    for number, one in enumerate(_list(json.loads(body)["Statement"]), start=1):
        if not _applies(one, action, logical_id, type):
            continue
        if one["Effect"] == "Deny":
            return (
                f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource "
                f"[LogicalResourceId/{logical_id}]"
            )
        allowed = True
    if allowed:
        return ""
    return (
        f"Action denied by stack policy: no statement allows [{action}] for resource [LogicalResourceId/{logical_id}]"
    )


def _applies(one: Doc, action: str, logical_id: str, type: str) -> bool:
    if "NotAction" in one:
        if _any(one["NotAction"], action):
            return False
    elif not _any(one.get("Action", ()), action):
        return False
    name = f"LogicalResourceId/{logical_id}"
    if "NotResource" in one:
        if _any(one["NotResource"], name):
            return False
    elif not _any(one.get("Resource", "*"), name):
        return False
    for test, keys in (one.get("Condition") or {}).items():
        wanted = keys.get("ResourceType")
        if wanted is None:
            continue
        if test == "StringEquals" and type not in _list(wanted):
            return False
        if test == "StringLike" and not _any(wanted, type):
            return False
    return True


def _any(patterns: Any, text: str) -> bool:
    return any(fnmatch.fnmatchcase(text, str(pattern)) for pattern in _list(patterns))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
