"""Target tracking: the metric that is tracked, and the two alarms AWS makes for it.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

from trunkline.aws.errors import Refused
from trunkline.services.applicationautoscaling.model import ECS, Doc, Policy, validation

_ECS_METRICS = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
_PERIOD_S = 60
_OUT_PERIODS, _IN_PERIODS = 3, 15
_IN_SHARE = 0.9


def metric(policy: Policy) -> Doc:
    """The metric with its statistic, as the members that PutMetricAlarm and GetMetricStatistics share."""
    config = policy.config
    if ("PredefinedMetricSpecification" in config) == ("CustomizedMetricSpecification" in config):
        raise validation("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is needed.")
    if "CustomizedMetricSpecification" in config:
        return _customized(config["CustomizedMetricSpecification"])
    given = config["PredefinedMetricSpecification"]
    kind = given["PredefinedMetricType"]
    if kind in _ECS_METRICS and policy.dimension == ECS:
        _, cluster, service = policy.resource.split("/")
        dimensions = [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}]
        return _metric("AWS/ECS", _ECS_METRICS[kind], dimensions, "Average")
    if kind == "ALBRequestCountPerTarget" and policy.dimension == ECS:
        label = given.get("ResourceLabel", "")
        _, mark, group = label.partition("/targetgroup/")
        if not mark:
            raise validation(f"ResourceLabel {label} must be app/name/id/targetgroup/name/id.")
        dimensions = [{"Name": "TargetGroup", "Value": f"targetgroup/{group}"}]
        return _metric("AWS/ApplicationELB", "RequestCountPerTarget", dimensions, "Sum")
    if kind == "LambdaProvisionedConcurrencyUtilization" and policy.dimension != ECS:
        _, function, qualifier = policy.resource.split(":")
        dimensions = [
            {"Name": "FunctionName", "Value": function},
            {"Name": "Resource", "Value": f"{function}:{qualifier}"},
        ]
        return _metric("AWS/Lambda", "ProvisionedConcurrencyUtilization", dimensions, "Average")
    raise validation(f"The predefined metric {kind} does not go with {policy.dimension}.")


def _customized(given: Doc) -> Doc:
    if "Metrics" in given:
        raise Refused(
            "Trunkline's target tracking follows one metric, not an expression: give MetricName, Namespace and "
            "Statistic.",
            code="ValidationException",
            status=400,
        )
    for member in ("MetricName", "Namespace", "Statistic"):
        if member not in given:
            raise validation(f"{member} of CustomizedMetricSpecification is missing.")
    found = _metric(given["Namespace"], given["MetricName"], given.get("Dimensions", []), given["Statistic"])
    return {**found, "Unit": given["Unit"]} if "Unit" in given else found


def _metric(namespace: str, name: str, dimensions: list[Doc], statistic: str) -> Doc:
    return {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions, "Statistic": statistic}


def alarms(policy: Policy) -> list[Doc]:
    """PutMetricAlarm's requests, by AWS's names: above the target for three minutes, well below it for fifteen."""
    target = float(policy.config["TargetValue"])
    shared = {
        **metric(policy),
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
        "ActionsEnabled": True,
        "AlarmActions": [policy.arn],
        "Period": _PERIOD_S,
    }
    made = [
        {
            **shared,
            "AlarmName": alarm_name(policy, "High"),
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": target,
            "EvaluationPeriods": _OUT_PERIODS,
        }
    ]
    if not policy.config.get("DisableScaleIn"):
        made.append(
            {
                **shared,
                "AlarmName": alarm_name(policy, "Low"),
                "ComparisonOperator": "LessThanThreshold",
                "Threshold": target * _IN_SHARE,
                "EvaluationPeriods": _IN_PERIODS,
            }
        )
    return made


def alarm_name(policy: Policy, side: str) -> str:
    return f"TargetTracking-{policy.resource}-Alarm{side}-{policy.id}"
