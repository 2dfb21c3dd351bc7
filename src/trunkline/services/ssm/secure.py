"""SecureString: values that KMS encrypts, bound to the parameter's ARN."""

import base64

from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc

DEFAULT_KEY = "alias/aws/ssm"


class Secure:
    """Encrypts and decrypts in the caller's name; with the default key, in Parameter Store's."""

    def __init__(self, call: Client) -> None:
        self._call = call

    async def encrypt(self, call: Call, arn: str, key_id: str, value: str) -> str:
        """The ciphertext as it is stored."""
        params = {"KeyId": key_id, "Plaintext": value.encode(), "EncryptionContext": {"PARAMETER_ARN": arn}}
        answer = await self._kms(call, key_id, "Encrypt", params)
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    async def decrypt(self, call: Call, arn: str, key_id: str, stored: str) -> str:
        """The value."""
        params = {"CiphertextBlob": base64.b64decode(stored), "EncryptionContext": {"PARAMETER_ARN": arn}}
        answer = await self._kms(call, key_id, "Decrypt", params)
        return str(answer["Plaintext"].decode())

    async def _kms(self, call: Call, key_id: str, operation: str, params: Doc) -> Doc:
        as_ = call.caller
        if key_id == DEFAULT_KEY:
            as_ = Caller.service("ssm.amazonaws.com", call.account, call.region)
        try:
            return await self._call("kms", operation, params, as_=as_)
        except AwsError as error:
            if error.code == "AccessDeniedException":
                raise
            raise AwsError(
                "InvalidKeyId", f"{error.message or error.code} (Service: AWSKMS; Error Code: {error.code})"
            ) from error
