"""The rules of composite alarms: ALARM(a) AND (OK("b") OR NOT INSUFFICIENT_DATA(c)), TRUE, FALSE, AT_LEAST. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from trunkline.aws.alarms import ALARM, INSUFFICIENT_DATA, OK

StateOf = Callable[[str], str]
"""The state of the alarm with this name or ARN."""

_TOKEN = re.compile(r'\s*(?:(?P<paren>[(),])|"(?P<quoted>[^"]*)"|(?P<word>[^\s(),"]+))')
_OPERANDS = "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"
_OPERATORS = "<EOF>, 'AND', 'OR'"
_STATES = {"ALARM": ALARM, "OK": OK, "INSUFFICIENT_DATA": INSUFFICIENT_DATA}
_STARTS = ("NOT", "TRUE", "FALSE", "AT_LEAST", *_STATES)
_MOST_ALARMS = 100
_MOST_ELEMENTS = 500
_MOST_CHARS = 10_240
_MOST_DEPTH = 100


class RuleError(ValueError):
    """The rule cannot be; the message says why."""


@dataclass
class Rule:
    """A rule, ready to be asked. `alarms`: the names or ARNs of the alarms it looks at, in their order."""

    holds: Callable[[StateOf], bool]
    alarms: list[str] = field(default_factory=list)


@lru_cache(maxsize=2000)
def parse(text: str) -> Rule:
    """The rule that an expression means. Remembered: each change of an alarm asks all rules whether they name it."""
    if len(text) > _MOST_CHARS:
        raise RuleError(f"an alarm rule has at most {_MOST_CHARS} characters")
    parser = _Parser(text)
    holds = parser.either(0)
    parser.end()
    if parser.elements > _MOST_ELEMENTS:
        raise RuleError(f"an alarm rule has at most {_MOST_ELEMENTS} elements")
    if len(parser.alarms) > _MOST_ALARMS:
        raise RuleError(f"an alarm rule names at most {_MOST_ALARMS} alarms")
    return Rule(holds, list(parser.alarms))


def name_of(alarm: str) -> str:
    """The name of an alarm given by name or ARN."""
    return alarm.split(":", 6)[6] if alarm.startswith("arn:") and alarm.count(":") >= 6 else alarm


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._places: list[int] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise RuleError(f"Unsupported token '{text[at:].strip()[0]}' at char {at}")
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind]))
            self._places.append(match.start(kind) - (kind == "quoted"))
            at = match.end()
        self._places.append(len(text))
        self._at = 0
        self.alarms: dict[str, None] = {}
        self.elements = 0
        """Alarms, TRUE, FALSE and pairs of parentheses around expressions."""

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        if self._peek() != ("paren", mark):
            raise self._unsupported()
        self._take()

    def _unsupported(self, possible: str = "") -> RuleError:
        """What AWS says of a token that cannot come next."""
        kind, text = self._peek()
        found = f"Unsupported token '{'<EOF>' if kind == 'end' else text}' at char {self._places[self._at]}"
        return RuleError(f"{found}, must be: {possible}" if possible else found)

    def end(self) -> None:
        if self._peek()[0] != "end":
            raise self._unsupported(_OPERATORS)

    def either(self, depth: int) -> Callable[[StateOf], bool]:
        if depth > _MOST_DEPTH:
            raise RuleError("the parentheses are nested too deeply")
        parts = [self._both(depth)]
        while self._peek() == ("word", "OR"):
            self._take()
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda state: any(part(state) for part in parts)

    def _both(self, depth: int) -> Callable[[StateOf], bool]:
        parts = [self._one(depth)]
        while self._peek() == ("word", "AND"):
            self._take()
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda state: all(part(state) for part in parts)

    def _one(self, depth: int) -> Callable[[StateOf], bool]:
        kind, text = self._peek()
        if (kind, text) != ("paren", "(") and (kind != "word" or text not in _STARTS):
            raise self._unsupported(_OPERANDS)
        self._take()
        self.elements += (kind, text) == ("paren", "(") or text in ("TRUE", "FALSE", *_STATES)
        if (kind, text) == ("paren", "("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        if text == "NOT":
            denied = self._one(depth + 1)
            return lambda state: not denied(state)
        if text in ("TRUE", "FALSE"):
            return lambda state: text == "TRUE"
        if text == "AT_LEAST":
            return self._at_least()
        self._expect("(")
        name = self._name()
        self._expect(")")
        wanted = _STATES[text]
        return lambda state: state(name) == wanted

    def _at_least(self) -> Callable[[StateOf], bool]:
        """AT_LEAST(2, ALARM, (a, b, c)), the number as a count or a percentage, the state perhaps with NOT."""
        self._expect("(")
        number = self._take()[1]
        self._expect(",")
        negated = self._peek() == ("word", "NOT")
        if negated:
            self._take()
        if self._peek()[1] not in _STATES:
            raise self._unsupported()
        word = self._take()[1]
        self._expect(",")
        self._expect("(")
        names = [self._name()]
        while self._peek() == ("paren", ","):
            self._take()
            names.append(self._name())
        self._expect(")")
        self._expect(")")
        digits = number.removesuffix("%")
        if not digits.isdigit() or not int(digits):
            raise RuleError(f"'{number}' is no threshold")
        share = int(digits) / 100 * len(names) if number.endswith("%") else int(digits)
        if share > len(names):
            raise RuleError("the threshold is more than the number of alarms")
        wanted = _STATES[word]
        return lambda state: sum((state(name) == wanted) != negated for name in names) >= share

    def _name(self) -> str:
        kind, text = self._peek()
        if kind not in ("word", "quoted") or not text:
            raise self._unsupported()
        self._take()
        self.alarms[text] = None
        return text
