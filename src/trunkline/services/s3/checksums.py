"""S3's checksums: what the client claims of a body, what is kept with the object, and those of multipart objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.engines.objects import combined_crc, digest_of
from trunkline.services.s3 import errors

_BITS = {
    "CRC32": 32,
    "CRC32C": 32,
    "CRC64NVME": 64,
    "SHA1": 160,
    "SHA256": 256,
    "SHA512": 512,
    "MD5": 128,
    "XXHASH64": 64,
    "XXHASH3": 64,
    "XXHASH128": 128,
}
ALGORITHMS = tuple(_BITS)
MEMBERS = {f"Checksum{name}": name for name in ALGORITHMS}
_FULL_ONLY = ("CRC64NVME",)
_FULL_CAPABLE = ("CRC32", "CRC32C", "CRC64NVME")


@dataclass(slots=True)
class Claims:
    """What a request says its body's digests are. `algorithm` is the one to keep, "" for none."""

    md5: bytes | None = None
    algorithm: str = ""
    value: str | None = None
    digests: set[str] = field(default_factory=set)


def claims(request: Mapping[str, Any], headers: Mapping[str, str]) -> Claims:
    """Read the claims of a request; 400 for those that cannot be."""
    found = Claims()
    md5 = request.get("ContentMD5")
    if md5 is not None:
        found.md5 = _decoded(md5, 16)
        if found.md5 is None:
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.", status=400)
    for member in MEMBERS.keys() & request.keys():
        algorithm, value = MEMBERS[member], request[member]
        if found.value is not None:
            raise errors.invalid_request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )
        if _decoded(value, _BITS[algorithm] // 8) is None:
            raise errors.invalid_request(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
        found.algorithm, found.value = algorithm, value
    if not found.algorithm:
        found.algorithm = _announced(headers.get("x-amz-trailer", "")) or request.get("ChecksumAlgorithm", "")
    if found.algorithm:
        known(found.algorithm)
        found.digests.add(found.algorithm.lower())
    return found


def verify(found: Claims, digests: Mapping[str, bytes], trailers: Mapping[str, str]) -> dict[str, str]:
    """Compare the claims with what arrived (400 BadDigest); gives the checksum members to keep."""
    if found.md5 is not None and found.md5 != digests["md5"]:
        raise errors.bad_digest("Content-MD5")
    if not found.algorithm:
        return {}
    name = found.algorithm.lower()
    computed = base64.b64encode(digests[name]).decode()
    claimed = found.value if found.value is not None else trailers.get(f"x-amz-checksum-{name}")
    if claimed is not None and claimed != computed:
        raise errors.bad_digest(found.algorithm)
    return {f"Checksum{found.algorithm}": computed}


def known(algorithm: str) -> None:
    """Refuse the name of an algorithm that S3 does not have."""
    if algorithm not in _BITS:
        raise errors.invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            f"[{', '.join(ALGORITHMS)}]"
        )


def multipart_type(algorithm: str, asked: str | None) -> str:
    """COMPOSITE (a checksum of checksums) or FULL_OBJECT for a new upload."""
    if not algorithm:
        if asked:
            raise errors.invalid_request("The x-amz-checksum-type header can only be used with a checksum algorithm.")
        return ""
    kind = asked or ("FULL_OBJECT" if algorithm in _FULL_ONLY else "COMPOSITE")
    if kind == "FULL_OBJECT" and algorithm not in _FULL_CAPABLE:
        raise errors.invalid_request(
            f"The FULL_OBJECT checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    if kind == "COMPOSITE" and algorithm in _FULL_ONLY:
        raise errors.invalid_request(
            f"The COMPOSITE checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return kind


def of_parts(algorithm: str, kind: str, parts: Iterable[tuple[str, int]]) -> str:
    """The checksum of a multipart object from the (base64, size) of its parts."""
    raw = [(base64.b64decode(value), size) for value, size in parts]
    name = algorithm.lower()
    if kind == "FULL_OBJECT":
        return base64.b64encode(combined_crc(name, raw)).decode()
    joined = b"".join(value for value, _ in raw)
    return f"{base64.b64encode(digest_of(name, joined)).decode()}-{len(raw)}"


def _announced(trailer: str) -> str:
    for name in trailer.split(","):
        header = name.strip().lower()
        if header.startswith("x-amz-checksum-"):
            return header.removeprefix("x-amz-checksum-").upper()
    return ""


def _decoded(text: str, size: int) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == size else None
