"""Which functions there are: a call's arguments are evaluated and checked, and given to the function of that name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from trunkline.services.cloudwatch.expressions import arrays, choices, pointwise, reductions
from trunkline.services.cloudwatch.expressions.errors import ExpressionError, UnsupportedFunction
from trunkline.services.cloudwatch.expressions.finder import Finder
from trunkline.services.cloudwatch.expressions.series import Array, Series, Value, Window, over, type_name
from trunkline.services.cloudwatch.expressions.syntax import Node, Reference, Text, Word

REFUSED = {
    "DB_PERF_INSIGHTS": "there are no databases with Performance Insights",
    "LAMBDA": "there are no data source connectors",
    "SERVICE_QUOTA": "there are no service quotas; compare with a number",
}


class Evaluation(Protocol):
    """What a function needs of the request it stands in."""

    metrics: Mapping[str, Series]
    window: Window

    @property
    def finder(self) -> Finder: ...

    @property
    def period_s(self) -> int: ...

    def band(self, query_id: str, width: float) -> Array: ...

    def evaluate(self, node: Node) -> Value: ...


def call(sheet: Evaluation, name: str, arguments: tuple[Node, ...]) -> Value:
    if name in REFUSED:
        raise UnsupportedFunction(name, REFUSED[name])
    if name in _SPECIAL:
        return _SPECIAL[name](sheet, arguments)
    if name not in _OF_SERIES and name not in reductions.REDUCTIONS:
        raise ExpressionError(f"unknown function '{name}'; functions are written in uppercase letters")
    if len(arguments) != 1:
        raise ExpressionError(f"{name} takes one argument, not {len(arguments)}")
    value = sheet.evaluate(arguments[0])
    if name in reductions.REDUCTIONS:
        if isinstance(value, float):
            raise _mistyped(name, value)
        return reductions.reduce(name, value) if value else Series(sheet.window)  # of no series: no points
    if isinstance(value, float):
        if name in pointwise.OF_NUMBERS:
            return pointwise.number(name, value)
        raise _mistyped(name, value)
    return over(value, _OF_SERIES[name])


_OF_SERIES: dict[str, Callable[[Series], Series]] = {**pointwise.OF_SERIES, **pointwise.DATES}


def _mistyped(name: str, value: Value) -> ExpressionError:
    return ExpressionError(f"Unsupported argument type for {name}: '{type_name(value)}'")


def _counted(name: str, arguments: tuple[Node, ...], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ExpressionError(f"{name} takes {wanted} arguments, not {len(arguments)}")


def _array(sheet: Evaluation, name: str, node: Node) -> Array:
    value = sheet.evaluate(node)
    if not isinstance(value, list):
        raise _mistyped(name, value)
    return value


def _number(sheet: Evaluation, name: str, node: Node) -> float:
    value = sheet.evaluate(node)
    if not isinstance(value, float):
        raise _mistyped(name, value)
    return value


def _band(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("ANOMALY_DETECTION_BAND", arguments, 1, 2)
    node = arguments[0]
    if not isinstance(node, Reference):
        raise ExpressionError("ANOMALY_DETECTION_BAND takes the id of a metric or of an expression")
    width = _number(sheet, "ANOMALY_DETECTION_BAND", arguments[1]) if len(arguments) == 2 else 2.0
    if not width > 0:
        raise ExpressionError("the second argument of ANOMALY_DETECTION_BAND must be greater than 0")
    return sheet.band(node.id, width)


def _metrics(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("METRICS", arguments, 0, 1)
    metrics = sheet.metrics
    if not arguments:
        return list(metrics.values())
    if not isinstance(arguments[0], Text):
        raise ExpressionError("METRICS takes a string, in quotes")
    part = arguments[0].value
    return [series for query_id, series in metrics.items() if part in query_id]


def _period(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("PERIOD", arguments, 1, 1)
    [node] = arguments
    metrics = sheet.metrics
    if not isinstance(node, Reference) or node.id not in metrics:
        raise ExpressionError("PERIOD takes a metric, not the result of an expression")
    return float(metrics[node.id].window.period_s)


def _time_series(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("TIME_SERIES", arguments, 1, 1)
    value = _number(sheet, "TIME_SERIES", arguments[0])
    return Series(sheet.window).dense(lambda at: value)


def _fill(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("FILL", arguments, 2, 2)
    value, how = sheet.evaluate(arguments[0]), arguments[1]
    if isinstance(value, float):
        raise _mistyped("FILL", value)
    if isinstance(how, Word):
        if how.value not in {"REPEAT", "LINEAR"}:
            raise ExpressionError(f"FILL takes a value, REPEAT or LINEAR, not {how.value}")
        return over(value, choices.repeat if how.value == "REPEAT" else choices.linear)
    filler = sheet.evaluate(how)
    if isinstance(filler, list):
        raise _mistyped("FILL", filler)
    return over(value, lambda series: choices.fill(series, filler))


def _if(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("IF", arguments, 2, 3)
    values = [sheet.evaluate(node) for node in arguments]
    for value in values:
        if isinstance(value, list):
            raise _mistyped("IF", value)
    return choices.choose(*values)  # type: ignore[arg-type]


def _end(name: str, at: int) -> Callable[[Evaluation, tuple[Node, ...]], Value]:
    def pick(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
        _counted(name, arguments, 1, 1)
        found = _array(sheet, name, arguments[0])
        return found[at] if found else Series(sheet.window)

    return pick


def _metric_count(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("METRIC_COUNT", arguments, 1, 1)
    return float(len(_array(sheet, "METRIC_COUNT", arguments[0])))


def _remove_empty(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("REMOVE_EMPTY", arguments, 1, 1)
    return [series for series in _array(sheet, "REMOVE_EMPTY", arguments[0]) if series.points]


def _search(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("SEARCH", arguments, 2, 3)
    text, statistic = (node.value if isinstance(node, Text) else None for node in arguments[:2])
    if text is None or statistic is None:
        raise ExpressionError("SEARCH takes a search and a statistic, each in quotes")
    period_s = _number(sheet, "SEARCH", arguments[2]) if len(arguments) == 3 else sheet.period_s
    return sheet.finder.search(text, statistic, int(period_s))


def _insight(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("INSIGHT_RULE_METRIC", arguments, 2, 2)
    rule, metric = (node.value if isinstance(node, Text | Word) else None for node in arguments)
    if rule is None or metric is None:
        raise ExpressionError("INSIGHT_RULE_METRIC takes the name of a rule and of a metric, each in quotes")
    return sheet.finder.insight(rule, metric)


def _slice(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("SLICE", arguments, 2, 3)
    bounds = [_number(sheet, "SLICE", node) for node in arguments[1:]]
    return arrays.part(_array(sheet, "SLICE", arguments[0]), *bounds)


def _sort(sheet: Evaluation, arguments: tuple[Node, ...]) -> Value:
    _counted("SORT", arguments, 3, 4)
    by, order = (node.value if isinstance(node, Word) else "" for node in arguments[1:3])
    limit = _number(sheet, "SORT", arguments[3]) if len(arguments) == 4 else None
    return arrays.ordered(_array(sheet, "SORT", arguments[0]), by, order, limit)


_SPECIAL: dict[str, Callable[[Evaluation, tuple[Node, ...]], Value]] = {
    "ANOMALY_DETECTION_BAND": _band,
    "FILL": _fill,
    "FIRST": _end("FIRST", 0),
    "IF": _if,
    "INSIGHT_RULE_METRIC": _insight,
    "LAST": _end("LAST", -1),
    "METRICS": _metrics,
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "REMOVE_EMPTY": _remove_empty,
    "SEARCH": _search,
    "SLICE": _slice,
    "SORT": _sort,
    "TIME_SERIES": _time_series,
}
