"""Datetime functions. Times are milliseconds in UTC; weeks begin on Monday, months and longer follow the calendar."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions.registry import Arguments, function
from trunkline.services.logs.insights.relation import Relation
from trunkline.services.logs.insights.units import CAPS, MONTHS, MS
from trunkline.services.logs.insights.values import Value, number, text, time

_FIRST_MONDAY_MS = 345_600_000
_JAVA = {
    "yyyy": "%Y", "uuuu": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d",
    "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "ss": "%S", "SSSSSS": "%f", "SSS": "%g", "a": "%p",
    "EEEE": "%A", "EEE": "%a", "E": "%a", "Z": "%z", "XXX": "%z", "XX": "%z", "X": "%z", "z": "%Z",
}  # fmt: skip
_JAVA_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*")


def floor(relation: Relation, moment: str, period: tree.Period) -> str:
    """SQL of the beginning of the period in which a time lies."""
    count = min(period.count, CAPS.get(period.unit, period.count))
    if period.unit in MS:
        size = count * MS[period.unit]
        shift = _FIRST_MONDAY_MS if period.unit == "w" else 0
        return f"(({moment} - {shift}) // {size} * {size} + {shift})"
    months = count * MONTHS[period.unit]
    stamp = relation.once(Value(f"make_timestamp_ms({moment})", "time")).sql
    since = f"((year({stamp}) - 1970) * 12 + month({stamp}) - 1)"
    return f"epoch_ms(TIMESTAMP '1970-01-01' + to_months(CAST({since} // {months} * {months} AS INTEGER)))"


def _ceiling(relation: Relation, moment: str, period: tree.Period) -> str:
    count = min(period.count, CAPS.get(period.unit, period.count))
    if period.unit in MS:
        return floor(relation, f"({moment} + {count * MS[period.unit] - 1})", period)
    begin = floor(relation, f"({moment} - 1)", period)
    return f"epoch_ms(make_timestamp_ms({begin}) + to_months({count * MONTHS[period.unit]}))"


def _bin(of: Arguments) -> Value:
    relation = of.translator.relation
    if len(of) == 2:
        return time(floor(relation, of[0].time, of.period(1)))
    stamp = relation.field(("@timestamp",))
    if stamp is None:
        raise MalformedQuery("bin needs @timestamp, which is not among the results of stats")
    return time(floor(relation, stamp.time, of.period(0)))


def _zone(of: Arguments, index: int) -> str | None:
    if len(of) <= index:
        return None
    name = of.constant(index)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MalformedQuery(f"unknown time zone {name}") from None
    return of.statement.add(name)


def _format(of: Arguments) -> Value:
    zone, stamp = _zone(of, 2), f"make_timestamp_ms({of[0].time})"
    if zone is not None:
        stamp = f"timezone({zone}, timezone('UTC', {stamp}))"
    return text(f"strftime({stamp}, {of.statement.add(_strftime(of.constant(1)))})")


def _strftime(pattern: str) -> str:
    for found in re.finditer(r"%(-?.?)", pattern):
        if found[1] not in {*"aAwdbBmyYHIpMSgfzZjUWcxXGuVns%", "-d", "-m", "-y", "-H", "-I", "-M", "-S", "-j"}:
            raise MalformedQuery(f"invalid date format: {found[0]}")
    return pattern


def _parse(of: Arguments) -> Value:
    pattern, given, zone = _from_java(of.constant(1)), of[0].text, _zone(of, 2)
    if "%z" in pattern:
        given = f"regexp_replace({given}, 'Z$', '+00:00')"
    stamp = f"try_strptime({given}, {of.statement.add(pattern)})"
    if zone is not None:
        stamp = f"timezone({zone}, CAST({stamp} AS TIMESTAMP))"
    return number(f"CAST(epoch_ms({stamp}) AS DOUBLE)")


def _from_java(pattern: str) -> str:
    def part(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1].replace("''", "'") or "'"
        if found[0] not in _JAVA:
            raise MalformedQuery(f"invalid date format: {found[0]}")
        return _JAVA[found[0]]

    return _JAVA_PART.sub(part, pattern.replace("%", "%%"))


FUNCTIONS = {
    "bin": function(_bin, 1, 2),
    "datefloor": function(lambda of: time(floor(of.translator.relation, of[0].time, of.period(1))), 2),
    "dateceil": function(lambda of: time(_ceiling(of.translator.relation, of[0].time, of.period(1))), 2),
    "frommillis": function(lambda of: time(f"TRY_CAST({of[0].number} AS BIGINT)"), 1),
    "tomillis": function(lambda of: number(of[0].number), 1),
    "now": function(lambda of: number(f"CAST({int(of.statement.now_s)} AS DOUBLE)"), 0),
    "formatdate": function(_format, 2, 3),
    "strftime": function(_format, 2, 3),
    "parsedate": function(_parse, 2, 3),
}
