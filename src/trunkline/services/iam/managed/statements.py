"""The few shapes that statements of AWS managed policies have."""

from dataclasses import dataclass
from typing import Any

Statement = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One managed policy."""

    name: str
    description: str
    statements: list[Statement]
    path: str = "/"


def allow(actions: str, resources: str | list[str] = "*", **more: Any) -> Statement:
    """An allowance; `actions` are separated by spaces."""
    names = actions.split()
    return {"Effect": "Allow", "Action": names[0] if len(names) == 1 else names, "Resource": resources, **more}


def allow_all_but(actions: str) -> Statement:
    """Everything but these actions."""
    return {"Effect": "Allow", "NotAction": actions.split(), "Resource": "*"}


def pass_role(*services: str) -> Statement:
    """iam:PassRole to these services."""
    return allow("iam:PassRole", Condition={"StringEqualsIfExists": {"iam:PassedToService": list(services)}})
