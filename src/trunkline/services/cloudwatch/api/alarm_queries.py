"""The Metrics of an alarm: one metric, or metrics and expressions of which exactly one is watched."""

from __future__ import annotations

import re

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc
from trunkline.services.cloudwatch import metric_math, metrics_insights
from trunkline.services.cloudwatch.api.context import invalid
from trunkline.services.cloudwatch.api.queries import check_queries
from trunkline.services.cloudwatch.expressions import ExpressionError
from trunkline.services.cloudwatch.model import is_query
from trunkline.services.cloudwatch.statistics import UnknownStatistic, parse

_MOST_METRICS = 10


def watched(call: Call, queries: list[Doc], threshold_id: str | None) -> tuple[str, Doc]:
    """The id of the query that is watched, and its MetricStat (of nothing for expressions and for anomalies).

    `threshold_id`: the query that returns what is normal, beside the one that is watched.
    """
    check_queries(call, queries, "Metrics")
    returning = [query for query in queries if query.get("ReturnData", True)]
    if threshold_id is None and len(returning) != 1:
        raise invalid("Exactly one element of the metrics list should return data.")
    if threshold_id is not None:
        if not any(query["Id"] == threshold_id for query in returning):
            raise invalid("Metrics list must contain exactly one metric matching the ThresholdMetricId parameter")
        if len(returning) != 2:
            raise invalid("Exactly two elements of the metrics list should return data.")
    [query] = [query for query in returning if query["Id"] != threshold_id]
    metrics = metric_math.metric_queries(queries)
    for one in metrics:
        _check_metric(one["MetricStat"])
    if len(metrics) > _MOST_METRICS:
        raise invalid(f"The metrics list must not hold more than {_MOST_METRICS} metrics.")
    if threshold_id is not None:
        [band] = [query for query in returning if query["Id"] == threshold_id]
        return query["Id"], {"Metric": {}, "Stat": "", "Period": _band_period(queries, query, band)}
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


def _band_period(queries: list[Doc], watched: Doc, band: Doc) -> int:
    if not re.match(r"\s*ANOMALY_DETECTION_BAND\s*\(", band.get("Expression", "")):
        raise invalid("The metric matching the ThresholdMetricId parameter must be an ANOMALY_DETECTION_BAND.")
    try:
        metric_math.result(metric_math.empty_sheet(queries), band)
    except metric_math.BadExpression as error:
        raise invalid(str(error)) from None
    return int(watched["MetricStat"]["Period"]) if "MetricStat" in watched else _expression_period(queries, watched)


def _select_period(queries: list[Doc], query: Doc) -> int:
    """Of a Metrics Insights query, which must stand alone and give one time series."""
    if len(queries) != 1:
        raise Refused("Trunkline's alarms on Metrics Insights watch the query itself: leave the other metrics out.")
    if "Period" not in query:
        raise invalid("Period must not be null")
    try:
        asked = metrics_insights.parse(query["Expression"])
    except ExpressionError as error:
        raise invalid(f"Error in expression '{query['Id']}' [{error}]") from None
    if asked.groups:
        raise Refused("Trunkline's alarms have no contributors: leave GROUP BY out, or make an alarm for each group.")
    return int(query["Period"])


def _expression_period(queries: list[Doc], query: Doc) -> int:
    if any(is_query(one.get("Expression", "")) for one in queries):
        return _select_period(queries, query)
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
