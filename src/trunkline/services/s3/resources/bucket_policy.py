"""AWS::S3::BucketPolicy. Ref gives the bucket's name: a bucket has one policy."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import document, text
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_ABSENT = ("NoSuchBucket", "NoSuchBucketPolicy")


class BucketPolicyType(ResourceType):
    """A bucket's policy."""

    name: ClassVar[str] = "AWS::S3::BucketPolicy"
    honoured: ClassVar[frozenset[str]] = frozenset({"Bucket", "PolicyDocument"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        bucket = str(wanted["Bucket"])
        there = await on.look("s3", "GetBucketPolicy", "NoSuchBucketPolicy", Bucket=bucket)
        if there is not None and not on.resumed:
            raise AwsError("AlreadyExists", f"The bucket policy already exists on bucket {bucket}.", status=409)
        await on.call("s3", "PutBucketPolicy", Bucket=bucket, Policy=text(wanted["PolicyDocument"]))
        return bucket

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("s3", "GetBucketPolicy", *_ABSENT, Bucket=physical_id)
        return answer and {"Bucket": physical_id, "PolicyDocument": document(answer["Policy"])}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call("s3", "PutBucketPolicy", Bucket=physical_id, Policy=text(new["PolicyDocument"]))

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("s3", "DeleteBucketPolicy", *_ABSENT, Bucket=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for bucket in await on.pages("s3", "ListBuckets", "Buckets", BucketRegion=on.region):
            if await on.look("s3", "GetBucketPolicy", *_ABSENT, Bucket=bucket["Name"]) is not None:
                found.append(bucket["Name"])
        return found
