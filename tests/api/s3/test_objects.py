"""S3 objects: put, get, head, delete, with conditions, ranges and checksums."""

import base64
import hashlib
import os
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.api.s3.told import MIB, public_policy, refusal
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY


@pytest.mark.parametrize(
    "key", ["plain", "a/b/c", "sp ace+plus", "ümläut/日本", "q?x=1&y", "per%20cent", "trailing/", "a//b", ".."]
)
@pytest.mark.parametrize("size", [0, 5, 100_000])
def test_gives_back_what_was_put(s3, bucket, key, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key=key, Body=body)
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == body
    assert got["ETag"] == put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert got["ContentLength"] == size
    assert got["ContentType"] == "binary/octet-stream"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_describes_an_object_as_it_was_put(s3, bucket):
    described = {
        "CacheControl": "max-age=3",
        "ContentDisposition": 'attachment; filename="x"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/plain",
        "Metadata": {"one": "1", "two": "zwei"},
    }
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", Expires=expires, StorageClass="STANDARD_IA", Tagging="a=1&b=2", **described
    )
    for answer in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k")):
        assert {name: answer[name] for name in described} == described
        assert answer["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"
        assert answer["StorageClass"] == "STANDARD_IA"
        assert answer["AcceptRanges"] == "bytes"
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    overridden = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="a/b", ResponseCacheControl="no-store")
    assert (overridden["ContentType"], overridden["CacheControl"]) == ("a/b", "no-store")


def test_what_is_not_there(s3, bucket):
    assert refusal(s3.get_object, Bucket=bucket, Key="no") == ("NoSuchKey", 404)
    assert refusal(s3.head_object, Bucket=bucket, Key="no") == ("404", 404)
    assert refusal(s3.get_object, Bucket=bucket, Key="no", VersionId="nope") == ("NoSuchVersion", 404)
    assert refusal(s3.get_object, Bucket=f"{bucket}-no", Key="k") == ("NoSuchBucket", 404)
    assert s3.delete_object(Bucket=bucket, Key="no")["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-3", 0, 4), ("bytes=5-", 5, 50_000), ("bytes=-7", 49_993, 50_000), ("bytes=10-99999", 10, 50_000)],
)
def test_ranges(s3, bucket, asked, start, end):
    body = os.urandom(50_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {start}-{end - 1}/50000"
    assert got["Body"].read() == body[start:end]
    assert s3.head_object(Bucket=bucket, Key="k", Range=asked)["ContentLength"] == end - start


def test_ranges_that_are_none(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    assert refusal(s3.get_object, Bucket=bucket, Key="k", Range="bytes=5-") == ("InvalidRange", 416)
    assert refusal(s3.get_object, Bucket=bucket, Key="k", Range="bytes=-0") == ("InvalidRange", 416)
    for ignored in ("bytes=3-1", "lines=1-2", "bytes=0-1,3-4"):
        assert s3.get_object(Bucket=bucket, Key="k", Range=ignored)["Body"].read() == b"12345"


def test_conditions_of_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    later, earlier = modified + timedelta(hours=1), modified - timedelta(hours=1)
    for call, codes in ((s3.get_object, ("304", "PreconditionFailed")), (s3.head_object, ("304", "412"))):
        one = {"Bucket": bucket, "Key": "k"}
        call(**one, IfMatch=etag)
        call(**one, IfMatch="*")
        call(**one, IfNoneMatch='"other"')
        call(**one, IfModifiedSince=earlier)
        call(**one, IfUnmodifiedSince=later)
        call(**one, IfMatch=etag, IfUnmodifiedSince=earlier)
        assert refusal(call, **one, IfNoneMatch=etag) == (codes[0], 304)
        assert refusal(call, **one, IfModifiedSince=later) == (codes[0], 304)
        assert refusal(call, **one, IfModifiedSince=modified) == (codes[0], 304)
        assert refusal(call, **one, IfMatch='"other"') == (codes[1], 412)
        assert refusal(call, **one, IfUnmodifiedSince=earlier) == (codes[1], 412)


def test_conditions_of_writes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"no"') == ("PreconditionFailed", 412)
    assert refusal(s3.put_object, Bucket=bucket, Key="new", Body=b"2", IfMatch=etag) == ("NoSuchKey", 404)
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_checked_kept_and_given_back(s3, bucket, algorithm):
    body = os.urandom(40_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    member = f"Checksum{algorithm}"
    assert put[member]
    got = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[member] == put[member]
    assert got["ChecksumType"] == "FULL_OBJECT"
    wrong = base64.b64encode(bytes(len(base64.b64decode(put[member])))).decode()
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=body, **{member: wrong}) == ("BadDigest", 400)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=body, **{member: "no"}) == ("InvalidRequest", 400)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_content_md5(s3, bucket):
    right = base64.b64encode(hashlib.md5(b"x").digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5=right)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"y", ContentMD5=right) == ("BadDigest", 400)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"y", ContentMD5="zz") == ("InvalidDigest", 400)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


