"""Metric math as boto3 sees it: GetMetricData over expressions, and alarms that watch one."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


def metric(namespace, name, query_id=None, period=60, **more):
    stat = {"Metric": {"Namespace": namespace, "MetricName": name}, "Period": period, "Stat": "Sum"}
    return {"Id": query_id or name, "MetricStat": stat, "ReturnData": False, **more}


@pytest.fixture
def ask(cloudwatch, name):
    """Five minutes of errors and requests, and a question over them."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    data = [
        {"MetricName": which, "Value": number, "Timestamp": start + timedelta(minutes=at)}
        for which, values in {"errors": (1, 2, 3, None), "requests": (10, 10, 0, 5)}.items()
        for at, number in enumerate(values)
        if number is not None
    ]
    cloudwatch.put_metric_data(Namespace=name, MetricData=data)
    metrics = [metric(name, "errors"), metric(name, "requests")]

    def ask(*expressions, **more):
        return cloudwatch.get_metric_data(
            MetricDataQueries=[*metrics, *expressions],
            **{
                "StartTime": start,
                "EndTime": start + timedelta(minutes=4),
                "ScanBy": "TimestampAscending",
                **more,
            },
        )

    return ask


def test_an_expression_gives_a_series_under_its_id_and_label(ask):
    answer = ask({"Id": "rate", "Expression": "100 * errors / requests", "Label": "Error rate"})
    [result] = answer["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("rate", "Error rate", "Complete")
    assert result["Values"] == [10, 20, 0]


def test_an_expression_may_be_a_step_that_is_not_returned(ask):
    half = {"Id": "half", "Expression": "FILL(errors, 0) / 2", "ReturnData": False}
    [result] = ask(half, {"Id": "e1", "Expression": "half * 4"})["MetricDataResults"]
    assert (result["Label"], result["Values"]) == ("e1", [2, 4, 6, 0])


def test_an_array_gives_a_result_for_each_series_over_pages(ask):
    query = {"Id": "all", "Expression": "FILL(METRICS(), 0)", "Label": "Filled:"}
    first = ask(query, MaxDatapoints=6)
    assert [(r["Id"], r["Label"], r["Values"]) for r in first["MetricDataResults"]] == [
        ("all", "Filled: errors", [1, 2, 3, 0]),
        ("all", "Filled: requests", [10, 10]),
    ]
    rest = ask(query, MaxDatapoints=6, NextToken=first["NextToken"])
    assert [r["Values"] for r in rest["MetricDataResults"]] == [[], [0, 5]] and "NextToken" not in rest


def test_a_search_finds_metrics_by_their_names(ask, name):
    query = {"Id": "e", "Expression": f"""SEARCH('Namespace="{name}" NOT requests', 'Sum', 60)""", "Label": "all"}
    total = {"Id": "t", "Expression": f"""SUM(SEARCH('{{"{name}"}}', 'Sum', 60))"""}
    first, second = ask(query, total)["MetricDataResults"]
    assert (first["Label"], first["Values"]) == ("all errors", [1, 2, 3])
    assert second["Values"] == [11, 12, 3, 5]
    with pytest.raises(ClientError, match="no statistic"):
        ask({"Id": "e", "Expression": "SEARCH('errors', 'Most', 60)"})


def test_labels_may_hold_figures_and_properties(ask, name):
    query = {"Id": "e", "Expression": "errors * 2", "Label": "from ${MIN} to ${MAX}, ${DATAPOINT_COUNT} in all"}
    stat = metric(name, "errors", "named", ReturnData=True, Label="${PROP('MetricName')} ${PROP('Period')} ${LABEL}")
    found = [one["Label"] for one in ask(query, stat, LabelOptions={"Timezone": "+0130"})["MetricDataResults"]]
    assert found == ["from 2 to 6, 3 in all", "errors 60 errors"]
    with pytest.raises(ClientError, match="MAX_FEELING"):
        ask({**query, "Label": "${MAX_FEELING}"})
    with pytest.raises(ClientError, match="Timezone"):
        ask(query, LabelOptions={"Timezone": "Berlin"})


def test_more_periods_than_could_be_answered_are_refused(ask):
    long_ago = datetime.now(UTC) - timedelta(days=100)
    with pytest.raises(ClientError, match="100,800"):
        ask({"Id": "e", "Expression": "FILL(errors, 0)"}, StartTime=long_ago)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"Id": "e", "Expression": "+".join(["1"] * 1000)}, "too deeply"),
        ({"Id": "e", "Expression": "AVG(errors)"}, "Error in expression 'e' .*scalar"),
        ({"Id": "e", "Expression": "nobody + 1"}, "undefined id 'nobody'"),
        ({"Id": "Upper", "Expression": "errors"}, "pattern"),
        ({"Id": "errors", "Expression": "requests"}, "unique"),
        ({"Id": "e"}, "MetricStat"),
        ({"Id": "e", "Expression": "SERVICE_QUOTA(errors)"}, "SERVICE_QUOTA"),
        ({"Id": "e", "Expression": "SELECT MEDIAN(x) FROM y"}, "expected one of AVG, COUNT"),
    ],
)
def test_queries_that_make_no_sense_are_refused(ask, query, message):
    with pytest.raises(ClientError, match=message):
        ask(query)


