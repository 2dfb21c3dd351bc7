"""Cuts a query into tokens.

A slash is a division or opens a regular expression, which only the parser can tell: it asks for `regex` where one may
stand. A field with its path (`a.b[0].`c-d``) is one token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline.services.logs.insights.errors import MalformedQuery

_SEGMENT = r"(?:[A-Za-z_@$][\w@$]*|`[^`]*`)"
_PATH = rf"{_SEGMENT}(?:\.(?:{_SEGMENT}|\d+)|\[\d+\])*"
_UNIT = (
    r"(?:ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|mo|mons?|months?"
    r"|q|qtrs?|quarters?|y|yrs?|years?)"
)
_TOKEN = re.compile(
    rf"(?P<space>(?:\s+|\#[^\n]*)+)|(?P<path>{_PATH})|(?P<duration>\d+{_UNIT}\b)|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
    r"|\.\d+)|(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<symbol>=~|!=|<=|>=|==|[|,()\[\]=<>+\-*/%^:])",
    re.DOTALL,
)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/", re.DOTALL)
_SEGMENTS = re.compile(r"`([^`]*)`|([\w@$]+)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Token:
    """kind: path, number, duration, string, symbol or end."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The token as a keyword: in lower case; empty for what cannot be one."""
        return self.text.lower() if self.kind == "path" else ""

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(quoted or plain for quoted, plain in _SEGMENTS.findall(self.text))

    @property
    def value(self) -> str:
        """What a string says."""
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), self.text[1:-1], flags=re.DOTALL)


class Lexer:
    """The tokens of a query, one ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0
        self._ahead: Token | None = None
        self.last_end = 0

    @property
    def peek(self) -> Token:
        if self._ahead is None:
            self._ahead = self._read()
        return self._ahead

    def next(self) -> Token:
        token = self.peek
        self._ahead = None
        self._at = self.last_end = token.end
        return token

    def regex(self) -> str | None:
        """The regular expression that begins at the next token, taken; None when there is none."""
        token = self.peek
        found = _REGEX.match(self.text, token.start) if token.text == "/" else None
        if found is None:
            return None
        self._ahead = None
        self._at = self.last_end = found.end()
        return found[1]

    def unexpected(self, token: Token | None = None) -> MalformedQuery:
        token = token or self.peek
        if token.kind == "end":
            return MalformedQuery("unexpected end of query", token.start, token.end)
        before = self.text[: token.start]
        line, column = before.count("\n") + 1, token.start - (before.rfind("\n") + 1)
        return MalformedQuery(
            f"unexpected symbol found {token.text} at line {line} and position {column}", token.start, token.end
        )

    def _read(self) -> Token:
        at = self._at
        while (found := _TOKEN.match(self.text, at)) is not None and found.lastgroup == "space":
            at = found.end()
        if found is None:
            if at >= len(self.text):
                return Token("end", "", at, at)
            raise self.unexpected(Token("symbol", self.text[at], at, at + 1))
        return Token(str(found.lastgroup), found[0], at, found.end())
