"""SecureString: values that KMS encrypts, bound to the parameter's ARN."""

import base64

from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc

DEFAULT_KEY = "alias/aws/ssm"


class Secure:
    """Encrypts and decrypts in the caller's name."""

    def __init__(self, call: Client) -> None:
        self._call = call

    async def encrypt(self, call: Call, arn: str, key_id: str, value: str) -> str:
        """The ciphertext as it is stored."""
        params = {"KeyId": key_id, "Plaintext": value.encode(), "EncryptionContext": {"PARAMETER_ARN": arn}}
        answer = await self._kms(call, "Encrypt", params)
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    async def decrypt(self, call: Call, arn: str, stored: str) -> str:
        """The value."""
        params = {"CiphertextBlob": base64.b64decode(stored), "EncryptionContext": {"PARAMETER_ARN": arn}}
        answer = await self._kms(call, "Decrypt", params)
        return str(answer["Plaintext"].decode())

    async def _kms(self, call: Call, operation: str, params: Doc) -> Doc:
        try:
            return await self._call("kms", operation, params, as_=call.caller.through("ssm"))
        except AwsError as error:
            if error.code == "AccessDeniedException":
                raise
            raise AwsError(
                "InvalidKeyId", f"{error.message or error.code} (Service: AWSKMS; Error Code: {error.code})"
            ) from error
