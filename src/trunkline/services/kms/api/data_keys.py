"""Data keys: made here, used by the caller, stored by him only in encrypted form."""

import asyncio
import secrets

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.kms import asymmetric
from trunkline.services.kms.api.encryption import EncryptionOperations
from trunkline.services.kms.api.part import KEY, check_request
from trunkline.services.kms.model import ECC_SPECS, RSA_BITS, SYMMETRIC, Key

_SPEC_BYTES = {"AES_128": 16, "AES_256": 32}


class DataKeyOperations(EncryptionOperations):
    """GenerateDataKey and its like."""

    @operation(KEY, mutates=False)
    async def generate_data_key(self, call: Call, req: Doc) -> Doc:
        return await self._data_key(call, req)

    @operation(KEY, mutates=False)
    async def generate_data_key_without_plaintext(self, call: Call, req: Doc) -> Doc:
        answer = await self._data_key(call, req)
        del answer["Plaintext"]
        return answer

    async def _data_key(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        if ("KeySpec" in req) == ("NumberOfBytes" in req):
            raise AwsError("ValidationException", "Please specify either number of bytes or key spec.")
        key = await self._symmetric(call, req["KeyId"])
        size_bytes = _SPEC_BYTES[req["KeySpec"]] if "KeySpec" in req else req["NumberOfBytes"]
        plaintext = secrets.token_bytes(size_bytes)
        blob = await self.seal(call, key, plaintext, req.get("EncryptionContext", {}))
        return {
            "CiphertextBlob": blob,
            "Plaintext": plaintext,
            "KeyId": key.arn,
            "KeyMaterialId": key.materials[-1].id,
        }

    @operation(KEY, mutates=False)
    async def generate_data_key_pair(self, call: Call, req: Doc) -> Doc:
        return await self._pair(call, req)

    @operation(KEY, mutates=False)
    async def generate_data_key_pair_without_plaintext(self, call: Call, req: Doc) -> Doc:
        answer = await self._pair(call, req)
        del answer["PrivateKeyPlaintext"]
        return answer

    async def _pair(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        spec = req["KeyPairSpec"]
        if spec not in RSA_BITS and spec not in ECC_SPECS:
            raise Refused(
                f"Trunkline has no key pairs of the spec {spec}.", code="UnsupportedOperationException", status=400
            )
        key = await self._symmetric(call, req["KeyId"])
        private, public = await asyncio.to_thread(asymmetric.generate, spec)
        return {
            "PrivateKeyCiphertextBlob": await self.seal(call, key, private, req.get("EncryptionContext", {})),
            "PrivateKeyPlaintext": private,
            "PublicKey": public,
            "KeyId": key.arn,
            "KeyPairSpec": spec,
        }

    async def _symmetric(self, call: Call, key_id: str) -> Key:
        key = await self._key(call, key_id)
        key.check_usable("ENCRYPT_DECRYPT")
        if key.spec != SYMMETRIC:
            raise AwsError("InvalidKeyUsageException", f"{key.arn} is not a symmetric encryption key.")
        return key
