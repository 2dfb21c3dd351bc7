"""Samples of CloudWatch's types."""

from tests.support.resource_samples import Sample

_BODY = '{"widgets":[{"type":"text","width":6,"height":3,"properties":{"markdown":"%s"}}]}'
_RULE = (
    '{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["samples"],"LogFormat":"JSON",'
    '"Contribution":{"Keys":["%s"],"Filters":[]},"AggregateOn":"Count"}'
)
_FIREHOSE = "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream"
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


def _anomalies(width: int) -> list[dict[str, object]]:
    """A metric and what is normal for it, as the CDK's AnomalyDetectionAlarm writes them."""
    metric = {"Metric": {"Namespace": "Samples", "MetricName": "Latency"}, "Period": 300, "Stat": "Average"}
    return [
        {"Id": "expr_1", "Expression": f"ANOMALY_DETECTION_BAND(m0, {width})", "ReturnData": True},
        {"Id": "m0", "MetricStat": metric, "ReturnData": True},
    ]


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
    "AWS::CloudWatch::Alarm (on anomalies)": Sample(
        {
            "EvaluationPeriods": 2,
            "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
            "ThresholdMetricId": "expr_1",
            "Metrics": _anomalies(2),
        },
        {"ComparisonOperator": "GreaterThanUpperThreshold", "Metrics": _anomalies(3)},
    ),
    "AWS::CloudWatch::AlarmMuteRule": Sample(
        {
            "Name": "sample-mute",
            "Description": "a sample",
            "Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT4H", "Timezone": "Europe/Berlin"}},
            "MuteTargets": {"AlarmNames": [{"Ref": "One"}]},
            "StartDate": "2026-11-23T08:00:00",
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "Description": "another",
            "Rule": {"Schedule": {"Expression": "cron(0 18 * * FRI)", "Duration": "P2DT12H", "Timezone": "UTC"}},
            "MuteTargets": {"AlarmNames": [{"Ref": "Two"}]},
            "StartDate": "2026-11-24T08:00:00",
            "ExpireDate": "2036-11-24T08:00:00Z",
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"One": ("AWS::CloudWatch::Alarm", _ALARM), "Two": ("AWS::CloudWatch::Alarm", _ALARM)},
    ),
    "AWS::CloudWatch::CompositeAlarm (with a suppressor)": Sample(
        {
            "AlarmRule": {"Fn::Join": ["", ["ALARM(", {"Ref": "One"}, ")"]]},
            "ActionsSuppressor": {"Ref": "Two"},
            "ActionsSuppressorWaitPeriod": 60,
            "ActionsSuppressorExtensionPeriod": 120,
        },
        {
            "ActionsSuppressor": {"Fn::GetAtt": ["One", "Arn"]},
            "ActionsSuppressorWaitPeriod": 30,
            "ActionsSuppressorExtensionPeriod": 0,
        },
        {"One": ("AWS::CloudWatch::Alarm", _ALARM), "Two": ("AWS::CloudWatch::Alarm", _ALARM)},
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
    "AWS::CloudWatch::InsightRule": Sample(
        {
            "RuleName": "sample-rule",
            "RuleState": "ENABLED",
            "RuleBody": _RULE % "$.ip",
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "RuleState": "DISABLED",
            "RuleBody": _RULE % "$.user",
            "ApplyOnTransformedLogs": True,
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
    ),
    "AWS::CloudWatch::MetricStream": Sample(
        {
            "Name": "sample-stream",
            "FirehoseArn": {"Fn::Sub": f"{_FIREHOSE}/s3.${{Bucket}}"},
            "RoleArn": {"Fn::GetAtt": "Role.Arn"},
            "OutputFormat": "json",
            "IncludeFilters": [{"Namespace": "Samples"}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "OutputFormat": "opentelemetry1.0",
            "IncludeFilters": [{"Namespace": "Others", "MetricNames": ["Errors"]}],
            "StatisticsConfigurations": [
                {
                    "IncludeMetrics": [{"Namespace": "Samples", "MetricName": "Errors"}],
                    "AdditionalStatistics": ["p99"],
                }
            ],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {
            "Bucket": ("AWS::S3::Bucket", {}),
            "Role": (
                "AWS::IAM::Role",
                {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "streams.metrics.cloudwatch.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            }
                        ],
                    },
                    "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
                },
            ),
        },
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
