"""Patterns over unstructured messages: terms that must, may or must not occur anywhere in the text.

ERROR            a message with this term           "access denied"   the exact phrase
ERROR timeout    with both                          ?ERROR ?WARN      with at least one
ERROR -EXITING   with one and without the other     %5\\d\\d%         what a regular expression finds
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from trunkline.services.logs.pattern.syntax import REGEX, STRING, InvalidPattern, Test, regex, unquote

_TERM = re.compile(rf'\s*([?-]?)({STRING}|{REGEX}|[^\s"%]+)(?=\s|$)')


class Terms:
    def __init__(self, text: str) -> None:
        found: dict[str, list[Test]] = {"": [], "?": [], "-": []}
        at = 0
        while at < len(text):
            match = _TERM.match(text, at)
            if match is None:
                raise InvalidPattern(f"Invalid character(s) in term '{text[at:].strip()}'")
            found[match[1]].append(_test(match[2]))
            at = match.end()
        self._all, self._any, self._none = found[""], found["?"], found["-"]
        if self._all or self._none:
            self._any = []  # AWS ignores optional terms beside others

    def matches(self, message: str) -> bool:
        if not all(test(message) for test in self._all) or any(test(message) for test in self._none):
            return False
        return not self._any or any(test(message) for test in self._any)

    def extract(self, message: str) -> Mapping[str, str]:
        return {}

    def value(self, message: str, reference: str) -> str | None:
        return None


def _test(term: str) -> Test:
    if term.startswith("%"):
        return regex(term)
    if term.startswith('"'):
        phrase = unquote(term)
    elif all(char.isalnum() or char == "_" for char in term):
        phrase = term
    else:
        raise InvalidPattern(f"Invalid character(s) in term '{term}'")
    return lambda message: phrase in message
