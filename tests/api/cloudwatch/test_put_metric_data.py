"""The limits of PutMetricData, and GetMetricStatistics' and ListMetrics' own."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("datum", "complaint"),
    [
        ({"Dimensions": [{"Name": "x", "Value": "ünïcode"}]}, "Dimensions.member.1.Value is invalid"),
        ({"Dimensions": [{"Name": ":x", "Value": "y"}]}, "Dimensions.member.1.Name is invalid"),
        ({"Dimensions": [{"Name": "x", "Value": "  "}]}, "Value is invalid"),
        ({"StorageResolution": 10}, "StorageResolution must be 1 or 60"),
        ({"Value": float("inf")}, "Value is invalid"),
        ({"Value": 2.0**361}, "Value is invalid"),
        ({"Timestamp": NOW - timedelta(days=15)}, "two weeks in the past"),
        ({"Timestamp": NOW + timedelta(hours=3)}, "two hours in the future"),
    ],
)
def test_data_beyond_the_limits_are_refused(cloudwatch, name, datum, complaint):
    with pytest.raises(ClientError, match=complaint):
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Value": 1.0, **datum}])


def test_more_than_a_thousand_data_are_refused(cloudwatch, name):
    data = [{"MetricName": "m", "Value": 1.0}] * 600
    group = {"Entity": {"KeyAttributes": {"Type": "Service", "Name": "a"}}, "MetricData": data}
    with pytest.raises(ClientError, match="size greater than 1000"):
        cloudwatch.put_metric_data(Namespace=name, MetricData=data, EntityMetricData=[group])


def test_a_request_has_up_to_a_megabyte(aws, name):
    """Compressed, as boto3 sends what is large; so what is sent here hardly compresses."""
    noise = random.Random(1)
    data = [
        {
            "MetricName": "m",
            "Values": [noise.random() for _ in range(150)],
            "Counts": [noise.random() for _ in range(150)],
        }
        for _ in range(700)
    ]
    with pytest.raises(ClientError) as refused:
        aws("cloudwatch").put_metric_data(Namespace=name, MetricData=data)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_data_of_entities_count_as_data(cloudwatch, name):
    group = {
        "Entity": {"KeyAttributes": {"Type": "Service", "Name": "shop", "Environment": "live"}},
        "MetricData": [{"MetricName": "m", "Value": 3.0}],
    }
    cloudwatch.put_metric_data(Namespace=name, EntityMetricData=[group], StrictEntityValidation=True)
    assert cloudwatch.list_metrics(Namespace=name)["Metrics"][0]["MetricName"] == "m"
    group["Entity"]["KeyAttributes"] = {"Type": "Feeling", "Name": "joy"}
    with pytest.raises(ClientError, match="KeyAttributes"):
        cloudwatch.put_metric_data(Namespace=name, EntityMetricData=[group], StrictEntityValidation=True)
    cloudwatch.put_metric_data(Namespace=name, EntityMetricData=[group])


def test_periods_below_a_minute_are_there_for_three_hours(cloudwatch, name, put):
    put("m", [(NOW - timedelta(minutes=30), 1.0), (NOW - timedelta(hours=4), 1.0)])

    def found(period, hours):
        asked = {"StartTime": NOW - timedelta(hours=hours), "EndTime": NOW, "Period": period, "Statistics": ["Sum"]}
        return len(cloudwatch.get_metric_statistics(Namespace=name, MetricName="m", **asked)["Datapoints"])

    assert found(60, 5) == 2
    assert found(30, 5) == 1


def test_metrics_are_listed_with_their_account(cloudwatch, name, put):
    put("m", [(NOW - timedelta(hours=5), 1.0)])
    put("n", [(NOW, 1.0)])
    found = cloudwatch.list_metrics(Namespace=name, IncludeLinkedAccounts=True)
    assert found["OwningAccounts"] == ["000000000000"] * 2
    recent = cloudwatch.list_metrics(Namespace=name, RecentlyActive="PT3H")["Metrics"]
    assert [one["MetricName"] for one in recent] == ["n"]


def percentile(cloudwatch, name, metric):
    asked = {"StartTime": NOW - timedelta(hours=1), "EndTime": NOW, "Period": 3600, "ExtendedStatistics": ["p50"]}
    [point] = cloudwatch.get_metric_statistics(Namespace=name, MetricName=metric, **asked)["Datapoints"]
    return point.get("ExtendedStatistics")


@pytest.mark.parametrize(
    ("datum", "found"),
    [
        ({"StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 2, "Maximum": 2}}, {"p50": 2}),
        ({"StatisticValues": {"SampleCount": 1, "Sum": 5, "Minimum": 5, "Maximum": 5}}, {"p50": 5}),
        ({"StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3}}, None),
        ({"Values": [1.0, 7.0], "Counts": [1.0, 3.0]}, {"p50": 7}),
        ({"Values": [-1.0, 7.0]}, None),
    ],
)
def test_percentiles_need_single_values_and_none_negative(cloudwatch, name, datum, found):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""
    data = [{"MetricName": "m", "Timestamp": NOW - timedelta(minutes=30), **datum}]
    cloudwatch.put_metric_data(Namespace=name, MetricData=data)
    assert percentile(cloudwatch, name, "m") == found


def test_several_statistics_of_a_metric_are_told_apart(cloudwatch, name, put):
    put("m", [(NOW - timedelta(minutes=5), 1.0)])
    metric = {"Namespace": name, "MetricName": "m"}
    queries = [
        {"Id": f"q{at}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
        for at, stat in enumerate(("Average", "p99"))
    ]
    times = {"StartTime": NOW - timedelta(hours=1), "EndTime": NOW}
    found = cloudwatch.get_metric_data(MetricDataQueries=queries, **times)["MetricDataResults"]
    assert [one["Label"] for one in found] == ["m Average", "m p99"]
    with pytest.raises(ClientError, match="must not equal"):
        cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=NOW, EndTime=NOW + timedelta(milliseconds=900))
