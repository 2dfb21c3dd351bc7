"""CPU of reading a request and writing its answer, per operation and protocol. Prints one JSON line, in microseconds.

`checked member by member` is the second, interpretive look that only refused requests get: what every request would
cost without compiled types.

    .venv/bin/python -m benchmarks.protocols
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.parsers import create_parser
from tests.support import botocore_client

from trunkline.aws import models, protocols
from trunkline.aws.models.check import check
from trunkline.aws.models.scalars import JSON

NOW = datetime(2024, 2, 29, 12, 30, 45, 120000, tzinfo=UTC)
EVENTS = [{"timestamp": 1709209845000 + i, "message": f"line {i} of a log, as long as they are"} for i in range(100)]
METRICS = [
    {
        "MetricName": f"metric-{i}",
        "Dimensions": [{"Name": "Service", "Value": "hello"}],
        "Timestamp": NOW,
        "Value": 1.5 + i,
        "Unit": "Count",
    }
    for i in range(20)
]
IDENTITY = {"UserId": "000000000000", "Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}
OBJECT = {"ETag": '"e"', "Body": b"x" * 1024, "ContentLength": 1024, "LastModified": NOW, "ContentType": "text/plain"}
SERVICE = {"serviceName": "s", "createdAt": NOW, "events": [{"id": "e", "createdAt": NOW, "message": "m"}] * 50}
PUT_LOGS = {"logGroupName": "/app", "logStreamName": "s", "logEvents": EVENTS}
PUT_METRICS = {"Namespace": "App", "MetricData": METRICS}

CASES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("sts", "GetCallerIdentity", "query", {}, IDENTITY),
    ("logs", "PutLogEvents", "json", PUT_LOGS, {}),
    ("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor", PUT_METRICS, {}),
    ("cloudwatch", "PutMetricData", "json", PUT_METRICS, {}),
    ("cloudwatch", "PutMetricData", "query", PUT_METRICS, {}),
    ("ssm", "PutParameter", "json", {"Name": "/a", "Value": "v", "Type": "String"}, {"Version": 1, "Tier": "Standard"}),
    ("s3", "PutObject", "rest-xml", {"Bucket": "b", "Key": "a/b", "Body": b"x" * 1024}, {"ETag": '"e"'}),
    ("s3", "GetObject", "rest-xml", {"Bucket": "b", "Key": "a/b"}, OBJECT),
    ("ecs", "DescribeServices", "json", {"services": ["s"]}, {"services": [SERVICE]}),
]


def main() -> None:
    figures: dict[str, Any] = {"benchmark": "protocols", "unit": "us CPU"}
    for service, operation, protocol, params, result in CASES:
        request = botocore_client.request(service, operation, params, protocol)
        route = protocols.route(request)
        figures[f"{service} {operation} {protocol}"] = {
            "route": _cost(lambda request=request: protocols.route_head(request) or protocols.route(request)),
            "parse": _cost(lambda route=route, request=request: route.parse(request)),
            "answer": _cost(lambda route=route, result=result: route.answer(result, "request-id")),
        }
    logs = models.load("logs").operations["PutLogEvents"].input
    assert logs is not None
    figures["logs PutLogEvents checked member by member"] = _cost(lambda: check(logs, PUT_LOGS, JSON))
    cbor = botocore_client.request("cloudwatch", "PutMetricData", PUT_METRICS, "smithy-rpc-v2-cbor")
    parser = create_parser("smithy-rpc-v2-cbor")
    figures["cloudwatch PutMetricData CBOR decoded in pure Python"] = _cost(
        lambda: parser.parse_data_item(parser.get_peekable_stream_from_bytes(cbor.body))
    )
    print(json.dumps(figures))


def _cost(work: Callable[[], Any], rounds: int = 7, calls: int = 400) -> float:
    """The best of several rounds: what it costs when nothing else runs."""
    work()
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(calls):
            work()
        best = min(best, time.process_time() - begun)
    return round(best / calls * 1e6, 1)


if __name__ == "__main__":
    main()
