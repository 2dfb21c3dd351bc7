"""The parts of an expression, as the parser finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The id of a metric or of another expression."""

    id: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word in capitals that is an argument, such as REPEAT, DESC, or AVG in SORT."""

    value: str


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    operator: str
    left: Node
    right: Node


Node = Number | Text | Reference | Word | Function | Listing | Negation | Operation


def calls(node: Node, name: str) -> Iterator[Function]:
    """The calls of a function, wherever they stand."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Function) and one.name == name:
            yield one
        waiting += children(one)


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Function(_, parts) | Listing(parts):
            return parts
        case Negation(operand):
            return (operand,)
        case Operation(_, left, right):
            return (left, right)
    return ()
