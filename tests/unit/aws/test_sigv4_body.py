"""Chunked and hashed bodies, in every way in which they can be cut or wrong."""

import base64
import hashlib
import hmac
import zlib

import pytest

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request
from trunkline.aws.identity import Credential
from trunkline.aws.service import Principal
from trunkline.aws.sigv4 import Claim, Verified, signed_body

KEY = b"k" * 32
CLAIM = Claim("AK", "20260101", "us-east-1", "s3", "host", "0" * 64, "20260101T000000Z")
WHO = Credential("AK", "s", Principal("root", "arn:aws:iam::000000000000:root", "000000000000"))
EMPTY = hashlib.sha256(b"").hexdigest()


def sign(text):
    return hmac.digest(KEY, text.encode(), "sha256").hex()


def chunked(parts, *, trailer=None, signed=True):
    out, previous = b"", CLAIM.signature
    head = f"{CLAIM.timestamp}\n{CLAIM.scope}"
    for part in [*parts, b""]:
        line = f"{len(part):x}"
        if signed:
            hashed = hashlib.sha256(part).hexdigest()
            previous = sign(f"AWS4-HMAC-SHA256-PAYLOAD\n{head}\n{previous}\n{EMPTY}\n{hashed}")
            line += f";chunk-signature={previous}"
        out += line.encode() + b"\r\n" + (part + b"\r\n" if part else b"")
    if trailer:
        out += trailer + b"\r\n"
        if signed:
            hashed = hashlib.sha256(trailer + b"\n").hexdigest()
            signature = sign(f"AWS4-HMAC-SHA256-TRAILER\n{head}\n{previous}\n{hashed}")
            out += f"x-amz-trailer-signature:{signature}\r\n".encode()
    return out + b"\r\n"


async def pieces(data, size):
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(data, payload, *, size=7, key=KEY, **headers):
    request = Request("PUT", "/b/k", "", {n.replace("_", "-"): v for n, v in headers.items()}, b"", pieces(data, size))
    body = signed_body(Verified(WHO, CLAIM, payload, key), request)
    return b"".join([part async for part in body]), body


STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.mark.parametrize("size", [1, 3, 64, 10_000])
async def test_signed_chunks_are_decoded_however_they_arrive(size):
    data, _ = await read(chunked([b"hello ", b"world" * 100]), STREAMING, size=size, x_amz_decoded_content_length="506")
    assert data == b"hello " + b"world" * 100


async def test_a_changed_chunk_is_refused():
    with pytest.raises(AwsError) as caught:
        await read(chunked([b"hello "]).replace(b"hello", b"jello"), STREAMING)
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("cut", [1, 10, 40, 95, 150])
async def test_a_cut_body_is_incomplete(cut):
    whole = chunked([b"x" * 50])
    with pytest.raises(AwsError) as caught:
        await read(whole[:-cut], STREAMING, x_amz_decoded_content_length="51")
    assert caught.value.code in ("IncompleteBody", "SignatureDoesNotMatch")


async def test_wrong_decoded_length_is_refused():
    with pytest.raises(AwsError, match="IncompleteBody"):
        await read(chunked([b"abc"]), STREAMING, x_amz_decoded_content_length="4")


@pytest.mark.parametrize("algorithm", ["crc32", "sha256", "sha1", "crc32c", "crc64nvme"])
@pytest.mark.parametrize("signed", [True, False])
async def test_trailing_checksums(algorithm, signed):
    from trunkline.aws.checksums import checksum, encoded

    running = checksum(algorithm)
    running.update(b"some data")
    trailer = f"x-amz-checksum-{algorithm}:{encoded(running)}".encode()
    payload = f"{STREAMING}-TRAILER" if signed else UNSIGNED
    data, body = await read(
        chunked([b"some", b" data"], trailer=trailer, signed=signed),
        payload,
        x_amz_trailer=f"x-amz-checksum-{algorithm}",
    )
    assert data == b"some data"
    assert body.trailers == {f"x-amz-checksum-{algorithm}": encoded(running)}


async def test_wrong_trailing_checksum_is_a_bad_digest():
    wrong = b"x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big"))
    with pytest.raises(AwsError, match="BadDigest"):
        await read(chunked([b"data"], trailer=wrong, signed=False), UNSIGNED, x_amz_trailer="x-amz-checksum-crc32")
    with pytest.raises(AwsError, match="MalformedTrailerError"):
        await read(chunked([b"data"], signed=False), UNSIGNED, x_amz_trailer="x-amz-checksum-crc32")


async def test_changed_signed_trailer_is_refused():
    trailer = b"x-amz-meta:1"
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        await read(chunked([b"d"], trailer=trailer).replace(trailer, b"x-amz-meta:2"), f"{STREAMING}-TRAILER")


@pytest.mark.parametrize("garbage", [b"", b"zz\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloXX0\r\n\r\n", b"a" * 100_000])
async def test_garbage_is_refused(garbage):
    with pytest.raises(AwsError, match="IncompleteBody"):
        await read(garbage, UNSIGNED, size=5000)


async def test_exact_hash_is_checked_at_the_end_of_the_stream():
    data, _ = await read(b"payload", hashlib.sha256(b"payload").hexdigest())
    assert data == b"payload"
    with pytest.raises(AwsError, match="XAmzContentSHA256Mismatch"):
        await read(b"paYload", hashlib.sha256(b"payload").hexdigest())


async def test_open_mode_decodes_without_verifying():
    broken = chunked([b"data"]).replace(b"chunk-signature=", b"chunk-signature=f")
    data, _ = await read(broken, "UNSIGNED-PAYLOAD", key=b"", x_amz_content_sha256=STREAMING)
    assert data == b"data"
