"""Key material at rest, and symmetric encryption with it.

A ciphertext says which key and which generation of its material made it, so Decrypt needs neither told:
    1 byte version | 1 byte generation | 2 bytes length of the ARN | ARN | 12 bytes nonce | AES-256-GCM output
The header and the encryption context are associated data: neither can be changed.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from trunkline.aws.errors import AwsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32


class MasterKey:
    """Wraps the material of every key; made when the server first starts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key: bytes | None = None

    @property
    def _secret(self) -> bytes:
        if self._key is None:
            self._key = self._read() if self._path.exists() else self._make()
        return self._key

    def _read(self) -> bytes:
        key = self._path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise RuntimeError(f"{self._path} must hold {_KEY_BYTES} bytes; restore it: without it no key can be used")
        return key

    def _make(self) -> bytes:
        # Written whole under another name and then linked: a crash leaves no half key, and a race no two keys.
        key = secrets.token_bytes(_KEY_BYTES)
        # The other name is nobody else's: first keys are made in several threads at once.
        temporary = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(key)
            out.flush()
            os.fsync(out.fileno())
        try:
            self._path.hardlink_to(temporary)
        except FileExistsError:
            key = self._read()
        temporary.unlink()
        directory = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
        return key

    def wrap(self, material: bytes, bound_to: str) -> bytes:
        """Encrypt material; it can only be unwrapped for the key it is bound to."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + _aes(self._secret).encrypt(nonce, material, bound_to.encode())

    def unwrap(self, wrapped: bytes, bound_to: str) -> bytes:
        """The material."""
        return _aes(self._secret).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], bound_to.encode())


def _aes(key: bytes) -> "AESGCM":
    # Imported when first used: the library costs memory that a server without encrypted things can save.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


@dataclass(frozen=True, slots=True)
class Blob:
    """A ciphertext taken apart."""

    arn: str
    generation: int
    header: bytes
    nonce: bytes
    body: bytes


def encrypt(material: bytes, arn: str, generation: int, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """The ciphertext of `plaintext` under one generation of a key."""
    name = arn.encode()
    header = bytes([_VERSION, generation]) + len(name).to_bytes(2, "big") + name
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed: bytes = _aes(material).encrypt(nonce, plaintext, header + _associated(context))
    return header + nonce + sealed


def take_apart(ciphertext: bytes) -> Blob:
    """Read the header; InvalidCiphertextException for what is none of ours."""
    length = int.from_bytes(ciphertext[2:4], "big")
    start = 4 + length
    if len(ciphertext) < start + _NONCE_BYTES + 16 or ciphertext[0] != _VERSION:
        raise AwsError("InvalidCiphertextException")
    try:
        arn = ciphertext[4:start].decode()
    except UnicodeDecodeError:
        raise AwsError("InvalidCiphertextException") from None
    body = ciphertext[start + _NONCE_BYTES :]
    return Blob(arn, ciphertext[1], ciphertext[:start], ciphertext[start : start + _NONCE_BYTES], body)


def decrypt(material: bytes, blob: Blob, context: Mapping[str, str]) -> bytes:
    """The plaintext; InvalidCiphertextException when anything, the context too, differs from what was encrypted."""
    from cryptography.exceptions import InvalidTag

    try:
        plaintext: bytes = _aes(material).decrypt(blob.nonce, blob.body, blob.header + _associated(context))
    except InvalidTag:
        raise AwsError("InvalidCiphertextException") from None
    return plaintext


def _associated(context: Mapping[str, str]) -> bytes:
    return orjson.dumps(dict(context), option=orjson.OPT_SORT_KEYS)
