"""Bodies that prove themselves while they are read: a hash, signed chunks, checksums in a trailer.

The bytes are handed on as they arrive (an object of 5 GB is never in memory), so a reader must treat an error as
"forget what you have read".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Protocol

from trunkline.aws.checksums import ALGORITHMS, Checksum, checksum, encoded
from trunkline.aws.errors import AwsError
from trunkline.aws.sigv4.keys import sign
from trunkline.aws.sigv4.verify import UNSIGNED, Verified

_EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_LINE_BYTES_MAX = 16 * 1024


class StreamedRequest(Protocol):
    """The parts of a request that bodies need; `aws.http.Request` is one."""

    headers: dict[str, str]
    body: bytes
    stream: AsyncIterator[bytes] | None


def signed_body(verified: Verified, request: StreamedRequest) -> AsyncIterator[bytes] | None:
    """The decoded, checked body of a request whose body is a stream; None when there is no stream.

    A body in memory was hashed by `verify`, but for S3's, which is compared here.
    """
    payload = verified.payload if verified.key else request.headers.get("x-amz-content-sha256", UNSIGNED)
    chunked = payload.startswith("STREAMING-") or "aws-chunked" in request.headers.get("content-encoding", "")
    stream = request.stream
    if chunked:
        return ChunkedBody(verified, payload, request.headers, stream if stream is not None else _one(request.body))
    if stream is None:
        if verified.key and len(payload) == 64:
            _compare(hashlib.sha256(request.body).hexdigest(), payload)
        return None
    if verified.key and len(payload) == 64:
        return HashedBody(stream, payload)
    return stream


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


class HashedBody:
    """A body whose hash is signed: iterate once; the end raises unless `sha256` (hexadecimal) is that of the bytes."""

    def __init__(self, stream: AsyncIterator[bytes], sha256: str) -> None:
        self.sha256 = sha256
        self._stream = aiter(stream)
        self._running = hashlib.sha256()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            data = await anext(self._stream)
        except StopAsyncIteration:
            _compare(self._running.hexdigest(), self.sha256)
            raise
        self._running.update(data)
        return data


def _compare(computed: str, claimed: str) -> None:
    if computed != claimed:
        raise AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            status=400,
            ClientComputedContentSHA256=claimed,
            S3ComputedContentSHA256=computed,
        )


class ChunkedBody:
    """An aws-chunked body. Iterate once; `trailers` is complete when the iteration is."""

    def __init__(self, verified: Verified, payload: str, headers: dict[str, str], stream: AsyncIterator[bytes]) -> None:
        self.trailers: dict[str, str] = {}
        claim = verified.claim
        self._stream = stream
        self._buffer = bytearray()
        self._key = verified.key
        self._signed = payload.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") and bool(verified.key)
        self._with_trailer = payload.endswith("-TRAILER") or "x-amz-trailer" in headers
        self._previous = claim.signature
        self._head = f"{claim.timestamp}\n{claim.scope}"
        length = headers.get("x-amz-decoded-content-length", "")
        self._expected_bytes = int(length) if length.isascii() and length.isdigit() else None
        self._checksums = _announced(headers.get("x-amz-trailer", ""))
        self._iterator = self._read()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._iterator

    async def __anext__(self) -> bytes:
        return await self._iterator.__anext__()

    async def _read(self) -> AsyncIterator[bytes]:
        total_bytes = 0
        while True:
            size_bytes, signature = self._chunk_head(await self._line())
            hashed = hashlib.sha256() if self._signed else None
            left_bytes = size_bytes
            while left_bytes:
                data = await self._some(left_bytes)
                left_bytes -= len(data)
                total_bytes += len(data)
                if hashed is not None:
                    hashed.update(data)
                for running in self._checksums.values():
                    running.update(data)
                yield data
            if hashed is not None:
                self._check_chunk(hashed.hexdigest(), signature)
            if size_bytes == 0:
                break
            if await self._line() != b"":
                raise _broken()
        await self._read_trailer()
        if self._expected_bytes is not None and total_bytes != self._expected_bytes:
            raise _broken()

    def _chunk_head(self, line: bytes) -> tuple[int, str]:
        size, _, extension = line.partition(b";")
        try:
            size_bytes = int(size.strip(), 16)
        except ValueError:
            raise _broken() from None
        if size_bytes < 0:
            raise _broken()
        _, _, signature = extension.partition(b"chunk-signature=")
        return size_bytes, signature.strip().decode("ascii", "replace")

    def _check_chunk(self, hashed: str, signature: str) -> None:
        to_sign = f"AWS4-HMAC-SHA256-PAYLOAD\n{self._head}\n{self._previous}\n{_EMPTY_HASH}\n{hashed}"
        self._previous = self._check(to_sign, signature)

    def _check(self, to_sign: str, signature: str) -> str:
        ours = sign(self._key, to_sign)
        if not hmac.compare_digest(ours.encode(), signature.encode()):
            raise AwsError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and "
                "signing method.",
                status=403,
                StringToSign=to_sign,
                SignatureProvided=signature,
            )
        return ours

    async def _read_trailer(self) -> None:
        signed_lines = b""
        signature = ""
        while line := await self._line(at_end=True):
            name, _, value = line.partition(b":")
            key = name.strip().lower().decode("latin-1")
            if key == "x-amz-trailer-signature":
                signature = value.strip().decode("ascii", "replace")
                continue
            self.trailers[key] = value.strip().decode("latin-1")
            signed_lines += key.encode("latin-1") + b":" + value.strip() + b"\n"
        if self._signed and self._with_trailer:
            hashed = hashlib.sha256(signed_lines).hexdigest()
            self._check(f"AWS4-HMAC-SHA256-TRAILER\n{self._head}\n{self._previous}\n{hashed}", signature)
        for algorithm, running in self._checksums.items():
            given = self.trailers.get(f"x-amz-checksum-{algorithm}")
            if given is None:
                raise AwsError(
                    "MalformedTrailerError",
                    "The request contained trailing data that was not well-formed or did not conform to our published "
                    "schema.",
                    status=400,
                )
            _check_sum(algorithm, running, given)

    async def _line(self, *, at_end: bool = False) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LINE_BYTES_MAX:
                raise _broken()
            if not await self._more():
                if at_end and not self._buffer:
                    return b""  # some clients leave the last empty line out
                raise _broken()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def _some(self, most_bytes: int) -> bytes:
        if not self._buffer and not await self._more():
            raise _broken()
        data = bytes(self._buffer[:most_bytes])
        del self._buffer[:most_bytes]
        return data

    async def _more(self) -> bool:
        async for data in self._stream:
            if data:
                self._buffer += data
                return True
        return False


def _announced(trailer: str) -> dict[str, Checksum]:
    names = [name.strip().lower().removeprefix("x-amz-checksum-") for name in trailer.split(",")]
    return {name: checksum(name) for name in names if name.upper() in ALGORITHMS}


def _check_sum(name: str, running: Checksum, given: str) -> None:
    try:
        decoded = base64.b64decode(given, validate=True)
    except binascii.Error:
        decoded = b""
    if len(decoded) != len(running.digest()):
        raise AwsError("InvalidRequest", f"Value for x-amz-checksum-{name} trailing header is invalid.", status=400)
    if encoded(running) != given:
        raise AwsError(
            "BadDigest", f"The {name.upper()} you specified did not match the calculated checksum.", status=400
        )


def _broken() -> AwsError:
    return AwsError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        status=400,
    )
