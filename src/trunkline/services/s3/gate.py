"""Who may do what to a bucket: identity policies, the bucket's own policy and its public access block together.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from collections.abc import Mapping
from typing import Any

import orjson

from trunkline.aws.identity import Decision
from trunkline.aws.policy import Policy, compiled
from trunkline.aws.service import Call, Kit
from trunkline.services.s3 import acl, errors, store
from trunkline.services.s3.model import Bucket

Context = Mapping[str, str]
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Gate:
    """Finds the bucket that a request names and decides whether its caller may."""

    def __init__(self, kit: Kit) -> None:
        self._db = kit.db
        self._call = kit.call
        self._known: dict[str, Bucket] = {}

    def changed(self) -> None:
        """Call after the commit of any change to a bucket, from any thread."""
        self._known = {}  # a new dict: a reader that is just filling the old one fills what nobody asks any more

    def bucket(self, call: Call, request: Mapping[str, Any], action: str, context: Context | None = None) -> Bucket:
        """The bucket of a request about the bucket itself, for a caller who may do `action` to it."""
        return self._checked(call, request, action, f"arn:aws:s3:::{request['Bucket']}", context)

    def object(self, call: Call, request: Mapping[str, Any], action: str, context: Context | None = None) -> Bucket:
        """The bucket of a request about one of its objects, for a caller who may do `action` to that object."""
        arn = f"arn:aws:s3:::{request['Bucket']}/{request['Key']}"
        return self._checked(call, request, action, arn, context)

    def known(self, request: Mapping[str, Any]) -> Bucket:
        """The bucket of a request whose parts are decided one by one with `allowed`."""
        known, name = self._known, request["Bucket"]
        found = known.get(name)
        if found is None:
            found = store.bucket(self._db, name)
            if found is None:
                raise errors.no_such_bucket(name)
            known[name] = found
        owner = request.get("ExpectedBucketOwner")
        if owner is not None and owner != found.account:
            raise errors.access_denied()
        return found

    def allowed(self, call: Call, bucket: Bucket, action: str, arn: str) -> bool:
        """Whether the caller may, where a refusal is part of a larger answer."""
        return self._decide(call, bucket, action, arn, None).allowed

    def _checked(
        self, call: Call, request: Mapping[str, Any], action: str, arn: str, context: Context | None
    ) -> Bucket:
        found = self.known(request)
        decision = self._decide(call, found, action, arn, context)
        if not decision.allowed:
            raise errors.access_denied(decision.message)
        return found

    def _decide(self, call: Call, bucket: Bucket, action: str, arn: str, context: Context | None) -> Decision:
        return self._call.authorizer.decide(
            call.caller,
            action,
            (arn,),
            context,
            resource_policies=policies_of(bucket, anonymous=call.caller.principal.kind == "anonymous"),
            resource_account=bucket.account,
        )


def policies_of(bucket: Bucket, *, anonymous: bool = False) -> tuple[Policy, ...]:
    """The bucket's policy and its list, unless they are public and the public access block keeps strangers out."""
    found: list[Policy] = []
    document = bucket.settings.get("policy")
    if document is not None and not (anonymous and blocked(bucket)["RestrictPublicBuckets"] and is_public(document)):
        found.append(compiled(document))
    canned = bucket.settings.get("acl")
    if canned is not None and not blocked(bucket)["IgnorePublicAcls"]:
        listed = acl.policy_of(bucket.name, canned, anonymous=anonymous)
        if listed is not None:
            found.append(listed)
    return tuple(found)


def blocked(bucket: Bucket) -> dict[str, bool]:
    """The public access block; a new bucket blocks everything, as AWS's have since April 2023."""
    found: dict[str, bool] | None = bucket.settings.get("public_access_block")
    return dict.fromkeys(_BLOCKS, found is None) | (found or {})


def is_public(document: str) -> bool:
    """Whether a policy lets everybody in: an Allow for "*" without a condition (S3 also weighs conditions)."""
    statements = orjson.loads(document)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement["Effect"] != "Allow" or statement.get("Condition"):
            continue
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else principal
        if named == "*" or (isinstance(named, list) and "*" in named):
            return True
    return False
