"""The parts of requests and answers that describe an object: content headers, user metadata, tags, classes.

What a request asks for and Trunkline does not do is refused here, once for PutObject, CopyObject and uploads.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from trunkline.aws.errors import AwsError
from trunkline.aws.tags import is_reserved
from trunkline.services.s3 import errors
from trunkline.services.s3.model import STORAGE_CLASSES, Bucket, ObjectVersion

_CONTENT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires")
_OVERRIDES = {f"Response{name}": name for name in _CONTENT}
_MAX_METADATA_BYTES = 2048
_OWNER_ACLS = ("private", "bucket-owner-full-control", "bucket-owner-read")
_REFUSED = {
    "SSECustomerAlgorithm": "encryption with keys that the customer provides (SSE-C)",
    "SSECustomerKey": "encryption with keys that the customer provides (SSE-C)",
    "CopySourceSSECustomerAlgorithm": "encryption with keys that the customer provides (SSE-C)",
    "ObjectLockMode": "object lock",
    "ObjectLockRetainUntilDate": "object lock",
    "ObjectLockLegalHoldStatus": "object lock",
    "WebsiteRedirectLocation": "static website hosting; serve the files from a container instead",
    "WriteOffsetBytes": "appending to objects; that is for directory buckets",
    "GrantFullControl": "access control lists; use a bucket policy",
    "GrantRead": "access control lists; use a bucket policy",
    "GrantReadACP": "access control lists; use a bucket policy",
    "GrantWrite": "access control lists; use a bucket policy",
    "GrantWriteACP": "access control lists; use a bucket policy",
}


def refuse_unreal(request: Mapping[str, Any]) -> None:
    """501 for what would otherwise be claimed and not done; S3's own 400 where it has one."""
    for name in _REFUSED.keys() & request.keys():
        raise errors.refused(f"Trunkline does not support {_REFUSED[name]} ({name}).")
    acl = request.get("ACL")
    if acl is not None and acl not in _OWNER_ACLS:
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs", status=400)


def storage_class(request: Mapping[str, Any]) -> str:
    """The storage class of a new object."""
    name: str = request.get("StorageClass", "STANDARD")
    if name in STORAGE_CLASSES:
        return name
    raise AwsError("InvalidStorageClass", "The storage class you specified is not valid", status=400)


def content(request: Mapping[str, Any]) -> dict[str, str]:
    """The content headers of a request."""
    found = {name: _text(request[name]) for name in _CONTENT if name in request}
    if "ContentEncoding" in found:
        rest = [one.strip() for one in found["ContentEncoding"].split(",") if one.strip() != "aws-chunked"]
        found["ContentEncoding"] = ",".join(rest)
        if not rest:
            del found["ContentEncoding"]
    found.setdefault("ContentType", "binary/octet-stream")
    return found


def metadata(request: Mapping[str, Any]) -> dict[str, str]:
    """The x-amz-meta- headers, in lower case and within S3's limit."""
    given = request.get("Metadata")
    if not given:
        return {}
    found = {name.lower(): value for name, value in given.items()}
    if sum(len(name.encode()) + len(value.encode()) for name, value in found.items()) > _MAX_METADATA_BYTES:
        raise AwsError(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            status=400,
            MaxSizeAllowed=str(_MAX_METADATA_BYTES),
        )
    return found


def header_tags(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of an x-amz-tagging header: a query string."""
    text = request.get("Tagging")
    if not text:
        return {}
    pairs = parse_qsl(text, keep_blank_values=True)
    return tags([{"Key": key, "Value": value} for key, value in pairs], most=10)


def tags(pairs: list[Mapping[str, str]], *, most: int) -> dict[str, str]:
    """Tags of a TagSet; 400 for those S3 does not take."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, value = pair["Key"], pair["Value"]
        if key in found:
            raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key", status=400, TagKey=key)
        if not 1 <= len(key) <= 128:
            raise AwsError("InvalidTag", "The TagKey you have provided is invalid", status=400, TagKey=key)
        if len(value) > 256:
            raise AwsError("InvalidTag", "The TagValue you have provided is invalid", status=400, TagKey=key)
        if is_reserved(key):
            raise AwsError("InvalidTag", "System tags cannot be added/updated by requester", status=400)
        found[key] = value
    if len(found) > most:
        raise AwsError("BadRequest", f"Object tags cannot be greater than {most}", status=400)
    return found


def answer(found: ObjectVersion, bucket: Bucket, request: Mapping[str, Any]) -> dict[str, Any]:
    """The members that describe an object in the answers of GetObject and HeadObject."""
    described: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": datetime.fromtimestamp(int(found.modified), UTC),
        "ContentLength": found.size,
        "ETag": f'"{found.etag}"',
        "Metadata": found.metadata,
        **found.headers,
    }
    if bucket.versioning:
        described["VersionId"] = found.version_id
    if found.storage_class != "STANDARD":
        described["StorageClass"] = found.storage_class
    if found.restored_until:
        until = datetime.fromtimestamp(found.restored_until, UTC)
        described["Restore"] = f'ongoing-request="false", expiry-date="{_text(until)}"'
    if found.tags:
        described["TagCount"] = len(found.tags)
    if found.seal:
        described |= sealed(found.seal)
    for asked in _OVERRIDES.keys() & request.keys():
        described[_OVERRIDES[asked]] = _text(request[asked])
    return described


def sealed(seal: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say how an object is encrypted."""
    return {name: seal[name] for name in ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled") if seal.get(name)}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return str(value)
