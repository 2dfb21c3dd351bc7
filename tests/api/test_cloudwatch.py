"""CloudWatch as boto3 sees it: metrics, alarms, dashboards."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


def now() -> datetime:
    return datetime.now(UTC)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def statistics(cloudwatch, namespace, metric="m", **more):
    more = {"Statistics": ["Sum", "SampleCount", "Minimum", "Maximum", "Average"], "Period": 60, **more}
    start = now() - timedelta(hours=1)
    answer = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName=metric, StartTime=start, EndTime=now() + timedelta(hours=1), **more
    )
    return sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])


def test_sums_values_counts_and_statistic_sets(cloudwatch, name):
    at = now() - timedelta(minutes=5)
    cloudwatch.put_metric_data(
        Namespace=name,
        MetricData=[
            {"MetricName": "m", "Value": 3.0, "Timestamp": at, "Unit": "Count"},
            {"MetricName": "m", "Values": [1.0, 2.0], "Counts": [4.0, 1.0], "Timestamp": at, "Unit": "Count"},
            {
                "MetricName": "m",
                "StatisticValues": {"SampleCount": 2, "Sum": 30, "Minimum": 10, "Maximum": 20},
                "Timestamp": at,
                "Unit": "Count",
            },
        ],
    )
    [point] = statistics(cloudwatch, name)
    assert (point["Sum"], point["SampleCount"], point["Minimum"], point["Maximum"]) == (39, 8, 1, 20)
    assert point["Unit"] == "Count" and point["Timestamp"].second == 0


def test_percentiles_and_trimmed_statistics(cloudwatch, name):
    at = now() - timedelta(minutes=5)
    values = [float(n) for n in range(1, 101)]
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Values": values, "Timestamp": at}])
    wanted = {
        "p50": 50,
        "p99": 99,
        "p100": 100,
        "tm90": 45.5,
        "TC(10%:90%)": 80,
        "PR(:25)": 25,
        "IQM": 50.5,
        "ts50": 1275,
    }
    found = {}
    for names in (list(wanted)[:4], list(wanted)[4:]):
        [point] = statistics(cloudwatch, name, Statistics=["Sum"], ExtendedStatistics=names)
        found |= point["ExtendedStatistics"]
    assert found == wanted


def test_gets_metric_data_newest_first_and_in_pages(cloudwatch, name):
    start = now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    for minute in range(5):
        at = start + timedelta(minutes=minute)
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Value": minute, "Timestamp": at}])
    query = {
        "MetricDataQueries": [
            {
                "Id": "q",
                "MetricStat": {"Metric": {"Namespace": name, "MetricName": "m"}, "Period": 60, "Stat": "Average"},
            }
        ],
        "StartTime": start,
        "EndTime": now(),
    }
    [result] = cloudwatch.get_metric_data(**query)["MetricDataResults"]
    assert result["Values"] == [4, 3, 2, 1, 0] and result["StatusCode"] == "Complete" and result["Label"] == "m"
    assert result["Timestamps"][0] == start + timedelta(minutes=4)
    first = cloudwatch.get_metric_data(**query, ScanBy="TimestampAscending", MaxDatapoints=3)
    assert first["MetricDataResults"][0]["Values"] == [0, 1, 2]
    assert first["MetricDataResults"][0]["StatusCode"] == "PartialData"
    rest = cloudwatch.get_metric_data(**query, ScanBy="TimestampAscending", NextToken=first["NextToken"])
    assert rest["MetricDataResults"][0]["Values"] == [3, 4] and "NextToken" not in rest


def test_lists_metrics_by_namespace_and_dimension(cloudwatch, name):
    data = [
        {"MetricName": "m", "Value": 1.0, "Dimensions": [{"Name": "Host", "Value": host}, {"Name": "Az", "Value": "a"}]}
        for host in ("one", "two")
    ]
    cloudwatch.put_metric_data(Namespace=name, MetricData=[*data, {"MetricName": "other", "Value": 1.0}])
    assert len(cloudwatch.list_metrics(Namespace=name)["Metrics"]) == 3
    found = cloudwatch.list_metrics(Namespace=name, Dimensions=[{"Name": "Host", "Value": "two"}])["Metrics"]
    assert [m["Dimensions"] for m in found] == [[{"Name": "Az", "Value": "a"}, {"Name": "Host", "Value": "two"}]]
    assert (
        len(cloudwatch.list_metrics(Namespace=name, Dimensions=[{"Name": "Host"}], RecentlyActive="PT3H")["Metrics"])
        == 2
    )


@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        ({"Value": 1.0, "Timestamp": timedelta(days=-15)}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": timedelta(hours=3)}, "InvalidParameterValue"),
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({}, "MissingParameter"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue"),
    ],
)
def test_refuses_impossible_data(cloudwatch, name, datum, expected):
    if isinstance(datum.get("Timestamp"), timedelta):
        datum = {**datum, "Timestamp": now() + datum["Timestamp"]}
    with pytest.raises(ClientError) as error:
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", **datum}])
    assert expected in code(error)
    assert statistics(cloudwatch, name) == []


def test_the_namespace_of_aws_is_not_for_users(cloudwatch):
    with pytest.raises(ClientError) as error:
        cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[{"MetricName": "m", "Value": 1.0}])
    assert "InvalidParameterValue" in code(error)


def put_alarm(cloudwatch, name, **more):
    alarm = {
        "AlarmName": name,
        "Namespace": name,
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 10,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    given = {**alarm, **more}
    cloudwatch.put_metric_alarm(**{key: value for key, value in given.items() if value is not None})


def described(cloudwatch, name):
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0] if found else None


def test_an_alarm_fires_within_a_second_of_its_period_and_recovers(cloudwatch, name):
    put_alarm(cloudwatch, name, DatapointsToAlarm=1)
    assert described(cloudwatch, name)["StateReason"] == "Unchecked: Initial alarm creation"
    wait_until(lambda: described(cloudwatch, name)["StateValue"] == "OK", 15, 0.1, "OK for want of data")
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Value": 5.0, "StorageResolution": 1}])
    put_at = time.time()
    wait_until(lambda: described(cloudwatch, name)["StateValue"] == "ALARM", 15, 0.05, "ALARM")
    assert time.time() - (put_at // 10 * 10 + 10) < 1.5
    alarm = described(cloudwatch, name)
    at = datetime.fromtimestamp(put_at // 10 * 10, UTC).strftime("%d/%m/%y %H:%M:%S")
    assert alarm["StateReason"] == (
        f"Threshold Crossed: 1 out of the last 1 datapoints [5.0 ({at})] was greater than the threshold (1.0)"
        " (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [5.0]
    wait_until(lambda: described(cloudwatch, name)["StateValue"] == "OK", 45, 0.2, "OK again")
    history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_alarms_are_described_by_prefix_state_and_metric(cloudwatch, name):
    for number in range(3):
        put_alarm(cloudwatch, f"{name}-{number}", Namespace=name, Period=300)
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=name, PaginationConfig={"PageSize": 2})
    assert [a["AlarmName"][-1] for page in pages for a in page["MetricAlarms"]] == ["0", "1", "2"]
    assert len(cloudwatch.describe_alarms_for_metric(Namespace=name, MetricName="m")["MetricAlarms"]) == 3
    cloudwatch.set_alarm_state(AlarmName=f"{name}-1", StateValue="ALARM", StateReason="by hand")
    found = cloudwatch.describe_alarms(AlarmNamePrefix=name, StateValue="ALARM")["MetricAlarms"]
    assert [(a["AlarmName"], a["StateReason"]) for a in found] == [(f"{name}-1", "by hand")]
    cloudwatch.delete_alarms(AlarmNames=[f"{name}-{number}" for number in range(3)])
    assert cloudwatch.describe_alarms(AlarmNamePrefix=name)["MetricAlarms"] == []


def test_an_update_keeps_the_state_and_the_history(cloudwatch, name):
    put_alarm(cloudwatch, name, Period=300, AlarmDescription="first")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="x", StateReasonData='{"a": 1}')
    put_alarm(cloudwatch, name, Period=600, AlarmDescription="second")
    alarm = described(cloudwatch, name)
    assert (alarm["StateValue"], alarm["Period"], alarm["AlarmDescription"]) == ("ALARM", 600, "second")
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert described(cloudwatch, name)["ActionsEnabled"] is False
    kinds = [i["HistoryItemType"] for i in cloudwatch.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]]
    assert sorted(kinds) == ["ConfigurationUpdate"] * 3 + ["StateUpdate"]


def test_an_alarm_over_one_metric_in_the_metrics_form(cloudwatch, name):
    stat = {"Metric": {"Namespace": name, "MetricName": "m"}, "Period": 60, "Stat": "p99"}
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Metrics=[{"Id": "only", "MetricStat": stat, "ReturnData": True}],
        EvaluationPeriods=2,
        DatapointsToAlarm=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        EvaluateLowSampleCountPercentile="ignore",
    )
    alarm = described(cloudwatch, name)
    assert alarm["Metrics"][0]["MetricStat"]["Stat"] == "p99" and "MetricName" not in alarm


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Period": 45}, "multiple of 60"),
        ({"Period": 60, "EvaluationPeriods": 1441}, "more than a day"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
        ({"Threshold": None}, "Threshold"),
        ({"Statistic": None}, "Statistic"),
        ({"TreatMissingData": "perhaps"}, "TreatMissingData"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "ec2:stop"),
        ({"AlarmActions": ["nonsense"]}, "nonsense"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "needs a ThresholdMetricId"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "p101"),
    ],
)
def test_refuses_impossible_alarms(cloudwatch, name, change, message):
    with pytest.raises(ClientError, match=message):
        put_alarm(cloudwatch, name, **change)
    assert described(cloudwatch, name) is None


def test_unknown_alarms_are_not_found_but_deleted_in_silence(cloudwatch, name):
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="")
    assert "ResourceNotFound" in code(error)
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_alarm_tags(cloudwatch, name):
    put_alarm(cloudwatch, name, Period=300, Tags=[{"Key": "a", "Value": "1"}])
    arn = described(cloudwatch, name)["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_dashboards_are_checked_stored_and_listed(cloudwatch, name):
    body = json.dumps(
        {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "hi"}}]}
    )
    assert cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)["DashboardValidationMessages"] == []
    assert cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"] == body
    assert [d["DashboardName"] for d in cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]] == [
        name
    ]
    with pytest.raises(ClientError) as error:
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody='{"widgets": [{"type": "nothing"}]}')
    assert "InvalidParameterInput" in code(error) or "DashboardInvalidInput" in code(error)
    cloudwatch.delete_dashboards(DashboardNames=[name])
    with pytest.raises(ClientError):
        cloudwatch.get_dashboard(DashboardName=name)


def test_an_alarm_tells_its_topic(aws, cloudwatch, name):
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    put_alarm(cloudwatch, name, Period=300, AlarmActions=[topic], OKActions=[f"{topic}-gone"])
    for state in ("ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a rehearsal")

    def actions():
        found = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action", ScanBy="TimestampAscending")
        return [item["HistorySummary"] for item in found["AlarmHistoryItems"]]

    wait_until(lambda: len(actions()) == 2, 20, 0.1, "both actions")
    assert actions() == [f"Successfully executed action {topic}", f"Failed to execute action {topic}-gone"]
