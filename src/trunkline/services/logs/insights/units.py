"""Periods: `5m`, `1 hour`'s worth in milliseconds, and AWS's caps on them."""

from __future__ import annotations

import re

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.lexer import Token

_NAMES = {
    "ms": ("ms", "msec", "millisecond"),
    "s": ("s", "sec", "second"),
    "m": ("m", "min", "minute"),
    "h": ("h", "hr", "hour"),
    "d": ("d", "day"),
    "w": ("w", "week"),
    "mo": ("mo", "mon", "month"),
    "q": ("q", "qtr", "quarter"),
    "y": ("y", "yr", "year"),
}
_UNITS = {name: unit for unit, names in _NAMES.items() for name in names} | {
    f"{name}s": unit for unit, names in _NAMES.items() for name in names if len(name) > 1
}
MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
MONTHS = {"mo": 1, "q": 3, "y": 12}
CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
"""`bin(300s)` is `bin(60s)`: see the note on datetime functions in CWL_QuerySyntax-operations-functions."""


def period(token: Token) -> tree.Period:
    found = re.fullmatch(r"(\d+)([a-z]+)", token.text)
    if found is None or int(found[1]) == 0 or len(found[1]) > 9:
        raise MalformedQuery(f"{token.text} is no period", token.start, token.end)
    return tree.Period(int(found[1]), _UNITS[found[2]])


def milliseconds(period: tree.Period) -> int:
    """How long it is; a month counts 30 days here."""
    return period.count * (MS.get(period.unit) or MONTHS[period.unit] * 30 * MS["d"])


def span_ms(text: str) -> int:
    """How long `15m` is."""
    return milliseconds(period(Token("duration", text, 0, len(text))))
