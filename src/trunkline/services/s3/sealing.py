"""Encryption at rest that really happens: AES-256-CTR under a key of the object's own.

The data key is wrapped by this instance's S3 master key (SSE-S3, "AES256") or made and wrapped by KMS (SSE-KMS,
"aws:kms"), whose permissions then decide who can read. An object that nobody asked to encrypt is not encrypted, and no
answer says that it is: there AWS's default differs. CTR is seekable, so ranges decrypt only what they give; that the
bytes are the ones written is what their content address is for.
"""

import asyncio
import base64
import os
import secrets
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Kit
from trunkline.engines.objects import ALGORITHMS
from trunkline.services.s3 import errors
from trunkline.services.s3.model import Bucket, ObjectVersion

_BLOCK_BYTES = 16
_OFF_LOOP_BYTES = 256 * 1024
S3_MANAGED = "AES256"
KMS = "aws:kms"


class Plain:
    """No encryption: everything passes as it is."""

    record: dict[str, Any] = {}  # noqa: RUF012 - shared and empty by design

    def closing(self, source: bytes | AsyncIterator[bytes], _digests: Collection[str]) -> "Closing | None":
        return None

    def opening(self, source: bytes | AsyncIterator[bytes], _start: int) -> bytes | AsyncIterator[bytes]:
        return source


class Seal:
    """An object's key and nonces at work. `record` is what is stored; it holds the key only wrapped."""

    def __init__(self, record: dict[str, Any], key: bytes, segments: Iterable[tuple[bytes, int]] = ()) -> None:
        self.record = record
        self._key = key
        self._segments = list(segments)

    def closing(self, source: bytes | AsyncIterator[bytes], digests: Collection[str]) -> "Closing | None":
        """Encrypt a body under a new nonce, computing the digests of what goes in."""
        nonce = secrets.token_bytes(_BLOCK_BYTES)
        return Closing(source, _keystream(self._key, nonce, 0), nonce, digests)

    def opening(self, source: bytes | AsyncIterator[bytes], start: int) -> bytes | AsyncIterator[bytes]:
        """Decrypt what was read from offset `start` of the whole."""
        opener = _Opener(self._key, self._segments, start)
        return opener.update(source) if isinstance(source, bytes) else _opened(source, opener)


class Closing:
    """Iterate once: gives the encrypted body. Afterwards `digests` holds those of the plain one."""

    def __init__(
        self,
        source: bytes | AsyncIterator[bytes],
        cipher: CipherContext,
        nonce: bytes,
        digests: Collection[str],
    ) -> None:
        self._source = source
        self._cipher = cipher
        self._running = {name: ALGORITHMS[name]() for name in {"md5", *digests}}
        self.nonce = base64.b64encode(nonce).decode()
        self.digests: dict[str, bytes] = {}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if isinstance(self._source, bytes):
            yield self._close(self._source)
        else:
            async for chunk in self._source:
                yield (
                    await asyncio.to_thread(self._close, chunk) if len(chunk) >= _OFF_LOOP_BYTES else self._close(chunk)
                )
        self.digests = {name: digest.digest() for name, digest in self._running.items()}

    def _close(self, chunk: bytes) -> bytes:
        for digest in self._running.values():
            digest.update(chunk)
        return self._cipher.update(chunk)


class _Opener:
    """Decrypts a run of bytes that may reach over several segments, each with a nonce of its own."""

    def __init__(self, key: bytes, segments: list[tuple[bytes, int]], start: int) -> None:
        self._key = key
        self._segments = iter(segments)
        self._left = 0
        self._cipher: CipherContext | None = None
        for nonce, size in self._segments:
            if start < size:
                self._left = size - start
                self._cipher = _keystream(key, nonce, start)
                break
            start -= size

    def update(self, data: bytes) -> bytes:
        opened = []
        while data:
            while not self._left or self._cipher is None:
                nonce, self._left = next(self._segments)
                self._cipher = _keystream(self._key, nonce, 0)
            opened.append(self._cipher.update(data[: self._left]))
            taken = min(self._left, len(data))
            data, self._left = data[taken:], self._left - taken
        return b"".join(opened)