class _Trailing(S3SigV4Auth):
    def payload(self, request):
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def test_checksum_in_a_trailer(server, s3, bucket):
    # As SDKs send it over https: an unsigned chunked payload whose checksum follows it.
    body = b"hello trailer"
    right = base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))

    def put(checksum):
        chunked = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(body), body, checksum)
        headers = {
            "content-encoding": "aws-chunked",
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": str(len(body)),
            "x-amz-trailer": "x-amz-checksum-crc32",
        }
        request = AWSRequest("PUT", f"{server.endpoint}/{bucket}/k", headers=headers, data=chunked)
        _Trailing(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION).add_auth(request)
        return urllib3.request("PUT", request.url, body=chunked, headers=dict(request.headers.items()))

    assert put(right).status == 200
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got["ChecksumCRC32"]) == (body, right.decode())
    assert "ContentEncoding" not in got
    wrong = put(b"AAAAAA==")
    assert (wrong.status, b"BadDigest" in wrong.data) == (400, True)


def test_large_objects_stream(s3, bucket):
    body = os.urandom(20 * MIB + 17)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    assert (
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=7000000-19000000")["Body"].read() == body[7000000:19000001]
    )


def test_presigned_urls(s3, bucket):
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "p k", "ContentType": "text/x"})
    assert urllib3.request("PUT", url, body=b"data", headers={"content-type": "text/x"}).status == 200
    answer = urllib3.request("GET", s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p k"}))
    assert (answer.status, answer.data, answer.headers["content-type"]) == (200, b"data", "text/x")
    assert answer.headers["x-amz-request-id"]
    assert answer.headers["x-amz-id-2"]


def test_virtual_host_style(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"here")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public_policy(bucket).replace("/open/", "/"))
    host = {"Host": f"{bucket}.s3.us-east-1.amazonaws.com"}
    answer = urllib3.request("GET", f"{server.endpoint}/a/b", headers=host)
    assert (answer.status, answer.data) == (200, b"here")


def test_delete_objects(s3, bucket):
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "never"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["a", "b", "never"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_tags_of_objects(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="x=1")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "x", "Value": "1"}]
    tags = [{"Key": "y", "Value": "2"}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    twice = {"TagSet": tags * 2}
    assert refusal(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=twice) == ("InvalidTag", 400)


def test_what_is_not_real_is_refused(s3, bucket):
    for unreal in (
        {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime(2030, 1, 1, tzinfo=UTC)},
        {"WebsiteRedirectLocation": "/x"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32},
        {"GrantRead": 'id="x"'},
    ):
        assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **unreal) == ("NotImplemented", 501), unreal
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ACL="public-read") == (
        "AccessControlListNotSupported",
        400,
    )
    assert (
        refusal(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "i"}})[1] == 501
    )
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
