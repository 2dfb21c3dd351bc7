"""May CloudWatch Logs write to a bucket? As on AWS, the bucket's policy must say so."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import ALLOW, Ask, parse, verdict
from trunkline.aws.service import Caller, Kit
from trunkline.services.logs.model import LogGroup

WRITE_TEST = "aws-logs-write-test"


async def check(kit: Kit, group: LogGroup, bucket: str) -> None:
    """Put the test object at the bucket's root, or raise what CreateExportTask answers on AWS."""
    caller = Caller.service("logs.amazonaws.com", group.account, group.region)
    try:
        await kit.call("s3", "HeadBucket", {"Bucket": bucket}, as_=caller)
    except AwsError as error:
        raise _invalid("The given bucket does not exist. Please make sure the bucket is valid.") from error
    try:
        text = (await kit.call("s3", "GetBucketPolicy", {"Bucket": bucket}, as_=caller))["Policy"]
    except AwsError:
        text = '{"Version": "2012-10-17", "Statement": []}'
    arn = f"arn:aws:s3:::{bucket}"
    context = {
        "aws:sourceaccount": (group.account,),
        "aws:sourcearn": (f"{group.arn}:*",),
        "s3:x-amz-acl": ("bucket-owner-full-control",),
    }
    principals = {"Service": [f"logs.{group.region}.amazonaws.com", "logs.amazonaws.com"]}
    for action, resource in (("GetBucketAcl", arn), ("PutObject", f"{arn}/{WRITE_TEST}")):
        ask = Ask(f"s3:{action}", resource, lambda key: context.get(key.lower()), principals)
        if verdict([parse(text, "resource")], ask) is not ALLOW:
            raise _invalid(
                f"{action} call on the given bucket failed. Please check if CloudWatch Logs has been granted permission"
                " to perform this operation."
            )
    request = {"Bucket": bucket, "Key": WRITE_TEST, "Body": b"Permission Check Successful"}
    await kit.call("s3", "PutObject", request, as_=caller)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
