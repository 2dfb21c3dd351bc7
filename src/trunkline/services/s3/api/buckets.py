"""Buckets: make, find, list, delete."""

from typing import Any

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.engines.objects import Objects
from trunkline.services.s3 import errors, store, uploads
from trunkline.services.s3.acl import owner
from trunkline.services.s3.api.ownership import settings_of_new
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.listing import clean
from trunkline.services.s3.model import Bucket, is_bucket_name

_LEGACY_REGION = "us-east-1"


class BucketApi:
    """Operations on buckets as such."""

    kit: Kit
    objects: Objects
    gate: Gate

    @operation("arn:aws:s3:::{Bucket}")
    async def create_bucket(self, call: Call, req: Doc) -> Doc:
        name: str = req["Bucket"]
        if not is_bucket_name(name):
            raise AwsError("InvalidBucketName", "The specified bucket is not valid.", status=400, BucketName=name)
        region = _region(call, req.get("CreateBucketConfiguration", {}))
        settings = settings_of_new(req)
        if req.get("ObjectLockEnabledForBucket"):
            raise errors.refused("Trunkline does not support object lock; use versioning and a bucket policy.")
        bucket = Bucket(name, call.account, region, self.kit.clock.now(), settings=settings)

        def create(tx: Tx) -> None:
            there = store.bucket(tx, name)
            if there is None:
                store.BUCKETS.insert(tx, bucket)
            elif there.account != call.account:
                raise AwsError(
                    "BucketAlreadyExists",
                    "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                    "system. Please select a different name and try again.",
                    status=409,
                    BucketName=name,
                )
            elif there.region != _LEGACY_REGION or region != _LEGACY_REGION:
                # Only us-east-1 answers 200 to the owner's second try: that is how S3 began.
                raise AwsError(
                    "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it.",
                    status=409,
                    BucketName=name,
                )

        await self.kit.db.write(create)
        return {"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"}

    @operation("arn:aws:s3:::{Bucket}", authorize=False)
    async def delete_bucket(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:DeleteBucket")

        def delete(tx: Tx) -> None:
            if store.bucket(tx, bucket.name) is None:
                raise errors.no_such_bucket(bucket.name)
            if not store.is_empty(tx, bucket.name):
                raise AwsError(
                    "BucketNotEmpty",
                    "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
                    if bucket.versioning
                    else "The bucket you tried to delete is not empty",
                    status=409,
                    BucketName=bucket.name,
                )
            uploads.abort_all(tx, self.objects, bucket.name)
            store.BUCKETS.delete(tx, bucket.name)
            tx.after_commit(self.gate.changed)

        await self.kit.db.write(delete)
        return {}

    @operation("arn:aws:s3:::{Bucket}", authorize=False)
    async def head_bucket(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:ListBucket")
        return {"BucketRegion": bucket.region, "BucketArn": f"arn:aws:s3:::{bucket.name}", "AccessPointAlias": False}

    @operation("*", action="s3:ListAllMyBuckets")
    async def list_buckets(self, call: Call, req: Doc) -> Doc:
        prefix, region = req.get("Prefix", ""), req.get("BucketRegion")
        found = [
            bucket
            for bucket in store.BUCKETS.find(self.kit.db, account=call.account)
            if bucket.name.startswith(prefix) and region in (None, bucket.region)
        ]
        shown, token = paging.page(
            found,
            req.get("MaxBuckets", 10_000),
            req.get("ContinuationToken"),
            key=lambda bucket: bucket.name,
            error="InvalidArgument",
            message="The continuation token provided is incorrect",
        )
        buckets = [
            {
                "Name": bucket.name,
                "CreationDate": bucket.created,
                "BucketRegion": bucket.region,
                "BucketArn": f"arn:aws:s3:::{bucket.name}",
            }
            for bucket in shown
        ]
        answer: dict[str, Any] = {"Buckets": buckets, "Owner": owner(call.account), "ContinuationToken": token}
        return clean({**answer, "Prefix": prefix})

    @operation("arn:aws:s3:::{Bucket}", authorize=False)
    async def get_bucket_location(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketLocation")
        return {} if bucket.region == _LEGACY_REGION else {"LocationConstraint": bucket.region}


def _region(call: Call, configuration: dict[str, Any]) -> str:
    for name in ("Location", "Bucket"):
        if name in configuration:
            raise errors.refused("Trunkline does not support directory buckets; create a general purpose bucket.")
    asked: str | None = configuration.get("LocationConstraint")
    if asked is None:
        if call.region == _LEGACY_REGION:
            return _LEGACY_REGION
        raise _illegal("unspecified")
    if asked == _LEGACY_REGION:
        raise AwsError(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            status=400,
            LocationConstraint=asked,
        )
    region = "eu-west-1" if asked == "EU" else asked
    if call.region not in (_LEGACY_REGION, region):
        raise _illegal(asked)
    return region


def _illegal(asked: str) -> AwsError:
    return AwsError(
        "IllegalLocationConstraintException",
        f"The {asked} location constraint is incompatible for the region specific endpoint this request was sent to.",
        status=400,
    )
