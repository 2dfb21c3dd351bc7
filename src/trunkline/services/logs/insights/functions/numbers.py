"""Numeric functions. What has no result (the root of -1) is missing."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights.functions.registry import Arguments, function
from trunkline.services.logs.insights.values import Value, number

_EARTH_RADIUS_KM = 6371.0


def _extreme(name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        return number(f"{name}({', '.join(value.number for value in of.all())})")

    return build


def _root(of: Arguments) -> Value:
    value = of.once(0).number
    return number(f"CASE WHEN {value} >= 0 THEN sqrt({value}) END")


def _log(of: Arguments) -> Value:
    value = of.once(0).number
    return number(f"CASE WHEN {value} > 0 THEN ln({value}) END")


def _round(of: Arguments) -> Value:
    if len(of) == 1:
        return number(f"round({of[0].number})")
    return number(f"round({of[0].number}, TRY_CAST({of[1].number} AS INTEGER))")


def _haversine(of: Arguments) -> Value:
    lat1, lon1, lat2, lon2 = (f"radians({of.once(index).number})" for index in range(4))
    half = f"pow(sin(({lat2} - {lat1}) / 2), 2) + cos({lat1}) * cos({lat2}) * pow(sin(({lon2} - {lon1}) / 2), 2)"
    return number(f"2 * {_EARTH_RADIUS_KM} * asin(least(sqrt({half}), 1.0))")


def _whole(type_name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        return number(f"CAST(TRY_CAST(trunc({of[0].number}) AS {type_name}) AS DOUBLE)")

    return build


def _histogram(of: Arguments) -> Value:
    """The lower end of an interval of this width; AWS's page says number of buckets, AWS takes it as a width."""
    width = of.translator.relation.once(number(f"nullif({of[1].number}, 0)")).number
    return number(f"floor({of[0].number} / {width}) * {width}")


FUNCTIONS = {
    "abs": function(lambda of: number(f"abs({of[0].number})"), 1),
    "ceil": function(lambda of: number(f"ceil({of[0].number})"), 1),
    "floor": function(lambda of: number(f"floor({of[0].number})"), 1),
    "greatest": function(_extreme("greatest"), 1, None),
    "least": function(_extreme("least"), 1, None),
    "log": function(_log, 1),
    "round": function(_round, 1, 2),
    "histogram": function(_histogram, 2),
    "sqrt": function(_root, 1),
    "haversine": function(_haversine, 4),
    "tonumber": function(lambda of: number(of[0].number), 1),
    "todouble": function(lambda of: number(of[0].number), 1),
    "toint": function(_whole("INTEGER"), 1),
    "tolong": function(_whole("BIGINT"), 1),
}
