"""Who may use a key: its policy, then its grants; what a policy is when nobody wrote one."""

import json
from collections.abc import Mapping, Sequence

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.services.kms.model import Grant

MAX_BYTES = 32_768


def default_policy(account: str) -> str:
    """The account decides by its IAM policies."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _document("key-default-1", [statement])


def managed_policy(account: str, region: str, service: str) -> str:
    """An AWS managed key: its service uses it for the account's principals, everybody else may look at it."""
    use = {
        "Sid": f"Allow access through {service} for all principals in the account",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{region}.amazonaws.com"}
        },
    }
    look = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return _document(f"auto-{service}", [use, look])


def grant_policy(grant: Grant) -> str:
    """A grant as a policy, so that one evaluator decides."""
    condition: dict[str, dict[str, object]] = {}
    for name, value in {**grant.context_equals, **grant.context_subset}.items():
        condition.setdefault("StringEquals", {})[f"kms:EncryptionContext:{name}"] = value
    if grant.context_equals:
        condition["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(grant.context_equals)}
    actions = [f"kms:{name}" for name in grant.operations]
    statement = {"Effect": "Allow", "Principal": {"AWS": grant.grantee}, "Action": actions, "Resource": "*"}
    return _document(grant.id, [{**statement, "Condition": condition} if condition else statement])


def checked(document: str) -> str:
    """A policy on its way in."""
    if len(document) > MAX_BYTES:
        raise AwsError("LimitExceededException", f"A key policy has at most {MAX_BYTES} bytes.")
    try:
        parse(document, "resource")
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocumentException", str(error)) from None
    return document


def context_keys(context: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The condition keys of an encryption context."""
    found: dict[str, str | list[str]] = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    if context:
        found["kms:EncryptionContextKeys"] = list(context)
    return found


def _document(policy_id: str, statements: Sequence[Mapping[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": policy_id, "Statement": statements})
