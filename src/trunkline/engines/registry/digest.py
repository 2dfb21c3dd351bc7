"""Digests: `algorithm:hex`, of the two algorithms that clients use."""

import hashlib
import re
from typing import TYPE_CHECKING

from trunkline.engines.registry.errors import RegistryError

if TYPE_CHECKING:
    from hashlib import _Hash

_FORM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def check(digest: str) -> str:
    """A well formed digest; DIGEST_INVALID for anything else."""
    if not is_digest(digest):
        raise RegistryError("DIGEST_INVALID", "provided digest did not match uploaded content", detail=digest[:200])
    return digest


def is_digest(text: str) -> bool:
    """Whether a reference is a digest rather than a tag."""
    return _FORM.fullmatch(text) is not None


def new(algorithm: str) -> "_Hash":
    """A running hash."""
    return hashlib.new(algorithm)


def of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
