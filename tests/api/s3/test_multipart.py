"""Multipart uploads."""

import base64
import hashlib
import io
import os
import zlib

import pytest
from boto3.s3.transfer import TransferConfig
from tests.api.s3.told import MIB, refusal


def test_transfer_manager_uploads_and_downloads(s3, bucket):
    body = os.urandom(17 * MIB)
    config = TransferConfig(multipart_threshold=6 * MIB, multipart_chunksize=6 * MIB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config, ExtraArgs={"Metadata": {"m": "1"}})
    head = s3.head_object(Bucket=bucket, Key="big")
    parts = [hashlib.md5(body[at : at + 6 * MIB]).digest() for at in range(0, len(body), 6 * MIB)]
    assert head["ETag"] == f'"{hashlib.md5(b"".join(parts)).hexdigest()}-3"'
    assert head["Metadata"] == {"m": "1"}
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back, Config=config)
    assert back.getvalue() == body
    second = s3.get_object(Bucket=bucket, Key="big", PartNumber=2)
    assert second["Body"].read() == body[6 * MIB : 12 * MIB]
    assert second["PartsCount"] == 3
    assert refusal(s3.get_object, Bucket=bucket, Key="big", PartNumber=4) == ("InvalidPartNumber", 416)


def test_parts_are_listed_replaced_and_completed(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="t/x")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    s3.upload_part(**where, PartNumber=1, Body=b"wrong")
    one = s3.upload_part(**where, PartNumber=1, Body=b"a" * 5 * MIB)["ETag"]
    s3.upload_part(**where, PartNumber=7, Body=b"left out")
    three = s3.upload_part(**where, PartNumber=3, Body=b"end")["ETag"]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    page = s3.list_parts(**where, MaxParts=2)
    assert [p["PartNumber"] for p in page["Parts"]] == [1, 3]
    assert page["IsTruncated"]
    rest = s3.list_parts(**where, PartNumberMarker=page["NextPartNumberMarker"])
    assert [p["PartNumber"] for p in rest["Parts"]] == [7]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    done = {"Parts": [{"PartNumber": 1, "ETag": one}, {"PartNumber": 3, "ETag": three}]}
    made = s3.complete_multipart_upload(**where, MultipartUpload=done)
    assert made["ETag"].endswith('-2"')
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"a" * 5 * MIB + b"end"
    again = s3.complete_multipart_upload(**where, MultipartUpload=done)  # a client that missed the answer
    assert again["ETag"] == made["ETag"]
    assert refusal(s3.list_parts, **where) == ("NoSuchUpload", 404)


def test_uploads_that_cannot_be_completed(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    one = s3.upload_part(**where, PartNumber=1, Body=b"small")["ETag"]
    two = s3.upload_part(**where, PartNumber=2, Body=b"small")["ETag"]

    def complete(*parts):
        named = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        return refusal(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": named})

    assert complete((1, one), (2, two)) == ("EntityTooSmall", 400)
    assert complete((2, two), (1, one)) == ("InvalidPartOrder", 400)
    assert complete((1, '"bad"')) == ("InvalidPart", 400)
    assert complete((1, one), (9, two)) == ("InvalidPart", 400)
    assert complete() == ("MalformedXML", 400)
    assert refusal(s3.upload_part, **where, PartNumber=10_001, Body=b"") == ("InvalidArgument", 400)
    s3.abort_multipart_upload(**where)
    assert refusal(s3.upload_part, **where, PartNumber=1, Body=b"x") == ("NoSuchUpload", 404)
    assert refusal(s3.abort_multipart_upload, **where) == ("NoSuchUpload", 404)


def test_parts_are_copied_from_objects(s3, bucket):
    body = os.urandom(11 * MIB)
    s3.put_object(Bucket=bucket, Key="source", Body=body)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    ranges = [f"bytes=0-{6 * MIB - 1}", f"bytes={6 * MIB}-{11 * MIB - 1}"]
    parts = []
    for number, cut in enumerate(ranges, start=1):
        copied = s3.upload_part_copy(**where, PartNumber=number, CopySource=f"{bucket}/source", CopySourceRange=cut)
        parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("SHA256", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT"), ("CRC32", "FULL_OBJECT")]
)
def test_checksums_of_multipart_objects(s3, bucket, algorithm, kind):
    body = os.urandom(7 * MIB)
    halves = [body[: 5 * MIB], body[5 * MIB :]]
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)
    where = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    parts = []
    for number, half in enumerate(halves, start=1):
        part = s3.upload_part(**where, PartNumber=number, Body=half, ChecksumAlgorithm=algorithm)
        parts.append({"PartNumber": number, "ETag": part["ETag"], f"Checksum{algorithm}": part[f"Checksum{algorithm}"]})
    made = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert made["ChecksumType"] == kind
    if algorithm == "SHA256":
        joined = b"".join(hashlib.sha256(half).digest() for half in halves)
        assert made["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(joined).digest()).decode() + "-2"
    if algorithm == "CRC32":
        assert made["ChecksumCRC32"] == base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    )
    assert attributes["ObjectSize"] == len(body)
    assert attributes["ObjectParts"]["TotalPartsCount"] == 2
    assert attributes["Checksum"][f"Checksum{algorithm}"] == made[f"Checksum{algorithm}"]
