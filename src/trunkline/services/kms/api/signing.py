"""Signatures and message authentication codes."""

import asyncio
import base64
import hmac

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.kms import asymmetric
from trunkline.services.kms.api.part import KEY, Part, check_request
from trunkline.services.kms.model import Key


class SigningOperations(Part):
    """Sign, Verify, GenerateMac, VerifyMac, GetPublicKey."""

    @operation(KEY, mutates=False)
    async def sign(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        key, algorithm = await self._signer(call, req)
        signature = await asyncio.to_thread(
            asymmetric.sign, self.material(key), algorithm, req["Message"], is_digest=req.get("MessageType") == "DIGEST"
        )
        return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": algorithm}

    @operation(KEY, mutates=False)
    async def verify(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        key, algorithm = await self._signer(call, req)
        valid = await asyncio.to_thread(
            asymmetric.verify,
            self.material(key),
            algorithm,
            req["Message"],
            req["Signature"],
            is_digest=req.get("MessageType") == "DIGEST",
        )
        if not valid:
            raise AwsError("KMSInvalidSignatureException")
        return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}

    async def _signer(self, call: Call, req: Doc) -> tuple[Key, str]:
        key = await self._key(call, req["KeyId"])
        key.check_usable("SIGN_VERIFY")
        algorithm = req["SigningAlgorithm"]
        if algorithm not in key.signing_algorithms:
            raise AwsError(
                "InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with key spec {key.spec}."
            )
        if req.get("MessageType", "RAW") not in ("RAW", "DIGEST"):
            raise AwsError("ValidationException", f"Message type {req['MessageType']} is not for {algorithm}.")
        return key, algorithm

    @operation(KEY)
    async def get_public_key(self, call: Call, req: Doc) -> Doc:
        key = await self._key(call, req["KeyId"])
        key.check_not_pending()
        if not key.public:
            raise AwsError("UnsupportedOperationException", f"{key.arn} is not an asymmetric key.")
        return {
            "KeyId": key.arn,
            "PublicKey": base64.b64decode(key.public),
            "CustomerMasterKeySpec": key.spec,
            "KeySpec": key.spec,
            "KeyUsage": key.usage,
            "EncryptionAlgorithms": key.encryption_algorithms or None,
            "SigningAlgorithms": key.signing_algorithms or None,
        }

    @operation(KEY, mutates=False)
    async def generate_mac(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        key = await self._mac_key(call, req)
        mac = asymmetric.mac(self.material(key), req["MacAlgorithm"], req["Message"])
        return {"Mac": mac, "MacAlgorithm": req["MacAlgorithm"], "KeyId": key.arn}

    @operation(KEY, mutates=False)
    async def verify_mac(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        key = await self._mac_key(call, req)
        mac = asymmetric.mac(self.material(key), req["MacAlgorithm"], req["Message"])
        if not hmac.compare_digest(mac, req["Mac"]):
            raise AwsError("KMSInvalidMacException")
        return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": req["MacAlgorithm"]}

    async def _mac_key(self, call: Call, req: Doc) -> Key:
        key = await self._key(call, req["KeyId"])
        key.check_usable("GENERATE_VERIFY_MAC")
        if req["MacAlgorithm"] not in key.mac_algorithms:
            raise AwsError("InvalidKeyUsageException", f"{key.arn} does not make {req['MacAlgorithm']}.")
        return key
