"""What alarms cannot be, in the words of AWS, through boto3."""

import pytest
from botocore.exceptions import ClientError
from tests.api.cloudwatch.alarms import put_quiet_alarm

ALARM = {
    "Namespace": "App",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
METRIC = {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 60, "Stat": "Average"}
M1 = {"Id": "m1", "MetricStat": METRIC}
BAND = {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"}
ANOMALY = {
    "Metrics": [M1, BAND],
    "ThresholdMetricId": "ad1",
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanUpperThreshold",
}


def without(given, *names, **more):
    return {**{name: value for name, value in given.items() if name not in names}, **more}


def metrics_insights(query, *more):
    queries = [{"Id": "q1", "Expression": query, "Period": 60}, *more]
    return without(ALARM, "Namespace", "MetricName", "Statistic", "Period", Metrics=queries)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (without(ALARM, Period=45), "Period must be 10, 20, 30 or a multiple of 60"),
        (
            without(ALARM, Period=300, EvaluationPeriods=289),
            r"more than a day \(EvaluationPeriods \* Period must be <= 86400\)",
        ),
        (
            without(ALARM, Period=3600, EvaluationPeriods=169),
            r"more than seven days \(EvaluationPeriods \* Period must be <= 604800\)",
        ),
        (without(ALARM, ExtendedStatistic="p99"), "Exactly one of Statistic and ExtendedStatistic"),
        (without(ALARM, "Statistic", ExtendedStatistic="p101"), "ExtendedStatistic is not supported"),
        (without(ALARM, DatapointsToAlarm=2), "DatapointsToAlarm cannot be greater"),
        (without(ALARM, TreatMissingData="perhaps"), "TreatMissingData"),
        (without(ALARM, EvaluateLowSampleCountPercentile="ignore"), "EvaluateLowSampleCountPercentile is for"),
        (without(ALARM, "Threshold"), "Threshold is required"),
        (without(ALARM, ComparisonOperator="GreaterThanUpperThreshold"), "needs a ThresholdMetricId"),
        (without(ALARM, Metrics=[M1]), "should not be set if list of Metrics is set"),
        (without(ALARM, AlarmActions=["arn:aws:automate:us-east-1:ec2:stop"]), "ec2:stop is not supported"),
        (without(ALARM, AlarmActions=["arn:aws:ssm:us-east-1:1:opsitem:1"]), "opsitem:1 is not supported"),
        (without(ALARM, AlarmActions=["topic"]), "Invalid arn syntax: topic"),
        (without(ALARM, EvaluationWindow={"WallClockWindow": {}}), "sliding window"),
        (metrics_insights("SELECT AVG(m) FROM App GROUP BY Zone"), "no contributors"),
        (metrics_insights("SELECT MEDIAN(m) FROM App"), "Error in expression 'q1'"),
        (metrics_insights("SELECT AVG(m) FROM App", M1 | {"ReturnData": False}), "watch the query itself"),
        (without(ANOMALY, Threshold=1), "Threshold should not be set if ThresholdMetricId is set"),
        (without(ANOMALY, ThresholdMetricId="ad2"), "exactly one metric matching the ThresholdMetricId"),
        (without(ANOMALY, ComparisonOperator="GreaterThanThreshold"), "does not go with ThresholdMetricId"),
        (without(ANOMALY, Metrics=[{**M1, "ReturnData": False}, BAND]), "Exactly two elements of the metrics list"),
        (without(ANOMALY, Metrics=[M1, {**BAND, "Expression": "m1 * 2"}]), "must be an ANOMALY_DETECTION_BAND"),
        (
            without(
                ANOMALY,
                AlarmActions=["arn:aws:autoscaling:us-east-1:1:scalingPolicy:x:resource/ecs/service/a/b:policyName/p"],
            ),
            "cannot have Auto Scaling actions",
        ),
    ],
)
def test_what_an_alarm_cannot_be(cloudwatch, name, request_, why):
    with pytest.raises(ClientError, match=why):
        cloudwatch.put_metric_alarm(AlarmName=name, **request_)
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


def test_an_alarm_on_anomalies_is_described_as_it_was_put(cloudwatch, name):
    cloudwatch.put_metric_alarm(AlarmName=name, **ANOMALY)
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert found["ThresholdMetricId"] == "ad1" and "Threshold" not in found
    assert [query["ReturnData"] for query in found["Metrics"]] == [True, True]


def test_an_alarm_on_a_metrics_insights_query_has_no_contributors(cloudwatch, name):
    cloudwatch.put_metric_alarm(AlarmName=name, **metrics_insights("SELECT AVG(m) FROM App"))
    assert cloudwatch.describe_alarm_contributors(AlarmName=name)["AlarmContributors"] == []
    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.describe_alarm_contributors(AlarmName=f"{name}-other")


def test_relatives_are_told_in_brief_and_on_their_own(cloudwatch, name):
    children = [put_quiet_alarm(cloudwatch, f"{name}-{suffix}") for suffix in "abc"]
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=" OR ".join(f"ALARM({child})" for child in children))
    page = cloudwatch.describe_alarms(ChildrenOfAlarmName=name, MaxRecords=2)
    assert [sorted(one) for one in page["MetricAlarms"]] == [
        ["AlarmArn", "AlarmName", "StateUpdatedTimestamp", "StateValue"]
    ] * 2
    rest = cloudwatch.describe_alarms(ChildrenOfAlarmName=name, MaxRecords=2, NextToken=page["NextToken"])
    assert [one["AlarmName"] for one in rest["MetricAlarms"]] == children[2:] and "NextToken" not in rest
    (parent,) = cloudwatch.describe_alarms(ParentsOfAlarmName=children[0])["CompositeAlarms"]
    assert sorted(parent) == ["AlarmArn", "AlarmName"]
    with pytest.raises(ClientError, match="cannot be specified with any parameters but"):
        cloudwatch.describe_alarms(ChildrenOfAlarmName=name, StateValue="OK")
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-2", AlarmRule="TRUE")
    with pytest.raises(ClientError, match=r"Cannot delete \[2\] Composite Alarms"):
        cloudwatch.delete_alarms(AlarmNames=[name, f"{name}-2"])


def test_the_history_of_composites_is_asked_for_by_type(cloudwatch, name):
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="FALSE")

    def told(**more):
        items = cloudwatch.describe_alarm_history(**more)["AlarmHistoryItems"]
        return [item for item in items if item["AlarmName"] == name]

    kinds = {item["HistoryItemType"] for item in told(AlarmName=name, AlarmTypes=["CompositeAlarm"])}
    assert kinds == {"ConfigurationUpdate", "StateUpdate"} and told(AlarmName=name) == []
