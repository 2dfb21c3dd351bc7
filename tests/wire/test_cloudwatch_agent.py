"""The CloudWatch agent's requests as it sends them: gzipped forms with values and counts, log events in the embedded
metric format with its header. https://github.com/aws/amazon-cloudwatch-agent (plugins/outputs)"""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import requests
from tests.support.server import wait_until
from tests.wire.test_opentelemetry import Signed


def sums(aws, namespace, metric, **dimensions):
    answer = aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    return [(one["Sum"], one["SampleCount"]) for one in answer["Datapoints"]]


def test_metrics_come_as_gzipped_forms_with_values_and_counts(aws, server, name):
    member = "MetricData.member.1"
    form = {
        "Action": "PutMetricData",
        "Version": "2010-08-01",
        "Namespace": name,
        f"{member}.MetricName": "mem_used_percent",
        f"{member}.Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{member}.StorageResolution": "60",
        f"{member}.Unit": "Percent",
        f"{member}.Dimensions.member.1.Name": "host",
        f"{member}.Dimensions.member.1.Value": "ip-10-0-0-1",
        f"{member}.Values.member.1": "12.5",
        f"{member}.Values.member.2": "20",
        f"{member}.Counts.member.1": "4",
        f"{member}.Counts.member.2": "1",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Content-Encoding": "gzip"}
    body = gzip.compress(urlencode(form).encode())
    answer = requests.post(server.endpoint, data=body, headers=headers, auth=Signed("monitoring"))
    assert answer.status_code == 200, answer.text
    assert sums(aws, name, "mem_used_percent", host="ip-10-0-0-1") == [(70, 5)]


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_log_events_in_the_embedded_metric_format_make_metrics(aws, server, name, is_packed):
    aws("logs").create_log_group(logGroupName=name)
    aws("logs").create_log_stream(logGroupName=name, logStreamName="one")
    now = int(time.time() * 1000)
    definition = {"Namespace": name, "Dimensions": [["service"]], "Metrics": [{"Name": "latency", "Unit": "Count"}]}
    message = {"_aws": {"Timestamp": now, "CloudWatchMetrics": [definition]}, "service": "shop", "latency": 7}
    body = json.dumps(
        {
            "logGroupName": name,
            "logStreamName": "one",
            "logEvents": [{"timestamp": now, "message": json.dumps(message)}],
        }
    ).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "Logs_20140328.PutLogEvents",
        "x-amzn-logs-format": "json/emf",
        **({"Content-Encoding": "gzip"} if is_packed else {}),
    }
    sent = gzip.compress(body) if is_packed else body
    answer = requests.post(server.endpoint, data=sent, headers=headers, auth=Signed("logs"))
    assert answer.status_code == 200, answer.text
    wait_until(lambda: sums(aws, name, "latency", service="shop") == [(7, 1)], what="the metric")
