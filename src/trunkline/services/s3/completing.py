"""Turning parts into an object: which parts, in which order, and what the whole is called. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.services.s3 import checksums, errors
from trunkline.services.s3.model import MIN_PART_BYTES, NULL_VERSION, ObjectVersion, Part, Upload


def choose(named: Sequence[Mapping[str, Any]], have: Sequence[Part], upload: Upload) -> list[Part]:
    """The parts that a CompleteMultipartUpload names, or S3's error for a list that cannot be."""
    if not named:
        raise errors.malformed_xml()
    by_number = {part.number: part for part in have}
    chosen: list[Part] = []
    for one in named:
        number = one.get("PartNumber", 0)
        if chosen and number <= chosen[-1].number:
            raise AwsError(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. The parts list must be specified in order by part "
                "number.",
                status=400,
                UploadId=upload.upload_id,
            )
        part = by_number.get(number)
        etag = str(one.get("ETag", "")).strip('"')
        if part is None or part.etag != etag or not _same_checksums(one, part):
            raise AwsError(
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                "specified entity tag may not match the part's entity tag.",
                status=400,
                UploadId=upload.upload_id,
                PartNumber=str(number),
                ETag=etag,
            )
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < MIN_PART_BYTES:
            raise AwsError(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                status=400,
                ProposedSize=str(part.size),
                MinSizeAllowed=str(MIN_PART_BYTES),
                PartNumber=str(part.number),
                ETag=part.etag,
            )
    return chosen


def whole(upload: Upload, parts: Sequence[Part], modified: float) -> ObjectVersion:
    """The object that the parts make. Its ETag is the MD5 of their MD5s, and how many they are."""
    md5 = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    item = ObjectVersion(
        upload.bucket,
        upload.key,
        NULL_VERSION,
        modified,
        size=sum(part.size for part in parts),
        etag=f"{md5.hexdigest()}-{len(parts)}",
        storage_class=upload.storage_class,
        account=upload.account,
        pieces=[piece for part in parts for piece in part.pieces],
        headers=upload.headers,
        metadata=upload.metadata,
        tags=upload.tags,
        parts=list(parts),
        seal=upload.seal,
        upload_id=upload.upload_id,
    )
    if upload.algorithm:
        member = f"Checksum{upload.algorithm}"
        listed = [(part.checksums[member], part.size) for part in parts]
        item.checksums = {member: checksums.of_parts(upload.algorithm, upload.checksum_type, listed)}
        item.checksum_type = upload.checksum_type
    return item


def check(request: Mapping[str, Any], item: ObjectVersion) -> None:
    """Compare what the client expects of the whole with what it is."""
    size = request.get("MpuObjectSize")
    if size is not None and int(size) != item.size:
        raise errors.invalid_request(
            f"The provided 'x-amz-mp-object-size' header value {size} does not match what was computed: {item.size}"
        )
    for member, algorithm in checksums.MEMBERS.items():
        claimed = request.get(member)
        if claimed is None or member not in item.checksums:
            continue
        if claimed.partition("-")[0] != item.checksums[member].partition("-")[0]:
            raise errors.bad_digest(algorithm)


def _same_checksums(named: Mapping[str, Any], part: Part) -> bool:
    return all(
        named.get(member) in (None, part.checksums[member]) for member in checksums.MEMBERS if member in part.checksums
    )
