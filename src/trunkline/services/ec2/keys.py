"""Making keys, reading public ones, and EC2's fingerprints of both.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html: the SHA-1 of the private key (DER, PKCS#8) for an
RSA key that AWS made, the MD5 of the public key (DER) for one that was imported, and OpenSSH's SHA-256 for ED25519.
"""

import base64
import binascii
import hashlib

from trunkline.services.ec2.errors import failed

RSA, ED25519 = "rsa", "ed25519"
_BITS = 2048
_SIZES = (1024, 2048, 4096)


def make(type: str) -> tuple[str, str, str]:
    """A new key: the private key as PEM, the public key as OpenSSH writes it, and the fingerprint."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if type == RSA:
        private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        form = serialization.PrivateFormat.TraditionalOpenSSL
    else:
        private = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.OpenSSH
    plain = serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, form, plain).decode()
    public = private.public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    if type == ED25519:
        return pem, line, _of_line(line)
    der = private.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)
    return pem, line, _colons(hashlib.sha1(der, usedforsecurity=False).hexdigest())


def read(material: bytes) -> tuple[str, str, str]:
    """A public key given in OpenSSH's form, base64 of DER, or RFC 4716's: type, OpenSSH's line, fingerprint."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    bad = failed("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
    text = material.decode("ascii", "replace").strip()
    try:
        if text.startswith("---- BEGIN SSH2"):
            blob = "".join(line for line in text.splitlines() if line and ":" not in line and not line.startswith("--"))
            kind = base64.b64decode(blob)[4:].split(b"\0", 1)[0].decode("ascii", "replace")
            text = f"{'ssh-ed25519' if kind.startswith('ssh-ed25519') else 'ssh-rsa'} {blob}"
        key = (
            serialization.load_ssh_public_key(text.encode())
            if text.startswith("ssh-")
            else serialization.load_der_public_key(base64.b64decode(text, validate=True))
        )
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise bad from None
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ED25519, line, _of_line(line)
    if not isinstance(key, rsa.RSAPublicKey):
        raise bad
    if key.key_size not in _SIZES:
        raise failed("InvalidKey.Format", f"An RSA key has {', '.join(map(str, _SIZES))} bits.")
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return RSA, line, _colons(hashlib.md5(der, usedforsecurity=False).hexdigest())


def _of_line(line: str) -> str:
    return base64.b64encode(hashlib.sha256(base64.b64decode(line.split()[1])).digest()).decode()


def _colons(text: str) -> str:
    return ":".join(text[at : at + 2] for at in range(0, len(text), 2))
