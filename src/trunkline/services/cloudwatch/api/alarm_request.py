"""Read a PutMetricAlarm request: the alarm it describes, or why there can be none."""

from __future__ import annotations

from typing import Any

from trunkline.aws.alarms import BANDS, TREATMENTS
from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc
from trunkline.services.cloudwatch.api.alarm_queries import watched
from trunkline.services.cloudwatch.api.alarm_tags import given
from trunkline.services.cloudwatch.api.context import invalid
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.model import MetricAlarm
from trunkline.services.cloudwatch.statistics import UnknownStatistic, parse

_DAY_S = 86_400
_SINGLE = ("Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")


def alarm_of(call: Call, req: Doc, now_ms: int) -> MetricAlarm:
    for member in ("EvaluationCriteria", "EvaluationInterval"):
        if member in req:
            raise Refused(f"Trunkline does not support PromQL alarms ({member}): use a metric or metric math.")
    if any(kind != "Sliding" for kind in req.get("EvaluationWindow", {})):
        raise Refused("Trunkline evaluates alarms over a sliding window: leave EvaluationWindow out.")
    query_id, stat = _metric_stat(call, req)
    named = stat["Metric"]
    dimensions = named.get("Dimensions", [])
    metric(call.account, call.region, named.get("Namespace", ""), named.get("MetricName", ""), dimensions)
    alarm = MetricAlarm(
        call.account,
        call.region,
        req["AlarmName"],
        req.get("AlarmDescription"),
        req.get("ActionsEnabled", True),
        req.get("OKActions", []),
        req.get("AlarmActions", []),
        req.get("InsufficientDataActions", []),
        named.get("Namespace", ""),
        named.get("MetricName", ""),
        [(dimension["Name"], dimension["Value"]) for dimension in dimensions],
        stat["Stat"],
        stat["Period"],
        stat.get("Unit"),
        _required(req, "EvaluationPeriods"),
        req.get("DatapointsToAlarm"),
        _threshold(req),
        _required(req, "ComparisonOperator"),
        req.get("TreatMissingData"),
        req.get("EvaluateLowSampleCountPercentile"),
        query_id,
        configured_ms=now_ms,
        updated_ms=now_ms,
        transitioned_ms=now_ms,
        tags=given(req.get("Tags")),
        queries=req.get("Metrics", []),
        threshold_query_id=req.get("ThresholdMetricId"),
    )
    _check(alarm)
    for action in (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions):
        check_action(action)
    return alarm


def _required(req: Doc, member: str) -> Any:
    if member not in req:
        raise invalid(f"The parameter {member} is required.")
    return req[member]


def _threshold(req: Doc) -> float:
    if "ThresholdMetricId" not in req:
        return float(_required(req, "Threshold"))
    if "Threshold" in req:
        raise invalid("Threshold should not be set if ThresholdMetricId is set.")
    if "Metrics" not in req:
        raise invalid("ThresholdMetricId needs a list of Metrics.")
    if any(":scalingPolicy:" in action for action in (*req.get("AlarmActions", ()), *req.get("OKActions", ()))):
        raise invalid("Alarms based on anomaly detection models cannot have Auto Scaling actions.")
    return 0.0


def _metric_stat(call: Call, req: Doc) -> tuple[str | None, Doc]:
    """The metric and statistic, whichever of the two forms the request has."""
    if "Metrics" in req:
        mixed = [member for member in ("MetricName", *_SINGLE) if member in req]
        if mixed:
            raise invalid(f"{mixed[0]} should not be set if list of Metrics is set.")
        return watched(call, req["Metrics"], req.get("ThresholdMetricId"))
    for member in ("MetricName", "Namespace", "Period"):
        _required(req, member)
    if ("Statistic" in req) == ("ExtendedStatistic" in req):
        raise invalid("Exactly one of Statistic and ExtendedStatistic must be given.")
    stat = {
        "Metric": {name: req[name] for name in ("Namespace", "MetricName", "Dimensions") if name in req},
        "Period": req["Period"],
        "Stat": req.get("Statistic") or req["ExtendedStatistic"],
    }
    if "Unit" in req:
        stat["Unit"] = req["Unit"]
    return None, stat


def _check(alarm: MetricAlarm) -> None:
    period, periods = alarm.period_s, alarm.evaluation_periods
    if period not in {10, 20, 30} and period % 60:
        raise invalid("Period must be 10, 20, 30 or a multiple of 60")
    longest = 7 * _DAY_S if period >= 3600 else _DAY_S
    if period * periods > longest:
        days = "seven days" if period >= 3600 else "a day"
        limit = f"EvaluationPeriods * Period must be <= {longest}"
        raise invalid(f"Metrics cannot be checked across more than {days} ({limit}).")
    if alarm.datapoints_to_alarm is not None and alarm.datapoints_to_alarm > periods:
        raise invalid("DatapointsToAlarm cannot be greater than EvaluationPeriods.")
    if (alarm.comparison in BANDS) != (alarm.threshold_query_id is not None):
        needs = "needs a ThresholdMetricId" if alarm.comparison in BANDS else "does not go with ThresholdMetricId"
        raise invalid(f"The ComparisonOperator {alarm.comparison} {needs}.")
    if alarm.treat_missing is not None and alarm.treat_missing not in TREATMENTS:
        raise invalid(f"Value {alarm.treat_missing} for TreatMissingData: must be one of {', '.join(TREATMENTS)}.")
    if alarm.computed:
        if alarm.low_sample is not None:
            raise invalid("EvaluateLowSampleCountPercentile is for percentiles, and not for expressions.")
        return
    try:
        statistic = parse(alarm.statistic)
    except UnknownStatistic:
        raise invalid(f"The value {alarm.statistic} for parameter ExtendedStatistic is not supported.") from None
    if alarm.low_sample is not None and (
        statistic.percentile is None or alarm.low_sample not in {"evaluate", "ignore"}
    ):
        raise invalid("EvaluateLowSampleCountPercentile is for percentiles, and is either evaluate or ignore.")


def check_action(action: str) -> None:
    """Refuse an action that an alarm cannot have."""
    parts = action.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        raise invalid(f"Invalid arn syntax: {action}")
    topic = parts[2] == "sns" and len(parts) == 6
    function = parts[2] == "lambda" and parts[5] == "function"
    policy = parts[2] == "autoscaling" and parts[5] == "scalingPolicy" and ":resource/" in action
    if not (topic or function or policy):
        raise Refused(
            "Trunkline's alarm actions are SNS topics, Lambda functions and scaling policies of Application Auto "
            f"Scaling: {action} is not supported."
        )
