"""Who owns what is in a bucket, and the canned access control lists of buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html

Every object belongs to its bucket's account. Lists with grants of their own are refused; the canned ones of a bucket
have their effect (`gate.py`) where its ownership setting lets lists exist.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.s3 import errors
from trunkline.services.s3.acl import CANNED, OWNER_ONLY, grants, named
from trunkline.services.s3.gate import Gate, blocked
from trunkline.services.s3.model import Bucket

_BUCKET = "arn:aws:s3:::{Bucket}"
ENFORCED = "BucketOwnerEnforced"


class OwnershipApi:
    """Ownership controls and the bucket's list."""

    gate: Gate
    keep_setting: Callable[[Bucket, str, Any], Awaitable[None]]

    @operation(_BUCKET, authorize=False)
    async def put_bucket_ownership_controls(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketOwnershipControls")
        rules = req["OwnershipControls"]["Rules"]
        if len(rules) != 1:
            raise errors.malformed_xml()
        wanted = rules[0]["ObjectOwnership"]
        if wanted == ENFORCED and bucket.settings.get("acl", "private") not in OWNER_ONLY:
            raise _has_list()
        await self.keep_setting(bucket, "ownership", None if wanted == ENFORCED else wanted)
        return {}

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_ownership_controls(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:PutBucketOwnershipControls"), "ownership", "deleted")
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_ownership_controls(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketOwnershipControls")
        found = bucket.settings.get("ownership", ENFORCED)
        if found == "deleted":
            raise errors.not_set(
                "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", bucket.name
            )
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": found}]}}

    @operation(_BUCKET, authorize=False)
    async def put_bucket_acl(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketAcl")
        canned = named(req)
        if canned is None or ("ownership" not in bucket.settings and canned not in OWNER_ONLY):
            raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs", status=400)
        check_public(bucket, canned)
        await self.keep_setting(bucket, "acl", None if canned in OWNER_ONLY else canned)
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_acl(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketAcl")
        return grants(bucket.account, bucket.settings.get("acl", "private"))


def check_public(bucket: Bucket, canned: str) -> None:
    """A list that lets strangers in is kept out by the public access block."""
    if CANNED.get(canned, {}).get("public") and blocked(bucket)["BlockPublicAcls"]:
        raise errors.access_denied(
            "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."
        )


def settings_of_new(req: Doc) -> dict[str, Any]:
    """The settings that CreateBucket's ownership and list make."""
    settings: dict[str, Any] = {}
    ownership, canned = req.get("ObjectOwnership", ENFORCED), named(req) or "private"
    if ownership != ENFORCED:
        settings["ownership"] = ownership
    if canned not in OWNER_ONLY:
        if ownership == ENFORCED:
            raise _has_list()
        settings["acl"] = canned
    return settings


def _has_list() -> AwsError:
    return AwsError(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        status=400,
    )
