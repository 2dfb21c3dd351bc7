"""Pages of a list, with tokens that stay right while the list changes.

A token names the last item given, not a number, so an item added or removed between two calls neither hides another
nor shows it twice.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from trunkline.aws.errors import AwsError

T = TypeVar("T")


def page(
    items: Iterable[T],
    limit: int,
    token: str | None,
    *,
    key: Callable[[T], str],
    error: str = "InvalidNextTokenException",
    message: str = "The specified nextToken is not valid.",
    reverse: bool = False,
) -> tuple[list[T], str | None]:
    """Up to `limit` of `items` behind `token`, in the order of `key`, and the token of the next page or None.

    A token that this function did not give is refused with the AWS error code `error`.
    """
    ordered: Sequence[T] = sorted(items, key=key, reverse=reverse)
    if token:
        last = decode(token, error=error, message=message)
        ordered = [item for item in ordered if (key(item) < last if reverse else key(item) > last)]
    chosen = list(ordered[:limit])
    return chosen, encode(key(chosen[-1])) if len(ordered) > limit and chosen else None


def encode(place: str) -> str:
    """An opaque token for a place in a list."""
    return base64.urlsafe_b64encode(b"t1:" + place.encode()).decode().rstrip("=")


def decode(
    token: str, *, error: str = "InvalidNextTokenException", message: str = "The specified nextToken is not valid."
) -> str:
    """The place a token stands for, or the AWS error `error`."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        if not raw.startswith(b"t1:"):
            raise ValueError(token)
        return raw[3:].decode()
    except (ValueError, binascii.Error) as cause:
        raise AwsError(error, message) from cause
