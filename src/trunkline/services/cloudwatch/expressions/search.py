"""The text of SEARCH: which metrics it finds, by schema, by parts of names, and by exact names.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.services.cloudwatch.expressions.errors import ExpressionError

_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*,?")
_PART = re.compile(r'\s*(?:"([^"]*)"|([^,"]+))\s*(?:,|$)')
_TOKEN = re.compile(r'\s*(?:(?P<exact>"(?:\\.|[^"\\])*")|(?P<sign>[()=])|(?P<word>[^\s()="]+))')
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST = 1024
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Named:
    """A metric as a search sees it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    def texts(self) -> list[str]:
        return [self.namespace, self.name, *(text for pair in self.dimensions for text in pair)]

    def property(self, name: str) -> list[str]:
        if name in {"MetricName", "Namespace"}:
            return [self.name if name == "MetricName" else self.namespace]
        return [value for key, value in self.dimensions if key == name]


Test = Callable[[Named], bool]


def parse(text: str) -> Test:
    if len(text) > _LONGEST:
        raise ExpressionError(f"a search has up to {_LONGEST} characters")
    tests: list[Test] = []
    schema = _SCHEMA.match(text)
    if schema is not None:
        tests.append(_schema(schema[1]))
        text = text[schema.end() :]
    if text.strip():
        tests.append(_Reader(text).whole())
    if not tests:
        raise ExpressionError("a search has a metric schema, a search term, or both")
    return lambda metric: all(test(metric) for test in tests)


def _schema(text: str) -> Test:
    namespace, *names = [(quoted or bare).strip() for quoted, bare in _PART.findall(text)] or [""]
    if not namespace:
        raise ExpressionError("the schema of a search starts with a namespace")
    wanted = set(names)

    def test(metric: Named) -> bool:
        return metric.namespace == namespace and (not wanted or {key for key, _ in metric.dimensions} == wanted)

    return test


def partly(term: str, text: str) -> bool:
    """Whether a term without quotes is found in a name: its tokens stand there one after the other.

    Words that the term itself sets apart count whatever their case; what only capitals or digits set apart, as written.
    """
    if re.sub(r"\W|_", "", term).lower() == re.sub(r"\W|_", "", text).lower():
        return True
    wanted: list[tuple[str, bool]] = []
    for chunk in re.split(r"[\W_]+", term):
        pieces = _PIECE.findall(chunk)
        wanted += [(piece, len(pieces) == 1) for piece in pieces]
    there = _PIECE.findall(text)
    return bool(wanted) and any(
        all(_same(*want, has) for want, has in zip(wanted, there[at:], strict=False))
        for at in range(len(there) - len(wanted) + 1)
    )


def _same(wanted: str, any_case: bool, there: str) -> bool:
    return wanted.lower() == there.lower() if any_case else wanted == there


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._depth = 0
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise ExpressionError(f"unexpected '{text[at:].strip()[0]}' in the search")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "the end of the search")

    def _take(self, kind: str, text: str) -> bool:
        taken = self._next() == (kind, text)
        self._at += taken
        return taken

    def whole(self) -> Test:
        found = self._any()
        if self._next()[0] != "end":
            raise ExpressionError(f"unexpected '{self._next()[1]}' in the search")
        return found

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take("word", "OR"):
            tests.append(self._all())
        return lambda metric: any(test(metric) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._next() not in {("word", "OR"), ("sign", ")")} and self._next()[0] != "end":
            self._take("word", "AND")
            tests.append(self._one())
        return lambda metric: all(test(metric) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("the search is nested too deeply")
        try:
            if self._take("word", "NOT"):
                denied = self._one()
                return lambda metric: not denied(metric)
            if self._take("sign", "("):
                grouped = self._any()
                if not self._take("sign", ")"):
                    raise ExpressionError("expected ')' in the search")
                return grouped
            term = self._term()
            if not self._take("sign", "="):
                return lambda metric: term(metric.texts())
            name = _plain(self._tokens[self._at - 2][1])
            if name.startswith(":aws"):
                raise ExpressionError("a search finds metrics of its own account only")
            value = self._term()
            return lambda metric: value(metric.property(name))
        finally:
            self._depth -= 1

    def _term(self) -> Callable[[Sequence[str]], bool]:
        kind, text = self._next()
        if kind not in {"exact", "word"} or text in {"AND", "OR", "NOT"}:
            raise ExpressionError(f"unexpected '{text}' in the search")
        self._at += 1
        if kind == "exact":
            exact = _plain(text)
            return lambda texts: exact in texts
        return lambda texts: any(partly(text, one) for one in texts)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
