"""Anomaly detectors as boto3 sees them: trained on what is stored, and asked for bands by metric math."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def daily(at):
    return 100 + 40 * math.sin(2 * math.pi * at.hour / 24)


@pytest.fixture
def a_week(put):
    """A metric with a daily season and a little noise, in five-minute values."""
    noise = random.Random(7)
    times = [NOW - timedelta(minutes=5 * back) for back in range(7 * 288, 0, -1)]
    put("latency", [(at, daily(at) + noise.gauss(0, 2)) for at in times], Service="web")


def single(name, metric="latency"):
    named = [{"Name": "Service", "Value": "web"}]
    return {"Namespace": name, "MetricName": metric, "Dimensions": named, "Stat": "Average"}


def state(cloudwatch, name, metric="latency"):
    [found] = cloudwatch.describe_anomaly_detectors(Namespace=name, MetricName=metric)["AnomalyDetectors"]
    return found["StateValue"]


def band(cloudwatch, name, start, end, expression="ANOMALY_DETECTION_BAND(m1, 3)"):
    metric = {key: value for key, value in single(name).items() if key != "Stat"}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"}},
        {"Id": "ad1", "Expression": expression, "Label": "latency (expected)"},
    ]
    found = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending"
    )
    return found["MetricDataResults"]


def test_a_detector_learns_the_season_and_gives_its_band(cloudwatch, name, a_week):
    cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=single(name))
    wait_until(lambda: state(cloudwatch, name) == "TRAINED", timeout_s=30)
    seen, low, high = band(cloudwatch, name, NOW - timedelta(hours=24), NOW + timedelta(hours=12))
    assert [low["Label"], high["Label"]] == ["latency (expected) low", "latency (expected) high"]
    assert low["Id"] == high["Id"] == "ad1"
    assert len(low["Values"]) == len(high["Values"]) == 36 * 12, "a band reaches into the future"
    bands = dict(zip(low["Timestamps"], zip(low["Values"], high["Values"], strict=True), strict=True))
    inside = [
        bands[at][0] <= value <= bands[at][1] for at, value in zip(seen["Timestamps"], seen["Values"], strict=True)
    ]
    assert sum(inside) / len(inside) > 0.95
    for at, (bottom, top) in bands.items():
        assert abs((bottom + top) / 2 - daily(at)) < 12
        assert top - bottom < 40


def test_too_few_data_are_told(cloudwatch, name, put):
    put("latency", [(NOW - timedelta(minutes=5), 1.0)], Service="web")
    cloudwatch.put_anomaly_detector(**single(name))
    wait_until(lambda: state(cloudwatch, name) == "TRAINED_INSUFFICIENT_DATA", timeout_s=30)
    _, low, high = band(cloudwatch, name, NOW - timedelta(hours=1), NOW)
    assert low["Values"] == high["Values"] == []


def test_a_detector_over_metric_math(cloudwatch, name, a_week):
    metric = {key: value for key, value in single(name).items() if key != "Stat"}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"}, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 * 10", "ReturnData": True},
    ]
    detector = {"MetricDataQueries": queries}
    cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=detector)
    asked = {"AnomalyDetectorTypes": ["METRIC_MATH"]}
    found = next(
        one
        for one in cloudwatch.describe_anomaly_detectors(**asked)["AnomalyDetectors"]
        if one["MetricMathAnomalyDetector"]["MetricDataQueries"][0]["MetricStat"]["Metric"]["Namespace"] == name
    )
    assert "SingleMetricAnomalyDetector" not in found
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[*queries, {"Id": "ad", "Expression": "ANOMALY_DETECTION_BAND(e1)"}],
        StartTime=NOW - timedelta(hours=2),
        EndTime=NOW,
    )
    _, low, high = found["MetricDataResults"]
    middle = (low["Values"][0] + high["Values"][0]) / 2
    assert abs(middle - 10 * daily(low["Timestamps"][0])) < 120
    cloudwatch.delete_anomaly_detector(MetricMathAnomalyDetector=detector)


def test_what_is_excluded_is_not_learnt(cloudwatch, name, put):
    times = [NOW - timedelta(minutes=5 * back) for back in range(288, 0, -1)]
    incident = NOW - timedelta(hours=16)
    put("latency", [(at, 1000.0 if at < incident + timedelta(hours=14) else 10.0) for at in times], Service="web")
    excluded = [{"StartTime": NOW - timedelta(days=2), "EndTime": incident + timedelta(hours=14)}]
    cloudwatch.put_anomaly_detector(
        SingleMetricAnomalyDetector=single(name),
        Configuration={"ExcludedTimeRanges": excluded, "MetricTimezone": "Europe/Berlin"},
    )
    wait_until(lambda: state(cloudwatch, name) == "TRAINED_INSUFFICIENT_DATA", timeout_s=30)
    _, low, high = band(cloudwatch, name, NOW - timedelta(minutes=10), NOW)
    assert low["Values"][0] <= 10 <= high["Values"][0] < 20


def test_a_detector_that_was_deleted_is_gone(cloudwatch, name):
    made = cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=single(name))
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=single(name))
    with pytest.raises(ClientError) as refused:
        cloudwatch.delete_anomaly_detector(AnomalyDetectorId=made["AnomalyDetectorId"])
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("ANOMALY_DETECTION_BAND(m1, 0)", "greater than 0"),
        ("ANOMALY_DETECTION_BAND(METRICS(), 2)", "takes the id of a metric"),
        ("ANOMALY_DETECTION_BAND(nothing, 2)", "undefined id"),
    ],
)
def test_a_band_of_nothing_is_refused(cloudwatch, name, expression, message):
    with pytest.raises(ClientError, match=message):
        band(cloudwatch, name, NOW - timedelta(hours=1), NOW, expression)
