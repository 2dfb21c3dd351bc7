"""The functions of stats.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-timeseries-functions.html
"""

from __future__ import annotations

from collections.abc import Callable

from trunkline.services.logs.insights import ordering, tree
from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions.registry import Arguments, Function, function
from trunkline.services.logs.insights.units import milliseconds
from trunkline.services.logs.insights.values import Value, number, text


def _count(of: Arguments) -> Value:
    if len(of) == 0 or isinstance(of.call.arguments[0], tree.Star):
        return number("CAST(count(*) AS DOUBLE)")
    return number(f"CAST(count({of[0].sql}) AS DOUBLE)")


def _extreme(name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        value = of.once(0)
        if value.kind != "any":
            return number(f"{name}({value.number})")
        as_number = Value(f"{name}({value.number})", "number")
        return text(f"coalesce({as_number.text}, {name}({value.sql}))")

    return build


def _percentile(of: Arguments) -> Value:
    percent = of.call.arguments[1]
    if not (isinstance(percent, tree.Literal) and isinstance(percent.value, float) and 0 <= percent.value <= 100):
        raise MalformedQuery("pct takes a percentage from 0 to 100")
    return number(f"quantile_cont({of[0].number}, {percent.value / 100!r})")


def _moment(of: Arguments) -> str:
    stamp = of.translator.relation.field(("@timestamp",))
    if stamp is None:
        raise MalformedQuery(f"{of.call.written} needs @timestamp, which is not among the results of stats")
    if of.translator.relation.events and stamp.sql == "time_ms":
        return "row(time_ms, slice_start_s, batch, place)"
    return stamp.time


def _by_time(name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        value = of[0]
        kind = "number" if value.kind in ("time", "flag") else value.kind
        return Value(f"{name}({value.number if kind == 'number' else value.sql}, {_moment(of)})", kind)

    return build


def _by_order(name: str) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        value = of.once(0)
        return Value(f"{name}({value.sql}, {ordering.single(value)})", value.kind)

    return build


def _rate(of: Arguments) -> Value:
    """How much the field grew from the first to the last event, for each period between them."""
    value, per = of.once(0).number, milliseconds(of.period(1))
    stamp = of.translator.relation.value(("@timestamp",)).time
    grown = f"(arg_max({value}, {stamp}) - arg_min({value}, {stamp}))"
    return number(f"coalesce({grown} / nullif(max({stamp}) - min({stamp}), 0) * {per}, 0)")


def _values(of: Arguments) -> Value:
    value = of.text_once(0)
    every = f"list_sort(list(DISTINCT {value}) FILTER (WHERE {value} IS NOT NULL))"
    return Value(f"CAST(to_json({every}) AS VARCHAR)", "json")


AGGREGATES: dict[str, Function] = {
    "count": function(_count, 0, 1),
    "countovertime": function(_count, 0, 1),
    "countdistinct": function(lambda of: number(f"CAST(count(DISTINCT {of[0].sql}) AS DOUBLE)"), 1),
    "sum": function(lambda of: number(f"sum({of[0].number})"), 1),
    "sumovertime": function(lambda of: number(f"sum({of[0].number})"), 1),
    "avg": function(lambda of: number(f"avg({of[0].number})"), 1),
    "min": function(_extreme("min"), 1),
    "max": function(_extreme("max"), 1),
    "pct": function(_percentile, 2),
    "median": function(lambda of: number(f"median({of[0].number})"), 1),
    "stddev": function(lambda of: number(f"stddev_samp({of[0].number})"), 1),
    "earliest": function(_by_time("arg_min"), 1),
    "latest": function(_by_time("arg_max"), 1),
    "sortsfirst": function(_by_order("arg_min"), 1),
    "sortslast": function(_by_order("arg_max"), 1),
    "values": function(_values, 1),
    "rate": function(_rate, 2),
}
