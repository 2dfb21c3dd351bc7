"""What an objective counts: read SliConfig and RequestBasedSliConfig into the metrics that stand behind them."""

from __future__ import annotations

from typing import Any

from trunkline.aws.errors import AwsError, Refused

Doc = dict[str, Any]

_NAMESPACE = "ApplicationSignals"
_MOST_QUERIES = 20
_REFUSED = {
    "DependencyConfig": "objectives on dependencies",
    "CompositeSliConfig": "composite indicators",
    "MetricSource": "metric sources other than services",
}


def by_periods(config: Doc) -> tuple[Doc, float, str]:
    """The metric as SliMetric shows it, the threshold and the comparison."""
    given = config["SliMetricConfig"]
    _check_supported(given)
    threshold, comparison = config.get("MetricThreshold"), config.get("ComparisonOperator")
    if threshold is None or comparison is None:
        raise invalid("MetricThreshold and ComparisonOperator are required in SliConfig.")
    if "KeyAttributes" in given:
        return _shown(given, {"MetricDataQueries": _of_service(given)}), threshold, comparison
    if "MetricDataQueries" in given:
        return {"MetricDataQueries": _checked(given["MetricDataQueries"], "SliMetricConfig")}, threshold, comparison
    raise invalid("SliMetricConfig must have MetricDataQueries, or KeyAttributes with MetricType.")


def by_requests(config: Doc) -> tuple[Doc, float | None, str | None]:
    """As `by_periods`; the metric is RequestBasedSliMetric's."""
    given = config["RequestBasedSliMetricConfig"]
    _check_supported(given)
    threshold, comparison = config.get("MetricThreshold"), config.get("ComparisonOperator")
    if "KeyAttributes" in given:
        return _shown(given, _requests_of_service(given, threshold, comparison)), threshold, comparison
    monitored = given.get("MonitoredRequestCountMetric", {})
    if "TotalRequestCountMetric" not in given or len(monitored) != 1:
        raise invalid(
            "RequestBasedSliMetricConfig must have TotalRequestCountMetric, and in MonitoredRequestCountMetric either"
            " GoodCountMetric or BadCountMetric."
        )
    [(counted, queries)] = monitored.items()
    total = _checked(given["TotalRequestCountMetric"], "TotalRequestCountMetric")
    checked = {counted: _checked(queries, counted)}
    return {"TotalRequestCountMetric": total, "MonitoredRequestCountMetric": checked}, threshold, comparison


def _check_supported(given: Doc) -> None:
    for member, what in _REFUSED.items():
        if member in given:
            raise Refused(f"Trunkline's Application Signals has no {what}: leave {member} out.")


def _checked(queries: list[Doc], member: str) -> list[Doc]:
    if not queries or len(queries) > _MOST_QUERIES:
        raise invalid(f"{member} must have between 1 and {_MOST_QUERIES} metric data queries.")
    if any(("Expression" in query) == ("MetricStat" in query) for query in queries):
        raise invalid(f"Each metric data query of {member} must have either Expression or MetricStat.")
    if len({query["Id"] for query in queries}) != len(queries):
        raise invalid(f"The Ids of {member} must be unique.")
    shown = [{**query, "ReturnData": query.get("ReturnData", len(queries) == 1)} for query in queries]
    if sum(query["ReturnData"] for query in shown) != 1:
        raise invalid(f"Exactly one metric data query of {member} must have ReturnData set to true.")
    return shown


def _shown(given: Doc, queries: Doc) -> Doc:
    named: Doc = {name: given[name] for name in ("KeyAttributes", "OperationName", "MetricType") if name in given}
    return {**named, **queries}


def _service_metric(given: Doc, name: str, stat: str, query_id: str, *, returned: bool) -> Doc:
    attributes = given["KeyAttributes"]
    if not {"Type", "Name", "Environment"} <= attributes.keys() or "MetricType" not in given:
        raise invalid("KeyAttributes must have Type, Name and Environment, and MetricType must be given.")
    dimensions = [
        {"Name": "Environment", "Value": attributes["Environment"]},
        {"Name": "Service", "Value": attributes["Name"]},
    ]
    if "OperationName" in given:
        dimensions.insert(1, {"Name": "Operation", "Value": given["OperationName"]})
    metric = {"Namespace": _NAMESPACE, "MetricName": name, "Dimensions": dimensions}
    stat_of = {"Metric": metric, "Period": given.get("PeriodSeconds", 60), "Stat": stat}
    return {"Id": query_id, "MetricStat": stat_of, "ReturnData": returned}


def _of_service(given: Doc) -> list[Doc]:
    if given.get("MetricType") == "LATENCY":
        return [_service_metric(given, "Latency", given.get("Statistic", "p99"), "latency", returned=True)]
    return [
        {"Id": "availability", "Expression": "(1 - faults / requests) * 100", "ReturnData": True},
        _service_metric(given, "Fault", "Sum", "faults", returned=False),
        _service_metric(given, "Fault", "SampleCount", "requests", returned=False),
    ]


def _requests_of_service(given: Doc, threshold: float | None, comparison: str | None) -> Doc:
    if given.get("MetricType") != "LATENCY":
        return {
            "TotalRequestCountMetric": [_service_metric(given, "Fault", "SampleCount", "total", returned=True)],
            "MonitoredRequestCountMetric": {
                "BadCountMetric": [_service_metric(given, "Fault", "Sum", "bad", returned=True)]
            },
        }
    if threshold is None or comparison is None or not comparison.startswith("LessThan"):
        raise invalid("An objective on the latency of requests needs a MetricThreshold that it is LessThan.")
    good = _service_metric(given, "Latency", f"TC(:{threshold:g})", "good", returned=True)
    return {
        "TotalRequestCountMetric": [_service_metric(given, "Latency", "SampleCount", "total", returned=True)],
        "MonitoredRequestCountMetric": {"GoodCountMetric": [good]},
    }


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
