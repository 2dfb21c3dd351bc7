"""Canned lists of buckets, and objects in an archive."""

import pytest
from tests.api.s3.told import refusal


@pytest.fixture
def open_bucket(s3, bucket):
    """A bucket that may have lists."""
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    return bucket


def test_lists_are_for_buckets_whose_ownership_allows_them(s3, bucket, name):
    assert refusal(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == ("AccessControlListNotSupported", 400)
    made = refusal(s3.create_bucket, Bucket=f"{name}-b", ACL="public-read")
    assert made == ("InvalidBucketAclWithObjectOwnership", 400)


def test_a_public_list_lets_strangers_list_unless_it_is_blocked(s3, open_bucket, server):
    from botocore import UNSIGNED
    from botocore.config import Config

    stranger = server.client("s3", config=Config(signature_version=UNSIGNED))
    assert refusal(s3.put_bucket_acl, Bucket=open_bucket, ACL="public-read") == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket=open_bucket)
    assert refusal(stranger.list_objects_v2, Bucket=open_bucket) == ("AccessDenied", 403)
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    assert stranger.list_objects_v2(Bucket=open_bucket)["KeyCount"] == 0
    assert len(s3.get_bucket_acl(Bucket=open_bucket)["Grants"]) == 2
    s3.put_public_access_block(
        Bucket=open_bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "BlockPublicAcls": False}
    )
    assert refusal(stranger.list_objects_v2, Bucket=open_bucket) == ("AccessDenied", 403)


def test_log_delivery_is_granted_by_its_group_alone(s3, open_bucket):
    group = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"'
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=group, GrantReadACP=group)
    granted = s3.get_bucket_acl(Bucket=open_bucket)["Grants"][1:]
    assert [grant["Permission"] for grant in granted] == ["WRITE", "READ_ACP"]
    assert refusal(s3.put_bucket_acl, Bucket=open_bucket, GrantRead='id="x"')[1] == 501


def test_an_archived_object_must_be_restored_before_it_is_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key="cold", Body=b"ice", StorageClass="GLACIER")
    assert s3.head_object(Bucket=bucket, Key="cold")["StorageClass"] == "GLACIER"
    assert refusal(s3.get_object, Bucket=bucket, Key="cold") == ("InvalidObjectState", 403)
    copied = refusal(s3.copy_object, Bucket=bucket, Key="warm", CopySource=f"{bucket}/cold")
    assert copied == ("InvalidObjectState", 403)
    s3.restore_object(Bucket=bucket, Key="cold", RestoreRequest={"Days": 2})
    assert s3.get_object(Bucket=bucket, Key="cold")["Body"].read() == b"ice"
    assert 'ongoing-request="false"' in s3.head_object(Bucket=bucket, Key="cold")["Restore"]
    s3.put_object(Bucket=bucket, Key="warm", Body=b"tea")
    assert refusal(s3.restore_object, Bucket=bucket, Key="warm", RestoreRequest={"Days": 1})[0] == "InvalidObjectState"
