"""Values under data keys: KMS encrypts 4 KB at most, and should not see secrets at all.

A sealed value is base64 of: 2 bytes length of the encrypted data key | it | 12 bytes nonce | AES-256-GCM output.
"""

import base64
import secrets

from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc

DEFAULT_KEY = "alias/aws/secretsmanager"
_NONCE_BYTES = 12


class Envelope:
    """Seals and opens in the caller's name."""

    def __init__(self, call: Client) -> None:
        self._call = call

    async def seal(self, call: Call, arn: str, version_id: str, key_id: str, value: bytes) -> str:
        """The value as it is stored; bound to the secret and the version."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        context = {"SecretARN": arn, "SecretVersionId": version_id}
        params = {"KeyId": key_id or DEFAULT_KEY, "KeySpec": "AES_256", "EncryptionContext": context}
        answer = await self._kms(call, "GenerateDataKey", params, "EncryptionFailure")
        wrapped: bytes = answer["CiphertextBlob"]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(answer["Plaintext"]).encrypt(nonce, value, version_id.encode())
        return base64.b64encode(len(wrapped).to_bytes(2, "big") + wrapped + nonce + sealed).decode()

    async def open(self, call: Call, arn: str, version_id: str, stored: str) -> bytes:
        """The value."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = base64.b64decode(stored)
        end = 2 + int.from_bytes(raw[:2], "big")
        context = {"SecretARN": arn, "SecretVersionId": version_id}
        params = {"CiphertextBlob": raw[2:end], "EncryptionContext": context}
        answer = await self._kms(call, "Decrypt", params, "DecryptionFailure")
        nonce, sealed = raw[end : end + _NONCE_BYTES], raw[end + _NONCE_BYTES :]
        return AESGCM(answer["Plaintext"]).decrypt(nonce, sealed, version_id.encode())

    async def _kms(self, call: Call, operation: str, params: Doc, failure: str) -> Doc:
        try:
            return await self._call("kms", operation, params, as_=call.caller.through("secretsmanager"))
        except AwsError as error:
            if error.code == "AccessDeniedException":
                raise AwsError(
                    "AccessDeniedException", f"Access to KMS is not allowed: {error.message}", status=400
                ) from error
            raise AwsError(failure, f"{error.code}: {error.message}") from error
