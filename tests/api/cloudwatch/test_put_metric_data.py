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
