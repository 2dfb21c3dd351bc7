"""What CloudFormation makes of S3."""

from trunkline.aws.resources import ResourceType
from trunkline.services.s3.resources.bucket import BucketType
from trunkline.services.s3.resources.bucket_policy import BucketPolicyType

TYPES: tuple[ResourceType, ...] = (BucketType(), BucketPolicyType())
