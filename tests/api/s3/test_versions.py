"""Versions of S3 objects and delete markers."""

import pytest
from botocore.exceptions import ClientError
from tests.api.s3.told import refusal


def test_keeps_versions_and_hides_behind_markers(s3, versioned):
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=str(n).encode())["VersionId"] for n in range(3)]
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == ids[2]
    for n, version in enumerate(ids):
        assert s3.get_object(Bucket=versioned, Key="k", VersionId=version)["Body"].read() == str(n).encode()
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert gone["DeleteMarker"]
    assert refusal(s3.get_object, Bucket=versioned, Key="k") == ("NoSuchKey", 404)
    assert refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=gone["VersionId"]) == ("MethodNotAllowed", 405)
    with pytest.raises(ClientError) as hidden:
        s3.head_object(Bucket=versioned, Key="k")
    headers = hidden.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", gone["VersionId"])
    listed = s3.list_object_versions(Bucket=versioned)
    assert [v["VersionId"] for v in listed["Versions"]] == ids[::-1]
    assert [m["IsLatest"] for m in listed["DeleteMarkers"]] == [True]
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    s3.delete_object(Bucket=versioned, Key="k", VersionId=gone["VersionId"])
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == ids[2]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[2])
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == ids[1]


def test_pages_of_versions(s3, versioned):
    expected = []
    for key in ("a", "b"):
        made = [s3.put_object(Bucket=versioned, Key=key, Body=str(n).encode())["VersionId"] for n in range(4)]
        expected += [(key, version) for version in reversed(made)]
    for size in (1, 3, 5):
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": size})
        assert [(v["Key"], v["VersionId"]) for page in pages for v in page.get("Versions", [])] == expected


def test_suspended_versioning_replaces_only_the_null_version(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = s3.put_object(Bucket=bucket, Key="k", Body=b"kept")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"after")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"after"
    versions = [v["VersionId"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert versions == ["null", kept]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def test_copies_a_version(s3, versioned):
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"new")
    answer = s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": old})
    assert answer["CopySourceVersionId"] == old
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"old"
