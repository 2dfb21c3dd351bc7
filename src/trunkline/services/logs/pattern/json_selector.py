"""Patterns over JSON messages: `{ $.user.id = 1 && ($.tags[0] = "a*" || $.error IS TRUE) }`.

What AWS does, found by TestMetricFilter: a missing member matches neither = nor != ; a member of another type than the
value matches != ; numbers are compared as numbers, and < and > refuse anything else.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from trunkline.services.logs.pattern.syntax import (
    MAX_REGEXES,
    REGEX,
    STRING,
    InvalidPattern,
    number,
    regex,
    text_test,
    unquote,
)

Check = Callable[[Any], bool]
Path = tuple[str | int | None, ...]  # None stands for every member

_SELECTOR = r"""\$(?:\.?\[(?:'[^']*'|"[^"]*"|\d+|\*)\]|\.[\w@-]+|\.\*)*"""
_SEGMENT = re.compile(r"""\.?\[(?:'([^']*)'|"([^"]*)"|(\d+)|(\*))\]|\.([\w@-]+)|\.(\*)""")
_TOKEN = re.compile(
    rf"\s*(?:(?P<selector>{_SELECTOR})|(?P<string>{STRING})|(?P<regex>{REGEX})|(?P<mark>&&|\|\||[()]|!=|<=|>=|=|<|>)"
    r"|(?P<word>[^\s()&|=<>!\"]+))"
)
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_MISSING = object()
_MAX_DEPTH = 32
_MAX_WILDCARDS = 3


class JsonPattern:
    def __init__(self, text: str) -> None:
        if not text.endswith("}"):
            raise InvalidPattern("Invalid filter pattern: a JSON pattern ends with }")
        parser = _Parser(text[1:-1])
        self._check = parser.disjunction()
        parser.end()
        self._selectors = parser.selectors
        _check_quotas(parser)

    def matches(self, message: str) -> bool:
        document = _document(message)
        return document is not None and self._check(document)

    def extract(self, message: str) -> Mapping[str, str]:
        document = _document(message)
        found = {text: next(_select(document, path), _MISSING) for text, path in self._selectors.items()}
        return {text: _text(value) for text, value in found.items() if value is not _MISSING}

    def value(self, message: str, reference: str) -> str | None:
        document = _document(message)
        if document is None or not re.fullmatch(_SELECTOR, reference):
            return None
        found = next(_select(document, _path(reference)), _MISSING)
        return None if found is _MISSING or isinstance(found, dict | list) else _text(found)


def _check_quotas(parser: _Parser) -> None:
    wildcards = [path.count(None) for path in parser.selectors.values()]
    if max(wildcards, default=0) > 1 or sum(wildcards) > _MAX_WILDCARDS:
        raise InvalidPattern(
            f"Invalid filter pattern: it may hold one wildcard in a selector and {_MAX_WILDCARDS} at most"
        )
    if parser.regexes > MAX_REGEXES:
        raise InvalidPattern(f"Invalid filter pattern: it may hold {MAX_REGEXES} regular expressions at most")


def _document(message: str) -> Any | None:
    start = message.lstrip()[:1]
    if start not in {"{", "["}:
        return None  # the usual case, and much cheaper than a failing parse
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _path(selector: str) -> Path:
    path: list[str | int | None] = []
    for single, double, index, every, name, all_members in _SEGMENT.findall(selector[1:]):
        if every or all_members:
            path.append(None)
        else:
            path.append(int(index) if index else single or double or name)
    return tuple(path)


def _select(document: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield document
        return
    first, rest = path[0], path[1:]
    if first is None:
        members = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
        for member in members:
            yield from _select(member, rest)
    elif isinstance(first, int):
        if isinstance(document, list) and first < len(document):
            yield from _select(document[first], rest)
    elif isinstance(document, dict) and first in document:
        yield from _select(document[first], rest)


class _Parser:
    """|| binds weaker than &&; parentheses as usual."""

    def __init__(self, text: str) -> None:
        self.selectors: dict[str, Path] = {}
        self.regexes = 0
        self._tokens: list[tuple[str, str]] = []
        self._depth = 0
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise InvalidPattern(f"Invalid filter pattern near '{text[at:]}'")
            kind = match.lastgroup or ""
            self.regexes += kind == "regex"
            self._tokens.append((kind, match[kind]))
            at = match.end()

    def _next(self) -> tuple[str, str]:
        return self._tokens.pop(0) if self._tokens else ("", "")

    def _take(self, text: str) -> bool:
        if self._tokens and self._tokens[0] == ("mark", text):
            del self._tokens[0]
            return True
        return False

    def end(self) -> None:
        if self._tokens:
            raise InvalidPattern(f"Invalid filter pattern near '{self._tokens[0][1]}'")

    def disjunction(self) -> Check:
        checks = [self._conjunction()]
        while self._take("||"):
            checks.append(self._conjunction())
        return checks[0] if len(checks) == 1 else lambda document: any(check(document) for check in checks)

    def _conjunction(self) -> Check:
        checks = [self._single()]
        while self._take("&&"):
            checks.append(self._single())
        return checks[0] if len(checks) == 1 else lambda document: all(check(document) for check in checks)

    def _single(self) -> Check:
        if self._take("("):
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise InvalidPattern("Invalid filter pattern: too many nested parentheses")
            check = self.disjunction()
            if not self._take(")"):
                raise InvalidPattern("Invalid filter pattern: a parenthesis is not closed")
            self._depth -= 1
            return check
        kind, selector = self._next()
        if kind != "selector" or selector == "$":
            raise InvalidPattern(f"Invalid filter pattern: expected a selector such as $.name, not '{selector}'")
        path = self.selectors[selector] = _path(selector)
        kind, mark = self._next()
        if kind == "word":
            return self._state(path, mark.upper())
        if kind != "mark" or mark in {"&&", "||", "(", ")"}:
            raise InvalidPattern(f"Invalid filter pattern: expected a comparison after {selector}")
        test = _comparison(mark, *self._next())
        return lambda document: any(test(value) for value in _select(document, path))

    def _state(self, path: Path, word: str) -> Check:
        what = self._next()[1].upper()
        if (word, what) == ("NOT", "EXISTS"):
            return lambda document: next(_select(document, path), _MISSING) is _MISSING
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}
        if word != "IS" or what not in wanted:
            raise InvalidPattern(f"Invalid filter pattern near '{word} {what}'")
        return lambda document: any(value is wanted[what] for value in _select(document, path))


def _comparison(mark: str, kind: str, text: str) -> Check:
    if kind not in {"string", "regex", "word"}:
        raise InvalidPattern(f"Invalid filter pattern: expected a value after {mark}")
    if mark in _ORDER:
        return _ordered(_ORDER[mark], text)
    equal = _equality(kind, text)
    return equal if mark == "=" else lambda value: not equal(value)


def _ordered(compare: Callable[[float, float], bool], text: str) -> Check:
    bound = number(text)
    if bound is None:
        raise InvalidPattern(f"Invalid character(s) in term '{text}'")
    return lambda value: _is_number(value) and compare(value, bound)


def _equality(kind: str, text: str) -> Check:
    if kind == "regex":
        found_in = regex(text)
        return lambda value: (isinstance(value, str) or _is_number(value)) and found_in(_text(value))
    content = unquote(text) if kind == "string" else text
    if content == "*":
        return lambda value: value is not None  # exists
    test = text_test(content)
    if kind == "string":
        return lambda value: isinstance(value, str) and test(value)
    wanted = number(text)

    def equal(value: Any) -> bool:
        if _is_number(value):
            return bool(value == wanted) if wanted is not None else "*" in text and test(_text(value))
        return isinstance(value, str) and test(value)

    return equal


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
