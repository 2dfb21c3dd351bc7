"""The Metrics of an alarm: one metric, or metrics and expressions of which exactly one is watched."""

from __future__ import annotations

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc
from trunkline.services.cloudwatch import metric_math
from trunkline.services.cloudwatch.api.context import invalid
from trunkline.services.cloudwatch.api.queries import check_queries
from trunkline.services.cloudwatch.statistics import UnknownStatistic, parse

_MOST_METRICS = 10


def watched(call: Call, queries: list[Doc]) -> tuple[str, Doc]:
    """The id of the query that returns data, and what it watches, as a MetricStat (of nothing for an expression)."""
    check_queries(call, queries, "Metrics")
    returning = [query for query in queries if query.get("ReturnData", True)]
    if len(returning) != 1:
        raise invalid("Exactly one element of the metrics list should return data.")
    [query] = returning
    metrics = metric_math.metric_queries(queries)
    for one in metrics:
        _check_metric(one["MetricStat"])
    if len(metrics) > _MOST_METRICS:
        raise invalid(f"The metrics list must not hold more than {_MOST_METRICS} metrics.")
    if "MetricStat" in query:
        if len(queries) != 1:
            raise invalid("The metrics list must hold nothing but the metric when that is what returns data.")
        return query["Id"], query["MetricStat"]
    return query["Id"], {"Metric": {}, "Stat": "", "Period": _expression_period(queries, query)}


def _check_metric(stat: Doc) -> None:
    if not {"Namespace", "MetricName"} <= stat["Metric"].keys():
        raise invalid("A metric must have a namespace and a name.")
    try:
        parse(stat["Stat"])
    except UnknownStatistic:
        raise invalid(f"The value {stat['Stat']} for parameter Stat is not supported.") from None


def _expression_period(queries: list[Doc], query: Doc) -> int:
    if any("SEARCH" in one.get("Expression", "") for one in queries):
        raise invalid("SEARCH is not supported on Metric Alarms.")
    periods = {one["MetricStat"]["Period"] for one in metric_math.metric_queries(queries)}
    if len(periods) > 1:
        raise Refused("Trunkline does not mix periods in an alarm's expressions: give its metrics the same Period.")
    if not periods and "Period" not in query:
        raise invalid("Period must not be null")
    try:
        sheet = metric_math.empty_sheet(queries)
        found = metric_math.result(sheet, query)
        for other in queries:
            if "Expression" in other and other is not query:
                sheet.value(other["Id"])
    except metric_math.BadExpression as error:
        raise invalid(str(error)) from None
    if isinstance(found, list):
        raise invalid(f"Error in expression '{query['Id']}' [an alarm watches a single time series, not an array]")
    return periods.pop() if periods else int(query["Period"])
