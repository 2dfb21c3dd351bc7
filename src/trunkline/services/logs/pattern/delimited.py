"""Patterns over space-delimited messages: `[ip, user, ..., request=*html*, status=4* || status=500, bytes>1000]`.

A field of the message is a word, or what stands between quotes or brackets. The last field of the pattern takes the
rest of the message; `...` stands for any number of fields.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from trunkline.services.logs.pattern.syntax import (
    MAX_REGEXES,
    REGEX,
    STRING,
    InvalidPattern,
    Test,
    number,
    regex,
    text_test,
    unquote,
)

_FIELD = re.compile(r'"([^"]*)"(?=\s|$)|\[([^\]]*)\](?=\s|$)|(\S+)')
_SPLIT = re.compile(rf"(?:{STRING}|{REGEX}|[^,])*")
_JOIN = re.compile(rf"((?:{STRING}|{REGEX}|(?!&&|\|\|).)+)(&&|\|\||$)")
_CONDITION = re.compile(rf"\s*\$?([\w.@-]*)\s*(!=|<=|>=|=|<|>)\s*({STRING}|{REGEX}|[^\s\"%<>=!]+)\s*")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Delimited:
    def __init__(self, text: str) -> None:
        if not text.endswith("]"):
            raise InvalidPattern("Invalid filter pattern: a space-delimited pattern ends with ]")
        parts = [part.strip() for part in _split(text[1:-1])]
        if parts.count("...") > 1:
            raise InvalidPattern("Invalid filter pattern: an ellipsis may occur once")
        self._open = parts.index("...") if "..." in parts else None
        if len(re.findall(REGEX, text)) > MAX_REGEXES:
            raise InvalidPattern(f"Invalid filter pattern: it may hold {MAX_REGEXES} regular expressions at most")
        columns = [_column(part) for part in parts if part != "..."]
        self._names = [name for name, _ in columns]
        self._tests = [test for _, test in columns]

    def matches(self, message: str) -> bool:
        fields = self._fields(message)
        return fields is not None and all(test(field) for test, field in zip(self._tests, fields, strict=True))

    def extract(self, message: str) -> Mapping[str, str]:
        fields = self._fields(message) or []
        named = zip(self._names, fields, strict=False)
        return {f"${name or number}": field for number, (name, field) in enumerate(named, start=1)}

    def value(self, message: str, reference: str) -> str | None:
        return self.extract(message).get(reference)

    def _fields(self, message: str) -> list[str] | None:
        """The message's fields as the columns see them, or None when there are too few."""
        found = list(_FIELD.finditer(message))
        count = len(self._names)
        if len(found) < count:
            return None
        if self._open is not None:
            behind = count - self._open
            found = found[: self._open] + (found[-behind:] if behind else [])
            return [_content(field) for field in found]
        if not count:
            return []
        fields = [_content(field) for field in found[:count]]
        if len(found) > count:
            fields[-1] = message[found[count - 1].start() :].rstrip()
        return fields


def _content(field: re.Match[str]) -> str:
    return next(group for group in field.groups() if group is not None)


def _split(text: str) -> list[str]:
    parts, at = [], 0
    while True:
        match = _SPLIT.match(text, at)
        assert match is not None  # it matches the empty text too
        parts.append(match[0])
        at = match.end() + 1
        if at > len(text):
            return parts


def _column(text: str) -> tuple[str, Test]:
    """A column's name and the test that its field must pass."""
    if re.fullmatch(r"[\w.@-]*", text):
        return text, lambda field: True
    name, any_of, all_of = "", [], []
    at = 0
    while at < len(text):
        piece = _JOIN.match(text, at)
        condition = _CONDITION.fullmatch(piece[1]) if piece else None
        if piece is None or condition is None:
            raise InvalidPattern(f"Invalid filter pattern near '{text}'")
        name = name or condition[1]
        if condition[1] != name:
            raise InvalidPattern(f"Invalid filter pattern: one column is called {name} and {condition[1]}")
        all_of.append(_test(condition[2], condition[3]))
        if piece[2] != "&&":
            any_of.append(all_of)
            all_of = []
        at = piece.end()
    if all_of:
        raise InvalidPattern(f"Invalid filter pattern near '{text}'")
    return name, lambda field: any(all(test(field) for test in tests) for tests in any_of)


def _test(mark: str, text: str) -> Test:
    if mark in _ORDER:
        bound, compare = number(text), _ORDER[mark]
        if bound is None:
            raise InvalidPattern(f"Invalid character(s) in term '{text}'")
        return lambda field: (value := number(field)) is not None and compare(value, bound)
    if text.startswith("%"):
        equal = regex(text)
    else:
        wanted = number(text)
        same = text_test(unquote(text) if text.startswith('"') else text)
        equal = lambda field: same(field) or (wanted is not None and number(field) == wanted)  # noqa: E731
    return equal if mark == "=" else lambda field: not equal(field)
