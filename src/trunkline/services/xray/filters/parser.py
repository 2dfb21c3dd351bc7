"""Filter expressions, read by recursive descent. Lowest first: OR, AND (also by standing side by side), !."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import orjson

from trunkline.services.xray.filters.lexer import Token, tokens
from trunkline.services.xray.filters.syntax import (
    BOOLEANS,
    NUMBERS,
    OPERATORS,
    STRINGS,
    All,
    Any,
    BadFilter,
    Compare,
    Edge,
    Expression,
    GroupNamed,
    Keyword,
    Not,
    Present,
    RootCause,
    RootCauseJson,
    Selector,
    Service,
    Value,
)

_LONGEST = 10_000
_DEEPEST = 50
_END = Token("end", "", -1)
_TEXT_ONLY = frozenset({"CONTAINS", "BEGINSWITH", "ENDSWITH"})
_ORDER = frozenset({"<", "<=", ">", ">="})


@lru_cache(maxsize=500)
def parse(text: str) -> Expression:
    """BadFilter says what is wrong."""
    if len(text) > _LONGEST:
        raise BadFilter(f"A filter expression has at most {_LONGEST} characters.")
    parser = _Parser(tokens(text))
    found = parser.alternatives()
    parser.end()
    return found


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    # -- tokens

    def _peek(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return token.kind in ("word", "sign") and token.text.lower() in texts

    def _takes(self, *texts: str) -> bool:
        if self._is(*texts):
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self._wrong(f"expected {text}")

    def _wrong(self, what: str) -> BadFilter:
        token = self._peek()
        where = "at the end" if token is _END else f"at position {token.at}, near {token.text!r}"
        return BadFilter(f"{what} {where}.")

    def end(self) -> None:
        if self._peek() is not _END:
            raise self._wrong("unexpected text")

    # -- expressions

    def alternatives(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadFilter("the expression is nested too deeply.")
        parts = [self._conjunction()]
        while self._takes("or"):
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _conjunction(self) -> Expression:
        parts = [self._term()]
        while not self._is("or", ")", "}") and self._peek() is not _END:
            self._takes("and")
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _term(self) -> Expression:
        negations = 0
        while self._takes("!", "not"):
            negations += 1
        found = self._plain()
        return Not(found) if negations % 2 else found

    def _plain(self) -> Expression:
        if self._takes("("):
            inner = self.alternatives()
            self._expect(")")
            return inner
        token = self._peek()
        if token.kind == "annotation":
            self._next()
            return self._annotation(token.text)
        if token.kind != "word":
            raise self._wrong("expected a keyword")
        self._next()
        word = token.text.lower()
        if word.startswith("annotation."):
            return self._annotation(token.text[len("annotation.") :])
        if word.startswith("rootcause."):
            return self._root_cause(word)
        special = _SPECIAL.get(word)
        if special is not None:
            return special(self)
        if word not in BOOLEANS | NUMBERS | STRINGS:
            raise BadFilter(f"{token.text} at position {token.at} is no keyword.")
        return self._comparison(Keyword(word))

    def _annotation(self, key: str) -> Expression:
        if not key:
            raise self._wrong("expected the key of an annotation")
        return self._comparison(Keyword(key, annotation=True))

    # -- comparisons

    def _comparison(self, keyword: Keyword) -> Expression:
        token = self._peek()
        operator = token.text.upper() if token.kind in ("word", "sign") else ""
        if operator not in OPERATORS:
            return Present(keyword)
        self._next()
        self._check_operator(keyword, operator)
        values = self._listed() if operator == "IN" else (self._value(),)
        for value in values:
            self._check_value(keyword, operator, value)
        return Compare(keyword, operator, values)

    def _listed(self) -> tuple[Value, ...]:
        closing = ")" if self._takes("(") else "]"
        if closing == "]":
            self._expect("[")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._expect(closing)
        return tuple(values)

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "number":
            return float(token.text)
        if token.kind == "string":
            return token.text
        if token.kind == "word":  # the documentation itself leaves quotation marks out now and then
            return {"true": True, "false": False}.get(token.text.lower(), token.text)
        self._at -= 1
        raise self._wrong("expected a value")

    def _check_operator(self, keyword: Keyword, operator: str) -> None:
        if keyword.annotation:
            return
        if (keyword.name in BOOLEANS and operator not in ("=", "!=")) or (
            (keyword.name in NUMBERS and operator in _TEXT_ONLY) or (keyword.name in STRINGS and operator in _ORDER)
        ):
            raise BadFilter(f"{keyword.name} cannot be compared with {operator}.")

    def _check_value(self, keyword: Keyword, operator: str, value: Value) -> None:
        if operator in _TEXT_ONLY and not isinstance(value, str):
            raise BadFilter(f"{operator} compares with text.")
        if keyword.annotation:
            return
        wanted: type = bool if keyword.name in BOOLEANS else float if keyword.name in NUMBERS else str
        if not isinstance(value, wanted):
            raise BadFilter(f"{keyword.name} cannot be compared with {value!r}.")

    # -- complex keywords

    def _service(self) -> Expression:
        self._expect("(")
        selector = Selector() if self._is(")") else self._selector()
        self._expect(")")
        return Service(selector, self._inner())

    def _edge(self) -> Expression:
        self._expect("(")
        source = self._selector()
        self._expect(",")
        destination = self._selector()
        self._expect(")")
        return Edge(source, destination, self._inner())

    def _inner(self) -> Expression | None:
        if not self._takes("{"):
            return None
        found = None if self._is("}") else self.alternatives()
        self._expect("}")
        return found

    def _selector(self) -> Selector:
        if not self._takes("id"):
            return Selector(name=self._text())
        self._expect("(")
        given: dict[str, str] = {}
        while not self._takes(")"):
            if self._peek().kind == "string":
                given.setdefault("name" if "name" not in given else "type", self._text())
            else:
                member = self._next().text.lower()
                if member not in ("name", "type", "account.id"):
                    self._at -= 1
                    raise self._wrong("expected name, type or account.id")
                self._expect(":")
                given[member] = self._text()
            if not self._is(")"):
                self._expect(",")
        return Selector(given.get("name"), given.get("type"), given.get("account.id"))

    def _text(self) -> str:
        token = self._next()
        if token.kind not in ("string", "word"):
            self._at -= 1
            raise self._wrong("expected text in quotation marks")
        return token.text

    def _root_cause(self, word: str) -> Expression:
        _, _, rest = word.partition(".")
        kind, _, level = rest.rpartition(".")
        if kind not in ("", "fault", "error", "responsetime"):
            raise BadFilter(f"{word} is no keyword.")
        if level == "json":
            operator = "=" if self._takes("=") else "!="
            if operator == "!=":
                self._expect("!=")
            token = self._next()
            if token.kind != "json":
                self._at -= 1
                raise self._wrong("expected # and JSON")
            return RootCauseJson(kind or None, operator, orjson.loads(token.text))
        if not kind or level not in ("service", "entity", "exception"):
            raise BadFilter(f"{word} is no keyword.")
        return RootCause(kind, level, self._inner())

    def _group(self, by: str) -> Expression:
        operator = self._next().text
        if operator not in ("=", "!="):
            self._at -= 1
            raise self._wrong("expected = or !=")
        return GroupNamed(by, operator, self._text())


_SPECIAL: dict[str, Callable[[_Parser], Expression]] = {
    "service": _Parser._service,
    "edge": _Parser._edge,
    "group.name": lambda parser: parser._group("name"),
    "group.arn": lambda parser: parser._group("arn"),
}
