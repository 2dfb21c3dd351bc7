"""A second piece of work that rides in somebody else's commit.

What is told about a change (the audit record of the call that makes it) costs a durable commit of its own when it is
written afterwards. Whoever knows that a change is made by one write puts a rider into the context before; the next
`Database.write` there takes it along in the same savepoint: both are committed, or neither.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from trunkline.core.db.interface import Tx

T = TypeVar("T")


class Rider:
    """Work that waits for a write. `aboard` says that a write with it was committed."""

    __slots__ = ("_seated", "_work", "aboard")

    def __init__(self, work: Callable[[Tx], None]) -> None:
        self._work = work
        self._seated = False
        self.aboard = False

    def along(self, work: Callable[[Tx], T]) -> Callable[[Tx], T]:
        """`work` and, behind it, the rider's, unless it already went with an earlier write."""

        def both(tx: Tx) -> T:
            result = work(tx)
            if not self._seated:
                self._work(tx)
                self._seated = True
            return result

        return both


_current: ContextVar[Rider | None] = ContextVar("rider", default=None)


def current_rider() -> Rider | None:
    """The rider that a write made here takes along."""
    return _current.get()


class riding:
    """Have the first write within take `rider` along; None: no write within takes any."""

    __slots__ = ("_rider", "_token")

    def __init__(self, rider: Rider | None) -> None:
        self._rider = rider

    def __enter__(self) -> None:
        self._token = _current.set(self._rider)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
