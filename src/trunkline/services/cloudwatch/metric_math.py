"""Metric math in queries: which of them are metrics, which are expressions, and whether they make sense together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline.aws.errors import Refused
from trunkline.aws.service import Doc
from trunkline.services.cloudwatch.expressions import (
    BandOf,
    ExpressionError,
    Finder,
    Series,
    Sheet,
    UnsupportedFunction,
    Window,
)

DEFAULT_PERIOD_S = 300


class BadExpression(Exception):
    """An expression that makes no sense, in AWS's words."""


def metric_queries(queries: Sequence[Doc]) -> list[Doc]:
    return [query for query in queries if "MetricStat" in query]


def period_s(queries: Sequence[Doc]) -> int:
    """The period of what the expressions make from nothing but numbers: the coarsest in the request."""
    periods = [query["MetricStat"]["Period"] for query in metric_queries(queries)]
    periods = periods or [query["Period"] for query in queries if "Period" in query]
    return max(periods, default=DEFAULT_PERIOD_S)


def label(query: Doc) -> str:
    """What a metric is called in results."""
    return str(query.get("Label") or query["MetricStat"]["Metric"].get("MetricName", ""))


def sheet(
    queries: Sequence[Doc],
    series: Mapping[str, Series],
    window: Window,
    finder: Finder | None = None,
    bands: Mapping[str, BandOf] | None = None,
) -> Sheet:
    expressions = {query["Id"]: query["Expression"] for query in queries if "Expression" in query}
    periods = {query["Id"]: query["Period"] for query in queries if "Period" in query}
    return Sheet(series, expressions, window, finder, bands, periods)


def empty_sheet(queries: Sequence[Doc]) -> Sheet:
    """A request without data: good to find out what kind of result each expression has."""
    series = {
        query["Id"]: Series(Window(0, 0, query["MetricStat"]["Period"]), label=label(query))
        for query in metric_queries(queries)
    }
    return sheet(queries, series, Window(0, 0, period_s(queries)))


def result(of: Sheet, query: Doc) -> Series | list[Series]:
    """The result of an expression; BadExpression when it has none."""
    try:
        return of.result(query["Id"])
    except UnsupportedFunction as refused:
        raise Refused(f"Trunkline's metric math does not support {refused}.") from None
    except ExpressionError as error:
        raise BadExpression(f"Error in expression '{query['Id']}' [{error}]") from None
    except RecursionError:
        raise BadExpression(f"Error in expression '{query['Id']}' [it is nested too deeply]") from None
