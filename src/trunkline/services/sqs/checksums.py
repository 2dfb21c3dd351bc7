"""The MD5 digests by which clients check that a message arrived as it was sent. Pure.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

import hashlib
from collections.abc import Mapping
from typing import Any


def of_text(text: str) -> str:
    """The digest of a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """The digest of message attributes: each name, type and value in the order of names, preceded by its length."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        _add(digest, name.encode())
        _add(digest, value["DataType"].encode())
        if "BinaryValue" in value:
            digest.update(b"\x02")
            _add(digest, value["BinaryValue"])
        else:
            digest.update(b"\x01")
            _add(digest, value["StringValue"].encode())
    return digest.hexdigest()


def _add(digest: Any, piece: bytes) -> None:
    digest.update(len(piece).to_bytes(4, "big"))
    digest.update(piece)
