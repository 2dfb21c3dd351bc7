"""S3 buckets as boto3 sees them."""

import pytest
from tests.api.s3.told import refusal


def test_bucket_lives_from_create_to_delete(s3, name):
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    assert name in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.delete_bucket(Bucket=name)
    assert refusal(s3.head_bucket, Bucket=name) == ("404", 404)
    assert refusal(s3.list_objects_v2, Bucket=name) == ("NoSuchBucket", 404)


@pytest.mark.parametrize("bad", ["UPPER", "ab", "a..b", "192.168.1.1", "-ab", "xn--abc", "abc-s3alias"])
def test_refuses_names_that_are_no_buckets(aws, bad):
    s3 = aws("s3", validate=False)
    assert refusal(s3.create_bucket, Bucket=bad) == ("InvalidBucketName", 400)


def test_creating_twice_follows_the_region(aws, s3, bucket, name):
    s3.create_bucket(Bucket=bucket)  # us-east-1 answers 200 to the owner
    europe = aws("s3", region="eu-west-1")
    other = f"{name}-eu"
    where = {"LocationConstraint": "eu-west-1"}
    europe.create_bucket(Bucket=other, CreateBucketConfiguration=where)
    try:
        assert europe.get_bucket_location(Bucket=other)["LocationConstraint"] == "eu-west-1"
        again = refusal(europe.create_bucket, Bucket=other, CreateBucketConfiguration=where)
        assert again == ("BucketAlreadyOwnedByYou", 409)
    finally:
        europe.delete_bucket(Bucket=other)
    assert refusal(europe.create_bucket, Bucket=f"{name}-x")[0] == "IllegalLocationConstraintException"
    wrong = {"LocationConstraint": "ap-south-1"}
    assert refusal(europe.create_bucket, Bucket=f"{name}-x", CreateBucketConfiguration=wrong)[0] == (
        "IllegalLocationConstraintException"
    )


def test_a_bucket_with_anything_in_it_stays(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert refusal(s3.delete_bucket, Bucket=bucket) == ("BucketNotEmpty", 409)
