"""Identifiers: random, never guessable from the previous one."""

import secrets
import string
import uuid as _uuid

_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits


def uuid() -> str:
    """A random UUID in the usual 36 characters."""
    return str(_uuid.uuid4())


def request_id() -> str:
    """The id a request is known by in answers, logs and the audit record."""
    return str(_uuid.uuid4())


def hex_id(length: int) -> str:
    """`length` hexadecimal digits."""
    return secrets.token_hex((length + 1) // 2)[:length]


def alnum(length: int, *, lower: bool = True) -> str:
    """`length` letters and digits, of one case."""
    alphabet = _LOWER if lower else _UPPER
    return "".join(secrets.choice(alphabet) for _ in range(length))
