"""Settings that buckets here never have: reading one says so, as S3 does of a bucket without it; putting is refused.

Tools that look at a whole bucket (the CDK's, Terraform's) read all of these.
"""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.s3 import errors
from trunkline.services.s3.gate import Gate

_BUCKET = "arn:aws:s3:::{Bucket}"


class AbsentApi:
    """Reads, and deletions, of what is never there."""

    gate: Gate

    @operation(_BUCKET, authorize=False)
    async def get_bucket_website(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketWebsite")
        raise errors.not_set(
            "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", bucket.name
        )

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_website(self, call: Call, req: Doc) -> Doc:
        self.gate.bucket(call, req, "s3:DeleteBucketWebsite")
        return {}

    @operation(_BUCKET, authorize=False)
    async def put_bucket_website(self, call: Call, req: Doc) -> Doc:
        raise errors.refused("Trunkline does not host websites from buckets; serve the files from a container.")

    @operation(_BUCKET, authorize=False)
    async def get_bucket_replication(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetReplicationConfiguration")
        raise errors.not_set(
            "ReplicationConfigurationNotFoundError", "The replication configuration was not found", bucket.name
        )

    @operation(_BUCKET, authorize=False)
    async def get_object_lock_configuration(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketObjectLockConfiguration")
        raise errors.not_set(
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            bucket.name,
        )

    @operation(_BUCKET, authorize=False)
    async def get_bucket_logging(self, call: Call, req: Doc) -> Doc:
        self.gate.bucket(call, req, "s3:GetBucketLogging")
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_accelerate_configuration(self, call: Call, req: Doc) -> Doc:
        self.gate.bucket(call, req, "s3:GetAccelerateConfiguration")
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_request_payment(self, call: Call, req: Doc) -> Doc:
        self.gate.bucket(call, req, "s3:GetBucketRequestPayment")
        return {"Payer": "BucketOwner"}
