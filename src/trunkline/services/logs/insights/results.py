"""Rows of an answer as AWS shows them: every value is text, missing fields are left out, events have a pointer."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from trunkline.services.logs.insights.compiler import Compiled

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"<(Date|UUID|IPv4|Hex|Number)>")
_DECIMALS = 4
Row = list[dict[str, str]]


def rows(compiled: Compiled, found: Iterable[Sequence[object]], pointer: Callable[..., str]) -> list[Row]:
    """`pointer(group, time, slice, batch, place)` gives the text that stands for an event."""
    count = len(compiled.columns)
    shown: list[Row] = []
    for row in found:
        cells = [
            {"field": name, "value": formatted(value, kind, name)}
            for (name, kind), value in zip(compiled.columns, row[:count], strict=True)
            if value is not None
        ]
        if compiled.has_events and row[count] is not None:
            cells.append({"field": "@ptr", "value": pointer(*row[count : count + 5])})
        shown.append(cells)
    return shown


def formatted(value: object, kind: str, name: str = "") -> str:
    if kind == "time":
        return timestamp(int(str(value)))
    if kind == "number":
        return number(float(str(value)))
    if kind == "flag":
        return "1" if value else "0"
    return _numbered(str(value)) if name == "@pattern" else str(value)


def timestamp(ms: int) -> str:
    try:
        moment = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return str(ms)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def number(value: float) -> str:
    """Whole numbers as such, others to four decimals."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e18:
        return str(int(value))
    rounded = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return rounded if rounded not in ("0", "-0") else f"{value:.{_DECIMALS}g}"


def _numbered(pattern: str) -> str:
    """Tokens with their place in the pattern: `<Number-2>`."""
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"<{found[1]}-{count}>"

    return _TOKEN.sub(place, pattern)
