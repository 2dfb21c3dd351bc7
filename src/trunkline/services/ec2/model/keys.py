"""Key pairs: public keys under a name; the private key is its owner's alone."""

from dataclasses import dataclass
from datetime import datetime


@dataclass
class KeyPair:
    """`type`: rsa or ed25519. `public_key`: as OpenSSH writes it, without a comment."""

    account: str
    region: str
    id: str
    name: str
    type: str
    public_key: str
    fingerprint: str
    created_at: datetime
