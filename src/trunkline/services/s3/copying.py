"""Copying: finding the source as the caller may see it, and giving the copy the same bytes without moving them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from trunkline.aws.service import Call, Kit
from trunkline.engines.objects import Objects
from trunkline.services.s3 import body, described, errors, store
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.model import Bucket, ObjectVersion
from trunkline.services.s3.sealing import S3_MANAGED, Plain, Seal, Sealing


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied."""

    bucket: Bucket
    found: ObjectVersion


def source(kit: Kit, gate: Gate, call: Call, req: Mapping[str, Any]) -> Source:
    """The version that CopySource names: bucket/key or its ARN, percent-encoded, perhaps with ?versionId=."""
    text, _, query = str(req["CopySource"]).partition("?")
    path = unquote(text).removeprefix("/").removeprefix("arn:aws:s3:::")
    name, _, key = path.partition("/")
    version_id = parse_qs(query).get("versionId", [None])[0]
    if not name or not key:
        raise errors.invalid_argument("Invalid copy source object key", "x-amz-copy-source", req["CopySource"])
    asked = {"Bucket": name, "Key": key, "ExpectedBucketOwner": req.get("ExpectedSourceBucketOwner")}
    bucket = gate.object(call, asked, "s3:GetObject" if version_id is None else "s3:GetObjectVersion")
    if version_id is None:
        found = store.current(kit.db, name, key)
        if found is None or found.marker:
            raise errors.no_such_key(key)
        return Source(bucket, found)
    found = store.version(kit.db, name, key, version_id)
    if found is None:
        raise errors.no_such_version(key, version_id)
    if found.marker:
        raise errors.invalid_request("The source of a copy request may not specifically refer to a delete marker")
    return Source(bucket, found)


def check_changes_something(req: Mapping[str, Any], origin: Source) -> None:
    """A copy of an object to itself must change something."""
    same = origin.found.bucket == req["Bucket"] and origin.found.key == req["Key"]
    current = "?versionId=" not in str(req["CopySource"])
    changes = any(name in req for name in ("StorageClass", "ServerSideEncryption", "ChecksumAlgorithm"))
    if same and current and not changes and req.get("MetadataDirective", "COPY") == "COPY":
        raise errors.invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


def describe(item: ObjectVersion, origin: ObjectVersion, req: Mapping[str, Any]) -> None:
    """Headers, metadata and tags: the source's, or the request's where it says REPLACE."""
    if req.get("MetadataDirective", "COPY") == "REPLACE":
        item.headers, item.metadata = described.content(req), described.metadata(req)
    else:
        item.headers, item.metadata = dict(origin.headers), dict(origin.metadata)
    replace = req.get("TaggingDirective", "COPY") == "REPLACE"
    item.tags = described.header_tags(req) if replace else dict(origin.tags)


async def take(
    objects: Objects, sealing: Sealing, call: Call, origin: ObjectVersion, req: Mapping[str, Any], seal: Seal | Plain
) -> body.Taken | None:
    """Read and store the bytes anew where their encryption or checksum changes; None: the copy can share them."""
    if origin.is_archived(sealing.now()):
        raise errors.archived(origin.storage_class)
    algorithm = req.get("ChecksumAlgorithm", "")
    same_seal = origin.seal.get("ServerSideEncryption") == seal.record.get("ServerSideEncryption")
    shareable = same_seal and seal.record.get("ServerSideEncryption") in (None, S3_MANAGED)
    if shareable and (not algorithm or f"Checksum{algorithm}" in origin.checksums):
        return None
    content = await opened(objects, sealing, call, origin, 0, origin.size)
    return await body.take(objects, content, {}, {}, seal, algorithm=algorithm)


async def opened(
    objects: Objects, sealing: Sealing, call: Call, origin: ObjectVersion, start: int, length: int
) -> bytes | AsyncIterator[bytes]:
    """The plain bytes of a range of an object; 403 for one in an archive."""
    if origin.is_archived(sealing.now()):
        raise errors.archived(origin.storage_class)
    opener = await sealing.for_read(call, origin)
    return opener.opening(objects.read(origin.pieces, start, length), start)


def share(item: ObjectVersion, origin: ObjectVersion) -> None:
    """Let `item` be made of the source's bytes. A multipart source stays one: same parts, same "-N" ETag."""
    item.size, item.etag, item.pieces, item.parts = origin.size, origin.etag, origin.pieces, origin.parts
    item.checksums, item.checksum_type = dict(origin.checksums), origin.checksum_type
    item.seal = dict(origin.seal)


def result(item: ObjectVersion) -> dict[str, Any]:
    """The CopyObjectResult element."""
    answer: dict[str, Any] = {
        "ETag": f'"{item.etag}"',
        "LastModified": datetime.fromtimestamp(item.modified, UTC),
        **item.checksums,
    }
    return answer | ({"ChecksumType": item.checksum_type} if item.checksums else {})
