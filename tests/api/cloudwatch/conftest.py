"""What the tests of CloudWatch share."""

import pytest


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def put(cloudwatch, name):
    """Put values of metrics into the test's own namespace: put("latency", [(time, value), …], Dim="x")."""

    def put(metric, points, unit="None", **dimensions):
        named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        data = [
            {"MetricName": metric, "Dimensions": named, "Timestamp": at, "Value": value, "Unit": unit}
            for at, value in points
        ]
        for start in range(0, len(data), 1000):
            cloudwatch.put_metric_data(Namespace=name, MetricData=data[start : start + 1000])

    return put
