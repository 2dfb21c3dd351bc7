"""RSA, elliptic curve and HMAC keys, on the `cryptography` library (loaded when first needed)."""

import hashlib
import hmac
import secrets
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.services.kms.model import EDWARDS, HMAC_BYTES, RSA_BITS

_DIGEST_BYTES = {"256": 32, "384": 48, "512": 64}


def generate(spec: str) -> tuple[bytes, bytes]:
    """New material and, for a key pair, the public key's DER. RSA takes up to seconds: not on the event loop."""
    if spec in HMAC_BYTES:
        return secrets.token_bytes(HMAC_BYTES[spec]), b""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    private: Any
    if spec in RSA_BITS:
        private = rsa.generate_private_key(65537, RSA_BITS[spec])
    elif spec == EDWARDS:
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        curves: dict[str, Any] = {
            "ECC_NIST_P256": ec.SECP256R1,
            "ECC_NIST_P384": ec.SECP384R1,
            "ECC_NIST_P521": ec.SECP521R1,
            "ECC_SECG_P256K1": ec.SECP256K1,
        }
        private = ec.generate_private_key(curves[spec]())
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der, public


def mac(material: bytes, algorithm: str, message: bytes) -> bytes:
    """The HMAC of a message, for HMAC_SHA_256 and its like."""
    return hmac.digest(material, message, f"sha{algorithm.rpartition('_')[2]}")


def sign(material: bytes, algorithm: str, message: bytes, *, is_digest: bool) -> bytes:
    """The signature of a message or of its digest."""
    from cryptography.hazmat.primitives.asymmetric import ec

    private = _private(material)
    if algorithm.startswith("ED25519"):
        return bytes(private.sign(_whole(algorithm, message, is_digest=is_digest)))
    scheme, prehashed = _scheme(algorithm, message, is_digest=is_digest)
    if algorithm.startswith("ECDSA"):
        return bytes(private.sign(prehashed, ec.ECDSA(scheme)))
    return bytes(private.sign(prehashed, *_rsa_scheme(algorithm, scheme)))


def verify(material: bytes, algorithm: str, message: bytes, signature: bytes, *, is_digest: bool) -> bool:
    """Whether a signature is right."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec

    public = _private(material).public_key()
    try:
        if algorithm.startswith("ED25519"):
            public.verify(signature, _whole(algorithm, message, is_digest=is_digest))
            return True
        scheme, prehashed = _scheme(algorithm, message, is_digest=is_digest)
        if algorithm.startswith("ECDSA"):
            public.verify(signature, prehashed, ec.ECDSA(scheme))
        else:
            public.verify(signature, prehashed, *_rsa_scheme(algorithm, scheme))
    except InvalidSignature:
        return False
    return True


def rsa_encrypt(material: bytes, algorithm: str, plaintext: bytes) -> bytes:
    """RSAES-OAEP; ValidationException when the plaintext is too long for the key."""
    try:
        return bytes(_private(material).public_key().encrypt(plaintext, _oaep(algorithm)))
    except ValueError:
        raise AwsError("ValidationException", "Algorithm and key spec do not allow a plaintext this long.") from None


def rsa_decrypt(material: bytes, algorithm: str, ciphertext: bytes) -> bytes:
    """RSAES-OAEP; InvalidCiphertextException for anything else."""
    try:
        return bytes(_private(material).decrypt(ciphertext, _oaep(algorithm)))
    except ValueError:
        raise AwsError("InvalidCiphertextException") from None


def _private(material: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization

    return serialization.load_der_private_key(material, None)


def _whole(algorithm: str, message: bytes, *, is_digest: bool) -> bytes:
    """Ed25519 reads a message twice, so its digest is not enough."""
    if is_digest:
        raise AwsError("ValidationException", f"Message type DIGEST is not for {algorithm}: give the message (RAW).")
    return message


def _oaep(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    chosen = hashes.SHA256() if algorithm.endswith("256") else hashes.SHA1()  # noqa: S303  AWS offers OAEP with SHA-1
    return padding.OAEP(padding.MGF1(chosen), chosen, None)


def _scheme(algorithm: str, message: bytes, *, is_digest: bool) -> tuple[Any, bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    bits = algorithm.rpartition("_")[2]
    if is_digest and len(message) != _DIGEST_BYTES[bits]:
        raise AwsError("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
    digest = message if is_digest else hashlib.new(f"sha{bits}", message).digest()
    kinds: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
    return Prehashed(kinds[bits]()), digest


def _rsa_scheme(algorithm: str, scheme: Any) -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.asymmetric import padding

    if "PKCS1" in algorithm:
        return padding.PKCS1v15(), scheme
    chosen = scheme._algorithm
    return padding.PSS(padding.MGF1(chosen), chosen.digest_size), scheme