class Sealing:
    """Makes and opens seals."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._master: AESGCM | None = None

    def now(self) -> float:
        """The time, for what may be read only until then."""
        return self._kit.clock.time()

    async def for_new(self, call: Call, bucket: Bucket, request: Mapping[str, Any]) -> Seal | Plain:
        """The seal of a new object or upload: what its request asks for, else the bucket's default."""
        default: dict[str, Any] = bucket.settings.get("encryption", {})
        kind = request.get("ServerSideEncryption", default.get("SSEAlgorithm"))
        if kind is None:
            return Plain()
        key_id = request.get("SSEKMSKeyId")
        if kind == S3_MANAGED:
            if key_id is not None:
                raise errors.invalid_argument(
                    "Server Side Encryption with AWS KMS managed key requires HTTP header "
                    "x-amz-server-side-encryption : aws:kms",
                    "x-amz-server-side-encryption",
                    S3_MANAGED,
                )
            key = secrets.token_bytes(32)
            nonce = secrets.token_bytes(12)
            wrapped = nonce + self._master_key().encrypt(nonce, key, None)
            return Seal({"ServerSideEncryption": S3_MANAGED, "key": base64.b64encode(wrapped).decode()}, key)
        if kind != KMS:
            raise errors.refused(f"Trunkline does not support {kind}; use AES256 or aws:kms.")
        key_id = key_id or default.get("KMSMasterKeyID") or "alias/aws/s3"
        context = _context(call, bucket, request)
        made = await self._kms(
            call, "GenerateDataKey", {"KeyId": key_id, "KeySpec": "AES_256", "EncryptionContext": context}
        )
        record = {
            "ServerSideEncryption": KMS,
            "SSEKMSKeyId": made["KeyId"],
            "key": base64.b64encode(made["CiphertextBlob"]).decode(),
            "context": context,
        }
        return Seal(record, made["Plaintext"])

    async def of(
        self, call: Call, record: Mapping[str, Any], segments: Iterable[tuple[bytes, int]] = ()
    ) -> Seal | Plain:
        """The seal that a stored record describes."""
        if not record:
            return Plain()
        wrapped = base64.b64decode(record["key"])
        if record["ServerSideEncryption"] == S3_MANAGED:
            key = self._master_key().decrypt(wrapped[:12], wrapped[12:], None)
        else:
            request = {
                "CiphertextBlob": wrapped,
                "KeyId": record["SSEKMSKeyId"],
                "EncryptionContext": record["context"],
            }
            key = (await self._kms(call, "Decrypt", request))["Plaintext"]
        return Seal(dict(record), key, segments)

    async def for_read(self, call: Call, found: ObjectVersion) -> Seal | Plain:
        """The seal that opens an object."""
        if not found.seal:
            return Plain()
        if found.parts:
            segments = [(base64.b64decode(part.nonce), part.size) for part in found.parts]
        else:
            segments = [(base64.b64decode(found.seal["nonce"]), found.size)]
        return await self.of(call, found.seal, segments)

    async def _kms(self, call: Call, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._kit.call("kms", operation, request, as_=call.caller.through("s3"))
        except AwsError as error:
            code = "AccessDenied" if "AccessDenied" in error.code else f"KMS.{error.code}"
            raise AwsError(code, error.message, status=403 if code == "AccessDenied" else 400) from error

    def _master_key(self) -> AESGCM:
        if self._master is None:
            self._master = AESGCM(_key_file(self._kit.settings.data_dir / "s3-master.key"))
        return self._master


def _context(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> dict[str, str]:
    if "SSEKMSEncryptionContext" in request:
        raise errors.refused("Trunkline does not support an encryption context of the client's own.")
    return {"aws:s3:arn": f"arn:aws:s3:::{bucket.name}/{request['Key']}"}


def _key_file(path: Path) -> bytes:
    if not path.exists():
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(32))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path.read_bytes()


def _keystream(key: bytes, nonce: bytes, offset: int) -> CipherContext:
    counter = (int.from_bytes(nonce, "big") + offset // _BLOCK_BYTES) % (1 << 128)
    cipher = Cipher(algorithms.AES256(key), modes.CTR(counter.to_bytes(_BLOCK_BYTES, "big"))).encryptor()
    cipher.update(bytes(offset % _BLOCK_BYTES))
    return cipher


async def _opened(source: AsyncIterator[bytes], opener: _Opener) -> AsyncIterator[bytes]:
    async for chunk in source:
        yield await asyncio.to_thread(opener.update, chunk) if len(chunk) >= _OFF_LOOP_BYTES else opener.update(chunk)
