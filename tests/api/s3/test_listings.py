"""Listings of S3 objects."""

import pytest
from tests.api.s3.told import refusal

KEYS = ["a", "b/1", "b/2", "b/c/3", "d", "é", "zz/1"]


@pytest.fixture
def filled(s3, bucket):
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


def test_lists_in_the_order_of_bytes(s3, filled):
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=filled)["Contents"]] == sorted(KEYS, key=str.encode)
    assert [o["Key"] for o in s3.list_objects(Bucket=filled)["Contents"]] == sorted(KEYS, key=str.encode)


def test_groups_by_delimiter(s3, filled):
    top = s3.list_objects_v2(Bucket=filled, Delimiter="/")
    assert [o["Key"] for o in top["Contents"]] == ["a", "d", "é"]
    assert [p["Prefix"] for p in top["CommonPrefixes"]] == ["b/", "zz/"]
    inner = s3.list_objects_v2(Bucket=filled, Delimiter="/", Prefix="b/")
    assert [o["Key"] for o in inner["Contents"]] == ["b/1", "b/2"]
    assert [p["Prefix"] for p in inner["CommonPrefixes"]] == ["b/c/"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_pages_give_everything_once(s3, filled, size, delimiter, operation):
    keys, prefixes = [], []
    pages = s3.get_paginator(operation).paginate(
        Bucket=filled, Delimiter=delimiter, PaginationConfig={"PageSize": size}
    )
    for page in pages:
        found = page.get("Contents", []) + page.get("Versions", [])
        assert len(found) + len(page.get("CommonPrefixes", [])) <= size
        keys += [o["Key"] for o in found]
        prefixes += [p["Prefix"] for p in page.get("CommonPrefixes", [])]
    assert keys == ([k for k in sorted(KEYS, key=str.encode) if not delimiter or "/" not in k])
    assert prefixes == (["b/", "zz/"] if delimiter else [])


def test_start_after_and_bad_tokens(s3, filled):
    after = s3.list_objects_v2(Bucket=filled, StartAfter="b/2")
    assert [o["Key"] for o in after["Contents"]] == ["b/c/3", "d", "zz/1", "é"]
    assert refusal(s3.list_objects_v2, Bucket=filled, ContinuationToken="nonsense") == ("InvalidArgument", 400)
    assert s3.list_objects_v2(Bucket=filled, MaxKeys=0)["KeyCount"] == 0
