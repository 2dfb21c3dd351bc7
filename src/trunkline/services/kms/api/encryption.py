"""Encrypt, Decrypt, ReEncrypt, GenerateRandom."""

import asyncio
import secrets

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.kms import asymmetric, store
from trunkline.services.kms import material as symmetric
from trunkline.services.kms.api.part import KEY, check_request
from trunkline.services.kms.api.rotation import RotationOperations
from trunkline.services.kms.model import SYMMETRIC, Key

_USAGE = "ENCRYPT_DECRYPT"


class EncryptionOperations(RotationOperations):
    """Encrypt and its like."""

    @operation(KEY, mutates=False)
    async def encrypt(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        key = await self._key(call, req["KeyId"])
        algorithm = req.get("EncryptionAlgorithm", SYMMETRIC)
        blob = await self.seal(call, key, req["Plaintext"], req.get("EncryptionContext", {}), algorithm)
        return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}

    async def seal(
        self, call: Call, key: Key, plaintext: bytes, context: dict[str, str], algorithm: str = SYMMETRIC
    ) -> bytes:
        """The ciphertext of a plaintext under a key."""
        key.check_usable(_USAGE)
        _check_algorithm(key, algorithm)
        if key.spec != SYMMETRIC:
            _refuse_context(context)
            return await asyncio.to_thread(asymmetric.rsa_encrypt, self.material(key), algorithm, plaintext)
        key = await self.rotated(call, key)
        generation = len(key.materials) - 1
        return symmetric.encrypt(self.material(key), key.arn, generation, plaintext, context)

    @operation(KEY, mutates=False)
    async def decrypt(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        algorithm = req.get("EncryptionAlgorithm", SYMMETRIC)
        context = req.get("EncryptionContext", {})
        key, plaintext = await self._open(call, _ciphertext(req), req.get("KeyId"), context, algorithm)
        answer = {"KeyId": key.arn, "Plaintext": plaintext, "EncryptionAlgorithm": algorithm}
        if key.spec == SYMMETRIC:
            answer["KeyMaterialId"] = key.materials[symmetric.take_apart(req["CiphertextBlob"]).generation].id
        return answer

    async def _open(
        self, call: Call, ciphertext: bytes, key_id: str | None, context: dict[str, str], algorithm: str
    ) -> tuple[Key, bytes]:
        if algorithm != SYMMETRIC:
            if key_id is None:
                raise AwsError("ValidationException", "KeyId is required to decrypt with an asymmetric key.")
            key = await self._key(call, key_id)
            key.check_usable(_USAGE)
            _check_algorithm(key, algorithm)
            _refuse_context(context)
            return key, await asyncio.to_thread(asymmetric.rsa_decrypt, self.material(key), algorithm, ciphertext)
        blob = symmetric.take_apart(ciphertext)
        arn = store.local(call, blob.arn)
        key = store.find(self._db, call, arn, self._clock.now()) or _missing(arn)
        if key_id is not None and (await self._key(call, key_id)).arn != key.arn:
            raise AwsError(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            )
        key.check_usable(_USAGE)
        return key, symmetric.decrypt(self.material(key, blob.generation), blob, context)

    @operation(KEY, mutates=False)
    async def re_encrypt(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        target = await self._key(call, req["DestinationKeyId"])
        context = req.get("DestinationEncryptionContext", {})
        access = self.access_to(target, call, context)
        self._call.authorizer.authorize(
            call.caller,
            "kms:ReEncryptTo",
            access.resources,
            access.context,
            protocol="json",
            resource_policies=access.policies,
            resource_account=access.account,
            resource_must_allow=True,
        )
        from_algorithm = req.get("SourceEncryptionAlgorithm", SYMMETRIC)
        to_algorithm = req.get("DestinationEncryptionAlgorithm", SYMMETRIC)
        source, plaintext = await self._open(
            call, _ciphertext(req), req.get("SourceKeyId"), req.get("SourceEncryptionContext", {}), from_algorithm
        )
        return {
            "CiphertextBlob": await self.seal(call, target, plaintext, context, to_algorithm),
            "SourceKeyId": source.arn,
            "KeyId": target.arn,
            "SourceEncryptionAlgorithm": from_algorithm,
            "DestinationEncryptionAlgorithm": to_algorithm,
        }

    @operation()
    async def generate_random(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        if "NumberOfBytes" not in req:
            raise AwsError("ValidationException", "NumberOfBytes is required.")
        return {"Plaintext": secrets.token_bytes(req["NumberOfBytes"])}


def _ciphertext(req: Doc) -> bytes:
    """Not required by the model, which lets dry runs go without."""
    if "CiphertextBlob" not in req:
        raise AwsError("ValidationException", "CiphertextBlob is required.")
    ciphertext: bytes = req["CiphertextBlob"]
    return ciphertext


def _check_algorithm(key: Key, algorithm: str) -> None:
    if algorithm not in key.encryption_algorithms:
        raise AwsError("InvalidKeyUsageException", f"Algorithm {algorithm} and key spec {key.spec} are incompatible.")


def _refuse_context(context: dict[str, str]) -> None:
    if context:
        raise AwsError("ValidationException", "An EncryptionContext is for symmetric keys only.")


def _missing(arn: str) -> Key:
    # A ciphertext of a key that is gone, or of another region, is as good as noise.
    raise AwsError(
        "InvalidCiphertextException" if not arn.startswith("arn:") else "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or "
        "you are not allowed to access.",
        status=400,
    )
