"""Samples of CloudWatch's types."""

from tests.support.resource_samples import Sample

_BODY = '{"widgets":[{"type":"text","width":6,"height":3,"properties":{"markdown":"%s"}}]}'
_ALARM = {
    "Namespace": "Samples",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


def _error_rate(expression: str) -> list[dict[str, object]]:
    """An expression over two metrics, as the CDK writes them."""
    metrics = [
        {
            "Id": name.lower(),
            "MetricStat": {"Metric": {"Namespace": "Samples", "MetricName": name}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }
        for name in ("Errors", "Requests")
    ]
    return [{"Id": "expr_1", "Expression": expression, "Label": "Error rate"}, *metrics]


SAMPLES = {
    "AWS::CloudWatch::Alarm": Sample(
        {
            **_ALARM,
            "AlarmName": "sample-alarm",
            "AlarmDescription": "a sample",
            "AlarmActions": [{"Ref": "Topic"}],
            "Dimensions": [{"Name": "Service", "Value": "one"}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "AlarmDescription": "another",
            "Threshold": 5,
            "Period": 300,
            "Statistic": "Average",
            "MetricName": "Faults",
            "Namespace": "Others",
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "ComparisonOperator": "LessThanThreshold",
            "TreatMissingData": "notBreaching",
            "Unit": "Count",
            "ActionsEnabled": False,
            "OKActions": [{"Ref": "Topic"}],
            "InsufficientDataActions": [{"Ref": "Topic"}],
            "AlarmActions": [{"Ref": "Other"}],
            "Dimensions": [{"Name": "Service", "Value": "two"}],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"Topic": ("AWS::SNS::Topic", {}), "Other": ("AWS::SNS::Topic", {})},
    ),
    "AWS::CloudWatch::Alarm (in the form of Metrics)": Sample(
        {
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Metrics": [
                {
                    "Id": "m1",
                    "MetricStat": {
                        "Metric": {"Namespace": "Samples", "MetricName": "Errors"},
                        "Period": 60,
                        "Stat": "p99",
                    },
                    "ReturnData": True,
                }
            ],
        },
        {"EvaluateLowSampleCountPercentile": "ignore"},
    ),
    "AWS::CloudWatch::Alarm (over metric math)": Sample(
        {
            "EvaluationPeriods": 2,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Metrics": _error_rate("100 * errors / requests"),
        },
        {"Metrics": _error_rate("FILL(errors, 0) / requests"), "TreatMissingData": "notBreaching"},
    ),
    "AWS::CloudWatch::CompositeAlarm": Sample(
        {
            "AlarmName": "sample-composite",
            "AlarmRule": {"Fn::Join": ["", ["ALARM(", {"Ref": "One"}, ") OR ALARM(", {"Ref": "Two"}, ")"]]},
            "AlarmDescription": "a sample",
            "AlarmActions": [{"Ref": "Topic"}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "AlarmRule": {"Fn::Join": ["", ["ALARM(", {"Ref": "One"}, ") AND NOT OK(", {"Ref": "Two"}, ")"]]},
            "AlarmDescription": "another",
            "ActionsEnabled": False,
            "AlarmActions": [],
            "OKActions": [{"Ref": "Topic"}],
            "InsufficientDataActions": [{"Ref": "Topic"}],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {
            "One": ("AWS::CloudWatch::Alarm", _ALARM),
            "Two": ("AWS::CloudWatch::Alarm", _ALARM),
            "Topic": ("AWS::SNS::Topic", {}),
        },
    ),
    "AWS::CloudWatch::AnomalyDetector": Sample(
        {
            "Namespace": "Samples",
            "MetricName": "Errors",
            "Stat": "Average",
            "Dimensions": [{"Name": "Service", "Value": "one"}],
            "Configuration": {
                "MetricTimeZone": "UTC",
                "ExcludedTimeRanges": [{"StartTime": "2026-01-01T00:00:00", "EndTime": "2026-01-02T00:00:00"}],
            },
        },
        {"Configuration": {"MetricTimeZone": "Europe/Berlin", "ExcludedTimeRanges": []}},
    ),
    "AWS::CloudWatch::Dashboard": Sample(
        {
            "DashboardName": "sample-dashboard",
            "DashboardBody": _BODY % "one",
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {"DashboardBody": _BODY % "two", "Tags": [{"Key": "team", "Value": "platform"}]},
    ),
}
