"""What all forms of filter patterns have in common: quoted strings, regular expressions, wildcards and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

from trunkline.services.logs.pattern.linear import Regex, TooLarge

Test = Callable[[str], bool]

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
# AWS's list of what a regular expression may hold. It has no groups, so nested repetition cannot be written.
_REGEX = re.compile(r"(?:[A-Za-z0-9:_#=@/;,\- ^$?\[\]{}|*+.]|\\[\x20-\x7e])+")

STRING = r'"(?:[^"\\]|\\.)*"'
REGEX = r"%(?:[^%\\]|\\.)+%"
MAX_REGEXES = 2
"""How many regular expressions a JSON or space-delimited pattern may hold."""


class InvalidPattern(Exception):
    """The text is not a filter pattern."""


def unquote(text: str) -> str:
    """The content of a quoted string, in which a backslash stands before a quote or another backslash."""
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])


def number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def regex(text: str) -> Test:
    """Whether what stands between two percent signs is found in a text."""
    body = text[1:-1]
    if not _REGEX.fullmatch(body):
        raise InvalidPattern(f"Invalid regular expression {text}: it holds characters that are not supported")
    try:
        return Regex(body).found_in
    except re.error as error:
        raise InvalidPattern(f"Invalid regular expression {text}: {error}") from error
    except TooLarge:
        raise InvalidPattern(f"Invalid regular expression {text}: it is too complex") from None


def text_test(value: str) -> Test:
    """Equality with a text in which an asterisk at the start or the end stands for anything (elsewhere for itself)."""
    starts, ends = value.startswith("*"), len(value) > 1 and value.endswith("*")
    core = value[starts : len(value) - ends]
    if not core and (starts or ends):
        return lambda text: True
    if starts and ends:
        return lambda text: core in text
    if starts:
        return lambda text: text.endswith(core)
    if ends:
        return lambda text: text.startswith(core)
    return lambda text: text == core
