"""Copies of S3 objects."""

import base64
import hashlib
import os

from tests.api.s3.told import refusal


def test_copies_bytes_and_description(s3, bucket):
    body = os.urandom(100_000)
    s3.put_object(Bucket=bucket, Key="a b", Body=body, Metadata={"x": "1"}, ContentType="t/1", Tagging="t=1")
    source = {"Bucket": bucket, "Key": "a b"}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"], got["TagCount"]) == (body, {"x": "1"}, "t/1", 1)
    s3.copy_object(
        Bucket=bucket,
        Key="new",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"y": "2"},
        TaggingDirective="REPLACE",
    )
    got = s3.get_object(Bucket=bucket, Key="new")
    assert (got["Metadata"], got["ContentType"]) == ({"y": "2"}, "binary/octet-stream")
    assert "TagCount" not in got
    s3.delete_object(Bucket=bucket, Key="a b")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_copies_that_cannot_be(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
    source = f"{bucket}/a"
    assert refusal(s3.copy_object, Bucket=bucket, Key="a", CopySource=source) == ("InvalidRequest", 400)
    assert refusal(s3.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}/no") == ("NoSuchKey", 404)
    assert refusal(s3.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}-no/a") == ("NoSuchBucket", 404)
    refused = refusal(s3.copy_object, Bucket=bucket, Key="b", CopySource=source, CopySourceIfNoneMatch=etag)
    assert refused == ("PreconditionFailed", 412)
    s3.copy_object(Bucket=bucket, Key="a", CopySource=source, StorageClass="STANDARD_IA")


def test_a_copy_can_get_another_checksum(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"123456789")
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a", ChecksumAlgorithm="SHA256")
    got = s3.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
    assert got["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"123456789").digest()).decode()
