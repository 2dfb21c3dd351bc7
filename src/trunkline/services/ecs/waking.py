"""Tells the loops that something changed, so that nobody waits for their next round."""

from collections.abc import Callable


class Waking:
    """`service` wakes the scheduler, `tasks` those who run tasks. Safe to call from the event loop only."""

    def __init__(self) -> None:
        self.service: Callable[[], None] = lambda: None
        self.tasks: Callable[[], None] = lambda: None

    def all(self) -> None:
        self.service()
        self.tasks()
