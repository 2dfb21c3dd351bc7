"""Whose child a stack is: told by the nested stack's handler around its CreateStack, never by a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_place: ContextVar[tuple[str, str]] = ContextVar("nested_in", default=("", ""))


@contextmanager
def nested(parent_id: str, root_id: str) -> Iterator[None]:
    """Within, a stack that is made is this one's child."""
    token = _place.set((parent_id, root_id))
    try:
        yield
    finally:
        _place.reset(token)


def nested_in() -> tuple[str, str]:
    """The parent's and the root's id, or two empty texts."""
    return _place.get()
