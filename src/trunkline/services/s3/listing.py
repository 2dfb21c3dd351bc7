"""Walking keys in order with a prefix, a delimiter and a limit: what every listing of S3 has in common.

Keys are ordered by their UTF-8 bytes, as SQLite compares text. Below a common prefix nothing is read: the walk goes on
behind it, so a "folder" of a million keys costs one row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from trunkline.core.db import Row

Fetch = Callable[[str, str | None, int], Sequence[Row]]
"""(start, end, limit) -> rows with start <= key < end."""

_LAST_BEFORE_SURROGATES, _FIRST_BEHIND = 0xD7FF, 0xE000


@dataclass(slots=True)
class Listing:
    """One page. `last` is the key or common prefix it ends with; `truncated`: there is more behind it."""

    rows: list[Row] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""


def walk(fetch: Fetch, *, prefix: str, delimiter: str, start: str, limit: int) -> Listing:
    """The first `limit` keys and common prefixes at or behind `start`."""
    page = Listing()
    if limit == 0:
        return page
    end = successor(prefix) if prefix else None
    start = max(start, prefix)
    while True:
        wanted = limit - len(page.rows) - len(page.prefixes) + 1
        rows = fetch(start, end, wanted)
        jumped = False
        for row in rows:
            key: str = row["key"]
            if len(page.rows) + len(page.prefixes) == limit:
                page.truncated = True
                return page
            common = common_prefix(key, prefix, delimiter)
            if common is None:
                page.rows.append(row)
                page.last = key
                continue
            page.prefixes.append(common)
            page.last = common
            start = successor(common)
            jumped = True
            break
        if not jumped or (end is not None and start >= end):
            return page


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """The part of `key` up to the delimiter behind the prefix; None where there is no delimiter."""
    if not delimiter:
        return None
    at = key.find(delimiter, len(prefix))
    return None if at < 0 else key[: at + len(delimiter)]


def is_common(marker: str, prefix: str, delimiter: str) -> bool:
    """Whether a page ended with this common prefix: the keys below it were told of already."""
    return bool(marker) and common_prefix(marker, prefix, delimiter) == marker


def successor(text: str) -> str:
    """The first text that is ordered behind every text that begins with `text`."""
    while text:
        code = ord(text[-1])
        if code < 0x10FFFF:
            return text[:-1] + chr(_FIRST_BEHIND if code == _LAST_BEFORE_SURROGATES else code + 1)
        text = text[:-1]
    raise ValueError("nothing is ordered behind the last character repeated")


def behind(key: str) -> str:
    """The first text ordered behind exactly `key`."""
    return key + "\0"


def encoder(encoding: str | None) -> Callable[[str], str]:
    """How keys are written in the answer: as they are, or percent-encoded when the client asked for it."""
    return _url if encoding == "url" else _as_is


def _as_is(text: str) -> str:
    return text


def _url(text: str) -> str:
    return quote(text, safe="/*-._")


def clean(answer: dict[str, Any]) -> dict[str, Any]:
    """Without the members that were not given."""
    return {name: value for name, value in answer.items() if value is not None and value != ""}
