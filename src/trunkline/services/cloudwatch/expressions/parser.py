"""Read an expression: from text to its parts, or an ExpressionError that says where it stops to make sense."""

from __future__ import annotations

import functools
import re

from trunkline.services.cloudwatch.expressions.errors import ExpressionError
from trunkline.services.cloudwatch.expressions.syntax import (
    Function,
    Listing,
    Negation,
    Node,
    Number,
    Operation,
    Reference,
    Text,
    Word,
)

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<text>"[^"]*"|'[^']*'|\u201c[^\u201d]*\u201d)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],])
    )""",
    re.VERBOSE,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR", "||"),
    ("AND", "&&"),
    ("==", "!=", "<=", ">=", "<", ">"),
    ("+", "-"),
    ("*", "/"),
)
"""Operators from the loosest to the tightest; those of one level are read from left to right."""
_SAME = {"||": "OR", "&&": "AND"}
_DEEPEST = 40

Token = tuple[str, str, int]


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    reader = _Reader(_tokens(text))
    found = reader.level(0)
    reader.end()
    return found


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"unexpected character '{text[at:].strip()[0]}' at position {at}")
        found.append((match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, ("end", "the end", len(text))]


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def _take(self, *wanted: str) -> str | None:
        """The next token if it is one of these signs or words."""
        kind, text, _ = self._tokens[self._at]
        if kind in {"sign", "name"} and text in wanted:
            self._at += 1
            return text
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise self._unexpected(f", expected '{sign}'")

    def _unexpected(self, more: str = "") -> ExpressionError:
        _, text, at = self._tokens[self._at]
        return ExpressionError(f"unexpected '{text}' at position {at}{more}")

    def end(self) -> None:
        if self._tokens[self._at][0] != "end":
            raise self._unexpected()

    def level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self._unary()
        left = self.level(number + 1)
        while (operator := self._take(*_LEVELS[number])) is not None:
            left = Operation(_SAME.get(operator, operator), left, self.level(number + 1))
        return left

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("the expression is nested too deeply")
        try:
            if self._take("-"):
                return Negation(self._unary())
            found = self._primary()
            return Operation("^", found, self._unary()) if self._take("^") else found
        finally:
            self._depth -= 1

    def _primary(self) -> Node:
        if self._take("("):
            found = self.level(0)
            self._expect(")")
            return found
        if self._take("["):
            return Listing(self._arguments("]"))
        kind, text, _ = self._tokens[self._at]
        if kind not in {"number", "text", "name"} or text in {"AND", "OR"}:
            raise self._unexpected()
        self._at += 1
        if kind == "number":
            return Number(float(text))
        if kind == "text":
            return Text(text[1:-1])
        if self._take("("):
            return Function(text, self._arguments(")"))
        return Reference(text) if text[0].islower() else Word(text)

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        if self._take(closing):
            return ()
        while True:
            found.append(self.level(0))
            if self._take(closing):
                return tuple(found)
            self._expect(",")
