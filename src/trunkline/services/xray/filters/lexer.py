"""The tokens of a filter expression."""

from __future__ import annotations

import re
from typing import NamedTuple

import orjson

from trunkline.services.xray.filters.syntax import BadFilter

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<json>\#)
  | (?P<annotation>annotation\s*\[[^\]]*\])
  | (?P<word>[^\W\d][\w.\-/]*)
  | (?P<sign>!=|<=|>=|[=<>!(){},:\[\]])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_SPACE = re.compile(r"\s*")


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFilter(f"Unexpected character at position {_SPACE.match(text, at).end()}.")  # type: ignore[union-attr]
        kind = match.lastgroup or ""
        start = match.start(kind)
        at = match.end()
        value = match[kind]
        if kind == "string":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elif kind == "json":
            at = _end_of_json(text, at)
            value = text[start + 1 : at]
        elif kind == "annotation":
            value = value[value.index("[") + 1 : -1].strip().strip("\"'")
        found.append(Token(kind, value, start))
    return found


def _end_of_json(text: str, at: int) -> int:
    """Where the JSON value that begins at `at` ends: strings in it may hold brackets."""
    depth = 0
    for match in re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]').finditer(text, at):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth <= 0:
            try:
                orjson.loads(text[at : match.end()])
            except orjson.JSONDecodeError:
                break
            return match.end()
    raise BadFilter(f"The JSON at position {at} cannot be read.")
