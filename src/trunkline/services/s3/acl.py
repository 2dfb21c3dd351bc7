"""Canned access control lists of buckets, as the policy statements that have the same effect.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from trunkline.aws.policy import Policy, compiled
from trunkline.services.s3 import errors

_READ = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")
_WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
_GROUP = "http://acs.amazonaws.com/groups"

# grants: (group or service, permission); allow: who may do which of the actions above; public: strangers are among them
CANNED: dict[str, dict[str, Any]] = {
    "private": {},
    "public-read": {"public": True, "grants": [("global/AllUsers", "READ")], "allow": ("*", _READ)},
    "public-read-write": {
        "public": True,
        "grants": [("global/AllUsers", "READ"), ("global/AllUsers", "WRITE")],
        "allow": ("*", (*_READ, *_WRITE)),
    },
    "authenticated-read": {
        "public": True,
        "grants": [("global/AuthenticatedUsers", "READ")],
        "allow": ("authenticated", _READ),
    },
    "log-delivery-write": {"grants": [("s3/LogDelivery", "WRITE"), ("s3/LogDelivery", "READ_ACP")]},
    "aws-exec-read": {},
}
OWNER_ONLY = ("private", "bucket-owner-full-control", "bucket-owner-read", "aws-exec-read")


def owner(account: str) -> dict[str, str]:
    """The Owner element. S3's canonical user ids are opaque; ours is the account, padded to their 64 digits."""
    return {"ID": account.rjust(64, "0")}


def grants(account: str, canned: str) -> dict[str, Any]:
    """The list as GetBucketAcl shows it: the owner may do everything, and whom else the canned list lets in."""
    grantee = {**owner(account), "Type": "CanonicalUser"}
    groups = [
        {"Grantee": {"URI": f"{_GROUP}/{group}", "Type": "Group"}, "Permission": permission}
        for group, permission in CANNED.get(canned, {}).get("grants", ())
    ]
    return {"Owner": owner(account), "Grants": [{"Grantee": grantee, "Permission": "FULL_CONTROL"}, *groups]}


def named(request: Mapping[str, Any]) -> str | None:
    """The canned list that a request means: by its name, or by the grants to log delivery, which has no name there."""
    given = {name: request[name] for name in request if name.startswith("Grant") and request[name]}
    if set(given) == {"GrantWrite", "GrantReadACP"} and all("s3/LogDelivery" in value for value in given.values()):
        return "log-delivery-write"
    if given or request.get("AccessControlPolicy"):
        raise errors.refused("Trunkline has no access control lists of one's own; use a bucket policy.")
    return request.get("ACL")


@cache
def policy_of(bucket: str, canned: str, *, anonymous: bool) -> Policy | None:
    """A policy that lets in whom the list lets in; None where it lets nobody in but the owner and AWS's services."""
    who, actions = CANNED.get(canned, {}).get("allow", ("", ()))
    if not who or (who == "authenticated" and anonymous):
        return None
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return compiled(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
