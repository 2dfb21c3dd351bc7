"""Samples of Application Signals' types."""

from tests.support.resource_samples import Sample


def _query(metric: str) -> list[dict[str, object]]:
    stat = {"Metric": {"Namespace": "Samples", "MetricName": metric}, "Period": 60, "Stat": "Sum"}
    return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]


SAMPLES = {
    "AWS::ApplicationSignals::ServiceLevelObjective": Sample(
        {
            "Name": "sample-slo",
            "Description": "a sample",
            "Sli": {
                "SliMetric": {"MetricDataQueries": _query("Latency")},
                "MetricThreshold": 100,
                "ComparisonOperator": "LessThan",
            },
            "Goal": {
                "AttainmentGoal": 99.5,
                "WarningThreshold": 30,
                "Interval": {"RollingInterval": {"DurationUnit": "DAY", "Duration": 14}},
            },
            "BurnRateConfigurations": [{"LookBackWindowMinutes": 60}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "Description": "another sample",
            "Goal": {
                "AttainmentGoal": 95,
                "WarningThreshold": 40,
                "Interval": {"RollingInterval": {"DurationUnit": "DAY", "Duration": 28}},
            },
            "BurnRateConfigurations": [{"LookBackWindowMinutes": 5}, {"LookBackWindowMinutes": 360}],
            "ExclusionWindows": [
                {
                    "Window": {"DurationUnit": "HOUR", "Duration": 2},
                    "StartTime": "2026-11-23T02:00:00Z",
                    "Reason": "nightly load",
                }
            ],
            "Tags": [{"Key": "team", "Value": "other"}],
        },
    ),
}
