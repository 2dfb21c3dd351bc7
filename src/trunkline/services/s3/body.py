"""Taking in the body of a PUT: its bytes into the object store, its digests compared with what the client claims."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.engines.objects import Objects, TooLargeError, Written
from trunkline.services.s3 import checksums
from trunkline.services.s3.model import MAX_PUT_BYTES
from trunkline.services.s3.sealing import Plain, Seal


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that is durable but belongs to nothing yet: keep it, or discard it. `nonce` is "" if not encrypted."""

    written: Written
    etag: str
    checksums: dict[str, str]
    algorithm: str
    nonce: str = ""

    @property
    def size(self) -> int:
        return self.written.piece.size


async def take(
    objects: Objects,
    source: bytes | AsyncIterator[bytes],
    request: Mapping[str, Any],
    headers: Mapping[str, str],
    seal: Seal | Plain,
    *,
    algorithm: str = "",
) -> Taken:
    """Store `source`, sealed; `algorithm` is the checksum to compute when the client does not name one."""
    claimed = checksums.claims(request, headers)
    if algorithm and not claimed.algorithm:
        claimed.algorithm = algorithm
        claimed.digests.add(algorithm.lower())
    closing = seal.closing(source, claimed.digests)
    try:
        if closing is not None:
            written = await objects.write(aiter(closing), max_bytes=MAX_PUT_BYTES)
        else:
            # A body whose signed hash is checked as it is read brings that hash along: it is not computed again.
            written = await objects.write(
                source,
                digests={"md5", *claimed.digests},
                sha256=getattr(source, "sha256", None),
                max_bytes=MAX_PUT_BYTES,
            )
    except TooLargeError:
        raise AwsError(
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            status=400,
            MaxSizeAllowed=str(MAX_PUT_BYTES),
        ) from None
    digests = written.digests if closing is None else closing.digests
    try:
        kept = checksums.verify(claimed, digests, getattr(source, "trailers", {}))
    except AwsError:
        objects.discard(written)
        raise
    return Taken(written, digests["md5"].hex(), kept, claimed.algorithm, "" if closing is None else closing.nonce)
