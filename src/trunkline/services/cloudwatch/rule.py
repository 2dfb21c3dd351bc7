"""The rules of composite alarms: ALARM(a) AND (OK("b") OR NOT INSUFFICIENT_DATA(c)), TRUE, FALSE, AT_LEAST. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from trunkline.aws.alarms import ALARM, INSUFFICIENT_DATA, OK

StateOf = Callable[[str], str]
"""The state of the alarm with this name or ARN."""

_TOKEN = re.compile(r'\s*(?:(?P<paren>[(),])|"(?P<quoted>[^"]*)"|(?P<word>[^\s(),"]+))')
_STATES = {"ALARM": ALARM, "OK": OK, "INSUFFICIENT_DATA": INSUFFICIENT_DATA}
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


def parse(text: str) -> Rule:
    """The rule that an expression means."""
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
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise RuleError(f"unexpected character at position {at}")
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind]))
            at = match.end()
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
        kind, text = self._take()
        if (kind, text) != ("paren", mark):
            raise RuleError(f"expected '{mark}' but found '{text}'" if text else f"expected '{mark}' at the end")

    def end(self) -> None:
        kind, text = self._peek()
        if kind != "end":
            raise RuleError(f"unexpected '{text}'")

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
        kind, text = self._take()
        self.elements += (kind, text) == ("paren", "(") or text in ("TRUE", "FALSE", *_STATES)
        if (kind, text) == ("paren", "("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        if kind == "word" and text == "NOT":
            denied = self._one(depth + 1)
            return lambda state: not denied(state)
        if kind == "word" and text in ("TRUE", "FALSE"):
            return lambda state: text == "TRUE"
        if kind == "word" and text == "AT_LEAST":
            return self._at_least()
        if kind == "word" and text in _STATES:
            self._expect("(")
            name = self._name()
            self._expect(")")
            wanted = _STATES[text]
            return lambda state: state(name) == wanted
        raise RuleError(f"unexpected '{text}'" if text else "it ends too early")

    def _at_least(self) -> Callable[[StateOf], bool]:
        """AT_LEAST(2, ALARM, (a, b, c)), the number as a count or a percentage, the state perhaps with NOT."""
        self._expect("(")
        number = self._take()[1]
        self._expect(",")
        word = self._take()[1]
        negated = word == "NOT"
        if negated:
            word = self._take()[1]
        if word not in _STATES:
            raise RuleError(f"unexpected '{word}'")
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
        kind, text = self._take()
        if kind not in ("word", "quoted") or not text:
            raise RuleError("expected the name or ARN of an alarm")
        self.alarms[text] = None
        return text
