"""What is wrong with a query, and where."""

from __future__ import annotations


class MalformedQuery(Exception):
    """The text is not a query. `start` and `end` are offsets of characters, as in QueryCompileErrorLocation."""

    def __init__(self, message: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = start + 1 if end is None else end
