"""Policy documents: what is well formed, in AWS's words, and their compiled form.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import orjson

from trunkline.aws.policy.conditions import Test, compile_conditions
from trunkline.aws.policy.wildcards import Match, matcher

Kind = Literal["identity", "trust", "resource"]
Principals = Mapping[str, Sequence[str]]

_STATEMENT_FIELDS = frozenset(
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"]
)
_PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_SID = re.compile(r"[A-Za-z0-9]*")
_ACTION = re.compile(r"[a-zA-Z0-9\-]+:[a-zA-Z0-9*?_\-]*")
_ARN = re.compile(r"arn:[^:]+:[^:]*:[^:]*:[^:]*:.+", re.DOTALL)


class PolicyError(Exception):
    """The document is not a policy; the message is AWS's."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, ready to be asked. A matcher that is None matches everything."""

    allow: bool
    action: Match
    negate_action: bool
    resource: Match | None
    negate_resource: bool
    principals: Principals | None
    negate_principals: bool
    conditions: tuple[Test, ...]
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy."""

    statements: tuple[Statement, ...]
    name: str = ""


@lru_cache(maxsize=4096)
def compiled(document: str) -> Policy:
    """The compiled form of a document that was accepted before: checked loosely, remembered by its text."""
    return parse(document, "resource", strict=False)


def parse(document: str, kind: Kind, *, strict: bool = True, unique_sids: bool = True) -> Policy:
    """Check and compile a document; `PolicyError` when it is malformed. S3 alone takes a Sid twice."""
    try:
        loaded = orjson.loads(document)
    except orjson.JSONDecodeError:
        raise PolicyError(
            "Syntax errors in policy." if kind == "identity" else "This policy contains invalid Json"
        ) from None
    if not isinstance(loaded, dict):
        raise PolicyError("Syntax errors in policy.")
    version = loaded.get("Version", "2008-10-17")
    if version not in ("2012-10-17", "2008-10-17"):
        raise PolicyError(
            "Syntax errors in policy." if not isinstance(version, str) else f"Invalid policy version: {version}"
        )
    unknown = set(loaded) - {"Version", "Id", "Statement"}
    if strict and unknown:
        raise PolicyError("Syntax errors in policy.")
    if strict and kind == "identity" and "Version" not in loaded:
        version = "2008-10-17"
    statements = loaded.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or (strict and not statements):
        raise PolicyError("Syntax errors in policy.")
    variables = version == "2012-10-17"
    seen: set[str] = set()
    found = []
    for statement in statements:
        if not isinstance(statement, dict):
            raise PolicyError("Syntax errors in policy.")
        if strict:
            _check(statement, kind)
            sid = statement.get("Sid")
            if unique_sids and sid and sid in seen:
                raise PolicyError(f"Statement IDs (SID) in a single policy must be unique.: {sid}")
            seen.add(str(sid))
        found.append(_compile(statement, variables=variables))
    return Policy(tuple(found))


def _list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) for v in values):
        raise PolicyError("Syntax errors in policy.")
    return values


def _check(statement: dict[str, Any], kind: Kind) -> None:
    if set(statement) - _STATEMENT_FIELDS:
        raise PolicyError("Syntax errors in policy.")
    sid = statement.get("Sid", "")
    if not isinstance(sid, str):
        raise PolicyError("Syntax errors in policy.")
    if kind == "identity" and not _SID.fullmatch(sid):
        raise PolicyError(
            f"Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
            f"expression [0-9A-Za-z]*: {sid}"
        )
    if statement.get("Effect") not in ("Allow", "Deny"):
        effect = statement.get("Effect")
        raise PolicyError("Missing required field Effect" if effect is None else f"Invalid effect: {effect}")
    if ("Action" in statement) == ("NotAction" in statement):
        both = "Action" in statement
        raise PolicyError(
            "Statement/policy already has instance of Action" if both else "Missing required field Action"
        )
    for action in _list(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and ":" not in action:
            raise PolicyError("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
        if action != "*" and not _ACTION.fullmatch(action):
            raise PolicyError(f"The policy failed legacy parsing: invalid action {action}")
    _check_principal(statement, kind)
    _check_resource(statement, kind)
    block = statement.get("Condition", {})
    if not isinstance(block, dict) or not all(isinstance(keys, dict) for keys in block.values()):
        raise PolicyError("Syntax errors in policy.")


def _check_principal(statement: dict[str, Any], kind: Kind) -> None:
    has = "Principal" in statement or "NotPrincipal" in statement
    if kind == "identity":
        if has:
            raise PolicyError("Policy document should not specify a principal.")
        return
    if not has:
        raise PolicyError("Missing required field Principal")
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        raise PolicyError("Syntax errors in policy.")
    for name, values in principal.items():
        if name not in _PRINCIPAL_KINDS:
            raise PolicyError(f"Unknown principal type: {name}")
        for value in _list(values):
            if name == "AWS" and not (
                value == "*" or re.fullmatch(r"\d{12}", value) or _AWS_PRINCIPAL.fullmatch(value)
            ):
                raise PolicyError(f'Invalid principal in policy: "AWS":"{value}"')
            if name == "Service" and not _SERVICE_PRINCIPAL.fullmatch(value):
                raise PolicyError(f'Invalid principal in policy: "SERVICE":"{value}"')


_AWS_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(?:iam|sts)::(?:\d{12}|cloudfront):(?:root|(?:user|role|assumed-role|federated-user)/.+)|A(?:IDA|ROA)[A-Z0-9]+"
)
_SERVICE_PRINCIPAL = re.compile(r"[a-z0-9\-.]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)|\*")


def _check_resource(statement: dict[str, Any], kind: Kind) -> None:
    has = "Resource" in statement or "NotResource" in statement
    if kind == "trust":
        if has:
            raise PolicyError("Has prohibited field Resource")
        return
    if not has:
        if kind == "identity":
            raise PolicyError("Policy statement must contain resources.")
        raise PolicyError("Missing required field Resource")
    if kind == "identity":
        for resource in _list(statement.get("Resource", statement.get("NotResource"))):
            if resource != "*" and not _ARN.fullmatch(resource) and not resource.startswith("${"):
                raise PolicyError(f'Resource {resource} must be in ARN format or "*".')


def _compile(statement: dict[str, Any], *, variables: bool) -> Statement:
    negate_action = "NotAction" in statement
    negate_resource = "NotResource" in statement
    negate_principals = "NotPrincipal" in statement
    resources = statement.get("NotResource" if negate_resource else "Resource")
    principal = statement.get("NotPrincipal" if negate_principals else "Principal")
    if principal == "*":
        principal = {"AWS": ["*"], "*": ["*"]}
    try:
        conditions = compile_conditions(statement.get("Condition") or {})
    except ValueError as error:
        raise PolicyError(f"Invalid Condition type : {error}") from None
    return Statement(
        allow=statement.get("Effect") == "Allow",
        action=matcher(
            _list(statement.get("NotAction" if negate_action else "Action", [])), variables=False, ignore_case=True
        ),
        negate_action=negate_action,
        resource=None if resources is None else matcher(_list(resources), variables=variables),
        negate_resource=negate_resource,
        principals=None if principal is None else {name: _list(values) for name, values in principal.items()},
        negate_principals=negate_principals,
        conditions=tuple(conditions),
        sid=str(statement.get("Sid", "")),
    )
