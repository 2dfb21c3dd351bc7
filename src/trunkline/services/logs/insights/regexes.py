"""Regular expressions of queries, for RE2: linear in the text whatever they are, so that none explodes."""

from __future__ import annotations

import re

from trunkline.services.logs.insights.errors import MalformedQuery

_GROUP = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\((\?(?:P?<([A-Za-z_]\w*)>|[:imsU-]|P?[<=!]))?", re.DOTALL)
_UNKNOWN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(\(\?(?:=|!|<=|<!|>))", re.DOTALL)
MAX_LENGTH = 2000


def group_names(pattern: str, start: int = 0) -> tuple[tuple[str, ...], int]:
    """The names of the capture groups, and how many groups capture at all."""
    check(pattern, start)
    names, captures = [], 0
    for found in _GROUP.finditer(pattern):
        if not found[0].startswith("("):
            continue
        if found[2]:
            names.append(found[2])
        captures += 1 if found[1] is None or found[2] else 0
    return tuple(names), captures


def capturing(pattern: str, named_only: bool) -> str:
    """The pattern in RE2's own words: names dropped, and, when only named groups count, the others made silent."""

    def group(found: re.Match[str]) -> str:
        if found[0].startswith("(") and found[2]:
            return "("
        return "(?:" if named_only and found[0] == "(" else found[0]

    return unescaped(_GROUP.sub(group, pattern))


def unescaped(pattern: str) -> str:
    """Without the escapes of slashes that the query's syntax needs."""
    return pattern.replace("\\/", "/")


def check(pattern: str, start: int = 0) -> None:
    """Refuse early what RE2 would refuse while the query runs."""
    end = start + len(pattern) + 2
    if len(pattern) > MAX_LENGTH:
        raise MalformedQuery(f"a regular expression has at most {MAX_LENGTH} characters", start, end)
    if any(found[1] for found in _UNKNOWN.finditer(pattern)):
        raise MalformedQuery("look-around is not supported in regular expressions", start, end)
    try:
        re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", _python(pattern)))
    except (re.error, OverflowError, RecursionError) as error:
        raise MalformedQuery(f"invalid regular expression: {error}", start, end) from None


def _python(pattern: str) -> str:
    """Near enough for Python's parser: what only RE2 knows is left out."""
    return re.sub(r"\\[pP](?:\{[^}]*\}|[A-Z])|\\[zQEC]|\[:\^?\w+:\]|\(\?[imsU]+\)", "a", pattern)
