"""Identifiers: random, never guessable from the previous one (an event's tells its time besides)."""

import os
import secrets
import string
import time

_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits


def uuid() -> str:
    """A random UUID in the usual 36 characters."""
    digits = os.urandom(16).hex()  # what uuid4() makes, without its object: every request takes several
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def event_id() -> str:
    """A UUID that begins with the time (version 7): neighbours in time are neighbours in the ledger's index."""
    digits = f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def request_id() -> str:
    """The id a request is known by in answers, logs and the audit record."""
    return uuid()


def hex_id(length: int) -> str:
    """`length` hexadecimal digits."""
    return secrets.token_hex((length + 1) // 2)[:length]


def alnum(length: int, *, lower: bool = True) -> str:
    """`length` letters and digits, of one case."""
    alphabet = _LOWER if lower else _UPPER
    return "".join(secrets.choice(alphabet) for _ in range(length))
