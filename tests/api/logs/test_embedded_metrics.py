"""Embedded metric format: log events that carry metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import asyncio
import json
import time
from datetime import UTC, datetime

from aws_embedded_metrics.config import get_config
from aws_embedded_metrics.environment.local_environment import LocalEnvironment
from aws_embedded_metrics.logger.metrics_logger import MetricsLogger
from aws_embedded_metrics.serializers.log_serializer import LogSerializer
from aws_embedded_metrics.sinks import Sink
from tests.support.log_events import events, now_ms, texts

from trunkline.services.logs import embedded_metrics


class EndpointSink(Sink):
    """Sends what the library makes to the endpoint, as the agent would."""

    def __init__(self, logs, stream):
        self._logs, self._stream = logs, stream

    @staticmethod
    def name() -> str:
        return "EndpointSink"

    def accept(self, context):
        lines = LogSerializer.serialize(context)
        self._logs.put_log_events(**self._stream, logEvents=events(*lines, start=now_ms()))


class EndpointEnvironment(LocalEnvironment):
    def __init__(self, sink):
        super().__init__()
        self.sink = sink

    def get_sink(self):
        return self.sink


def statistics(aws, namespace, metric, dimensions=(), period=60):
    found = aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
        StartTime=time.time() - 600,
        EndTime=time.time() + 60,
        Period=period,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    return {
        "Sum": sum(point["Sum"] for point in found),
        "SampleCount": sum(point["SampleCount"] for point in found),
        "Maximum": max((point["Maximum"] for point in found), default=None),
        "Units": {point["Unit"] for point in found},
    }


def test_what_the_library_of_aws_logs_becomes_metrics(aws, logs, stream, name):
    get_config().service_name = "orders"

    async def environment():
        return EndpointEnvironment(EndpointSink(logs, stream))

    async def log():
        metrics = MetricsLogger(environment)
        metrics.set_namespace(name)
        metrics.set_dimensions({"Service": "orders"}, {"Service": "orders", "Zone": "a"})
        metrics.set_property("RequestId", "4-2")
        for value in (100, 250.5):
            metrics.put_metric("Latency", value, "Milliseconds")
        metrics.put_metric("Quick", 3, "Count", 1)
        for value in range(150):  # more than a document holds
            metrics.put_metric("Many", value, "Count")
        await metrics.flush()

    asyncio.run(log())
    latency = statistics(aws, name, "Latency", [("Service", "orders")])
    assert latency == {"Sum": 350.5, "SampleCount": 2, "Maximum": 250.5, "Units": {"Milliseconds"}}
    assert statistics(aws, name, "Latency", [("Service", "orders"), ("Zone", "a")])["SampleCount"] == 2
    assert statistics(aws, name, "Many", [("Service", "orders")])["SampleCount"] == 150
    assert statistics(aws, name, "Quick", [("Service", "orders")], period=1)["Sum"] == 3
    stored = texts(logs.get_log_events(**stream, startFromHead=True))
    assert json.loads(stored[0])["RequestId"] == "4-2"


def document(namespace="App", **changes):
    directive = {"Namespace": namespace, "Dimensions": [["Service"]], "Metrics": [{"Name": "Took", "Unit": "Seconds"}]}
    directive |= changes.pop("directive", {})
    return {
        "_aws": {"Timestamp": now_ms(), "CloudWatchMetrics": [directive]},
        "Service": "a",
        "Took": 1.5,
        **changes,
    }


def test_a_faulty_document_stays_a_line_and_makes_no_metric(aws, logs, stream, name):
    faulty = json.dumps(document(name, Service=7))
    logs.put_log_events(**stream, logEvents=events(faulty, json.dumps(document(name)), "no document at all"))
    assert texts(logs.get_log_events(**stream, startFromHead=True))[0] == faulty
    assert statistics(aws, name, "Took", [("Service", "a")])["SampleCount"] == 1
    assert len(aws("cloudwatch").list_metrics(Namespace=name)["Metrics"]) == 1


def test_the_logs_format_header_of_agents_is_accepted(aws, server, stream, name):
    client = server.client("logs")

    def say_format(params, **_):
        params["headers"]["x-amzn-logs-format"] = "json/emf"

    client.meta.events.register("before-call.cloudwatch-logs.PutLogEvents", say_format)
    client.put_log_events(**stream, logEvents=events(json.dumps(document(name))))
    assert statistics(aws, name, "Took", [("Service", "a")])["Sum"] == 1.5


def extracted(*documents):
    return embedded_metrics.extract([json.dumps(one) for one in documents], now_ms())


def test_reads_the_example_of_the_specification():
    at = now_ms()
    example = {
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [
                {
                    "Namespace": "lambda-function-metrics",
                    "Dimensions": [["functionVersion"]],
                    "Metrics": [{"Name": "time", "Unit": "Milliseconds", "StorageResolution": 60}],
                }
            ],
        },
        "functionVersion": "$LATEST",
        "time": 100,
        "requestId": "989ffbf8-9ace-4817-a57c-e4dd734019ee",
    }
    assert extracted(example).data == {
        "lambda-function-metrics": [
            {
                "MetricName": "time",
                "Values": [100],
                "Unit": "Milliseconds",
                "StorageResolution": 60,
                "Dimensions": [{"Name": "functionVersion", "Value": "$LATEST"}],
                "Timestamp": datetime.fromtimestamp(at / 1000, UTC),
            }
        ]
    }


def test_holds_documents_to_the_limits_of_the_specification():
    names = [f"d{number}" for number in range(31)]
    wide = dict.fromkeys(names, "x")
    metrics = [{"Name": "Took"}] * 101
    faulty = [
        document(""),
        document("AWS/EC2"),
        document(directive={"Dimensions": [names]}, **wide),
        document(directive={"Dimensions": [["Missing"]]}),
        document(directive={"Dimensions": "Service"}),
        document(directive={"Dimensions": [["Service"]] * 101}),
        document(directive={"Metrics": metrics}),
        document(directive={"Metrics": []}),
        document(directive={"Metrics": [{"Name": "Missing"}]}),
        document(directive={"Metrics": [{"Name": "Took", "Unit": "Parsecs"}]}),
        document(directive={"Metrics": [{"Name": "Took", "StorageResolution": 5}]}),
        document(Took="1.5"),
        document(Took=True),
        document(Took=[]),
        document(Took=[1] * 101),
        document(Took=1e200),
        document(Service=""),
        {**document(), "_aws": {"CloudWatchMetrics": []}},
        {**document(), "_aws": {"Timestamp": now_ms() - 20 * 86_400_000, "CloudWatchMetrics": []}},
        {**document(), "_aws": {"Timestamp": now_ms(), "CloudWatchMetrics": [7]}},
    ]
    for one in faulty:
        found = extracted(one)
        assert found.data == {} and found.invalid == 1, one
    right = [
        document(directive={"Dimensions": [names[:30]]}, **wide),
        document(directive={"Dimensions": []}),
        document(directive={"Dimensions": [[]]}),
        document(directive={"Metrics": metrics[:100]}),
        document(Took=[1] * 100),
    ]
    for one in right:
        assert extracted(one).data["App"], one


def test_lines_that_only_speak_of_the_format_are_no_documents():
    found = embedded_metrics.extract(
        ['see "_aws" and CloudWatchMetrics', '["_aws", "CloudWatchMetrics"]', '{"a": {"_aws": "CloudWatchMetrics"}}'], 0
    )
    assert (found.data, found.unparsed, found.invalid) == ({}, 0, 0)
    assert embedded_metrics.extract(['{"_aws": {"CloudWatchMetrics": ['], 0).unparsed == 1
