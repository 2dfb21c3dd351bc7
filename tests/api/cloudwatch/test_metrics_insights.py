"""Metrics Insights and messages of GetMetricData through boto3."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)


def ask(cloudwatch, *queries, **more):
    times = {"StartTime": START, "EndTime": START + timedelta(minutes=5), "ScanBy": "TimestampAscending"}
    return cloudwatch.get_metric_data(MetricDataQueries=queries, **{**times, **more})


@pytest.fixture
def hosts(put):
    for host, value in (("a", 10.0), ("b", 30.0), ("c", 20.0)):
        put("load", [(START, value), (START + timedelta(minutes=1), value + 1)], Host=host, Stage="live")
    put("load", [(START, 1000.0)], Host="a")


def select(name, rest, function="MAX"):
    source = f'SELECT {function}(load) FROM SCHEMA("{name}", Host, Stage)'
    return {"Id": "q1", "Expression": f"{source} {rest}", "Period": 60}


def test_a_query_groups_orders_and_limits(cloudwatch, name, hosts):
    found = ask(cloudwatch, select(name, "GROUP BY Host ORDER BY MAX() DESC LIMIT 2"))["MetricDataResults"]
    assert [(one["Id"], one["Label"], one["Values"]) for one in found] == [("q1", "b", [30, 31]), ("q1", "c", [20, 21])]


def test_a_query_without_groups_is_one_series_and_metric_math_goes_on_with_it(cloudwatch, name, hosts):
    query = select(name, "WHERE Stage = 'live' AND Host != 'c'", "SUM")
    first, doubled = ask(cloudwatch, query, {"Id": "e1", "Expression": "q1 * 2"})["MetricDataResults"]
    assert (first["Values"], doubled["Values"]) == ([40, 42], [80, 84])


def test_one_query_at_a_time(cloudwatch, name):
    other = {**select(name, ""), "Id": "q2"}
    with pytest.raises(ClientError, match="one Metrics Insights query"):
        ask(cloudwatch, select(name, ""), other)


def test_dropped_values_are_told_with_the_result(cloudwatch, name, hosts):
    query = {"Id": "e1", "Expression": "q1 / (q1 - 10)"}
    _, divided = ask(cloudwatch, select(name, "WHERE Host = 'a'"), query)["MetricDataResults"]
    assert divided["Values"] == [11]
    assert divided["Messages"][0]["Code"] == "ArithmeticError"


def test_metrics_of_different_periods_meet_at_the_coarsest(cloudwatch, name, hosts):
    metric = {"Namespace": name, "MetricName": "load", "Dimensions": [{"Name": "Host", "Value": "a"}]}
    start = START.replace(minute=START.minute - START.minute % 5)
    queries = [
        {"Id": f"m{period}", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}, "ReturnData": False}
        for period in (60, 300)
    ]
    [found] = ask(cloudwatch, *queries, {"Id": "e1", "Expression": "m60 + m300"}, StartTime=start)["MetricDataResults"]
    assert found["Values"] == [2000]
