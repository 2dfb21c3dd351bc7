"""What can be wrong with an expression: it makes no sense, or it asks for what there is not."""

from __future__ import annotations


class ExpressionError(Exception):
    """The expression is not one, or its parts do not fit each other. The text says why."""


class UnsupportedFunction(Exception):
    """A function that AWS has and that is refused here, by name."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why
