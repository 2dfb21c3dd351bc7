"""Asking compiled policies."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from trunkline.aws.policy.document import Policy, Principals, Statement
from trunkline.aws.policy.wildcards import Values


class Effect(Enum):
    """What a policy says when it says anything."""

    ALLOW = "allow"
    DENY = "deny"


ALLOW, DENY = Effect.ALLOW, Effect.DENY


@dataclass(slots=True)
class Ask:
    """May this be done? `principals` are the names by which resource policies may call who asks, kind -> names."""

    action: str
    resource: str
    values: Values
    principals: Principals = field(default_factory=dict)


def verdict(policies: Iterable[Policy], ask: Ask) -> Effect | None:
    """DENY if any statement denies, else ALLOW if any allows, else None: nobody has said anything."""
    found: Effect | None = None
    for policy in policies:
        for statement in policy.statements:
            if (found is ALLOW and statement.allow) or not applies(statement, ask):
                continue
            if not statement.allow:
                return DENY
            found = ALLOW
    return found


def first_deny(policies: Iterable[Policy], ask: Ask) -> Statement | None:
    """The statement that denies, for messages."""
    for policy in policies:
        for statement in policy.statements:
            if not statement.allow and applies(statement, ask):
                return statement
    return None


def applies(statement: Statement, ask: Ask) -> bool:
    """Whether the statement speaks of this action, resource, principal and situation."""
    values = ask.values
    if statement.action(ask.action, values) == statement.negate_action:
        return False
    if statement.resource is not None and statement.resource(ask.resource, values) == statement.negate_resource:
        return False
    if statement.principals is not None and _names(statement.principals, ask.principals) == statement.negate_principals:
        return False
    return all(test(values) for test in statement.conditions)


def _names(named: Principals, who: Principals) -> bool:
    if "*" in named:
        return True
    for kind, names in named.items():
        have = who.get(kind, ())
        for name in names:
            if name == "*" and (have or kind == "AWS"):
                return True
            if name in have:
                return True
    return False
