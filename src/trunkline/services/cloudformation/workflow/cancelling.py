"""Asking an operation that is under way to end.

The wish is durable in the stack's row (`Stack.cancel`); the event here only wakes who waits for a handler. A workflow
that is taken up after a crash looks at the row once.
"""

import asyncio

from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Stack


class Cancels:
    """The operations under way in this process."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def of(self, operation_id: str) -> asyncio.Event:
        return self._events.setdefault(operation_id, asyncio.Event())

    def forget(self, operation_id: str) -> None:
        self._events.pop(operation_id, None)

    def wake(self, operation_id: str) -> None:
        """After the commit of `ask`."""
        if operation_id in self._events:
            self._events[operation_id].set()


def ask(tx: Tx, stack: Stack, wish: str) -> None:
    """`wish`: "delete", or the reason in words for which the operation is to be rolled back. The first one counts."""
    current = store.stacks.get(tx, *stack.key)
    if current is not None and (not current.cancel or wish == "delete"):
        current.cancel = wish
        store.stacks.put(tx, current)