def put(cloudwatch, name, queries, **more):
    alarm = {"EvaluationPeriods": 1, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold", **more}
    cloudwatch.put_metric_alarm(AlarmName=name, Metrics=queries, **alarm)
    [described] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return described


def test_an_alarm_over_an_expression_is_described_as_it_was_put_and_fires(cloudwatch, name):
    queries = [
        {"Id": "rate", "Expression": "100 * errors / FILL(requests, 1)", "Label": "Rate", "ReturnData": True},
        metric(name, "errors", period=10),
        metric(name, "requests", period=10),
    ]
    described = put(cloudwatch, name, queries)
    assert described["Metrics"] == queries
    assert "MetricName" not in described and "Period" not in described and "Statistic" not in described

    def fired():
        high = [
            {"MetricName": which, "Value": number, "StorageResolution": 1}
            for which, number in (("errors", 1), ("requests", 10))
        ]
        cloudwatch.put_metric_data(Namespace=name, MetricData=high)
        [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return alarm if alarm["StateValue"] == "ALARM" else None

    alarm = wait_until(fired, 25)
    assert "10.0" in alarm["StateReason"] and "greater than the threshold (5.0)" in alarm["StateReason"]


@pytest.mark.parametrize(
    ("expression", "change", "message"),
    [
        ("m1 / m2", {"ReturnData": False}, "Exactly one element"),
        ("AVG(m1)", {}, "scalar"),
        ("[m1, m2]", {}, "single time series"),
        ("m1 / m3", {}, "undefined id 'm3'"),
        ("SEARCH('{a} b', 'Sum')", {}, "SEARCH is not supported on Metric Alarms"),
        ("ANOMALY_DETECTION_BAND(m1)", {}, "single time series"),
    ],
)
def test_alarms_over_what_is_no_series_are_refused(cloudwatch, name, expression, change, message):
    queries = [{"Id": "e1", "Expression": expression, **change}, metric(name, "a", "m1"), metric(name, "b", "m2")]
    with pytest.raises(ClientError, match=message):
        put(cloudwatch, name, queries)


def test_the_metrics_of_an_alarm_have_one_period_and_a_constant_needs_one(cloudwatch, name):
    mixed = [{"Id": "e1", "Expression": "m1 + m2"}, metric(name, "a", "m1"), metric(name, "b", "m2", period=300)]
    with pytest.raises(ClientError, match="same Period"):
        put(cloudwatch, name, mixed)
    with pytest.raises(ClientError, match="Period must not be null"):
        put(cloudwatch, name, [{"Id": "e1", "Expression": "TIME_SERIES(1)"}])
    with pytest.raises(ClientError, match="Period should not be set if list of Metrics is set"):
        put(cloudwatch, name, [metric(name, "a", "m1", ReturnData=True)], Period=60)
    constant = put(cloudwatch, name, [{"Id": "e1", "Expression": "TIME_SERIES(1)", "Period": 60}])
    assert constant["Metrics"] == [{"Id": "e1", "Expression": "TIME_SERIES(1)", "Period": 60, "ReturnData": True}]
