"""Signatures that subscribers verify: an RSA key of this instance and the certificate that SigningCertURL leads to.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_DAYS = 3650


class Signer:
    """Makes its key on first use, in the data directory, 0600. Call from a worker thread: making it takes a while."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()
        self._key: rsa.RSAPrivateKey | None = None
        self._certificate = b""

    def certificate(self) -> bytes:
        """The certificate in PEM form."""
        self._ready()
        return self._certificate

    def sign(self, text: str, version: str) -> str:
        """The signature of a text in base64: SHA-1 for version 1, SHA-256 for version 2."""
        key = self._ready()
        digest = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - version 1 is SHA-1
        return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), digest)).decode()

    def _ready(self) -> rsa.RSAPrivateKey:
        with self._lock:
            if self._key is None:
                self._key = self._loaded() or self._made()
            return self._key

    def _loaded(self) -> rsa.RSAPrivateKey | None:
        path = self._folder / "signing.pem"
        if not path.exists():
            return None
        pem = path.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} does not hold an RSA key")
        self._certificate = pem[pem.index(b"-----BEGIN CERTIFICATE") :]
        return key

    def _made(self) -> rsa.RSAPrivateKey:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=1))
            .not_valid_after(self._now + timedelta(days=_DAYS))
            .sign(key, hashes.SHA256())
        )
        self._certificate = certificate.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / "signing.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(private + self._certificate)
            out.flush()
            os.fsync(out.fileno())
        temporary.rename(self._folder / "signing.pem")
        return key
