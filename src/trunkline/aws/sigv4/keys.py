"""Signing keys: four HMACs a day for each credential, region and service; worth remembering."""

import functools
import hmac


@functools.lru_cache(maxsize=2048)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that signs requests of one day, region and service."""
    key = hmac.digest(b"AWS4" + secret.encode(), date.encode(), "sha256")
    for part in (region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    """The signature of a string to sign, in hex."""
    return hmac.digest(key, text.encode(), "sha256").hex()
