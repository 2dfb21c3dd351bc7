"""The OpenTelemetry SDK with its own OTLP exporters, against the daemon's port and, signed, against the endpoint."""

import gzip
import json
import logging
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY, wait_until


class Signed(requests.auth.AuthBase):
    """Signs as AWS's collector does, over the bytes that are sent."""

    def __init__(self, service, key=ACCESS_KEY, secret=SECRET_KEY):
        self._service = service
        session = botocore.session.get_session()
        session.set_credentials(key, secret)
        self._credentials = session.get_credentials()

    def __call__(self, request):
        headers = {"Content-Type": request.headers["Content-Type"]}
        prepared = AWSRequest(request.method, request.url, headers=headers, data=request.body)
        SigV4Auth(self._credentials, self._service, REGION).add_auth(prepared)
        request.headers.update(prepared.headers.items())
        return request


@pytest.fixture
def daemon(server):
    return f"http://127.0.0.1:{server.xray_port}"


def signed(service):
    session = requests.Session()
    session.auth = Signed(service)
    return session


def figures(aws, namespace, metric, statistics, **dimensions):
    answer = aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=datetime.now(UTC) - timedelta(minutes=5),
        EndTime=datetime.now(UTC) + timedelta(minutes=5),
        Period=3600,
        **statistics,
    )
    points = answer["Datapoints"]
    return points[0] if points else None


class TestMetrics:
    def exported(self, name, exporter, record):
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        provider = MeterProvider([reader], resource=Resource({"service.name": name}))
        record(provider.get_meter("shop"))
        assert provider.force_flush()
        provider.shutdown()

    def test_counters_gauges_and_histograms_become_metrics(self, aws, daemon, name):
        def record(meter):
            meter.create_counter("orders", unit="{order}").add(3, {"kind": "book"})
            meter.create_gauge("depth").set(7.5)
            histogram = meter.create_histogram("latency", unit="ms")
            for value in [5.0] * 98 + [400.0, 900.0]:
                histogram.record(value)

        self.exported(name, OTLPMetricExporter(f"{daemon}/v1/metrics"), record)
        whole = {"Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"]}
        assert figures(aws, name, "orders", whole, kind="book")["Sum"] == 3
        assert figures(aws, name, "depth", whole)["Maximum"] == 7.5
        latency = figures(aws, name, "latency", whole)
        assert (latency["SampleCount"], latency["Minimum"], latency["Maximum"]) == (100, 5, 900)
        assert latency["Sum"] == pytest.approx(98 * 5 + 1300)
        assert latency["Unit"] == "Milliseconds"
        p99 = figures(aws, name, "latency", {"ExtendedStatistics": ["p99"]})["ExtendedStatistics"]["p99"]
        assert 100 < p99 <= 900

    def test_totals_are_told_once(self, aws, server, name):
        exporter = OTLPMetricExporter(f"{server.endpoint}/v1/metrics", session=signed("monitoring"))
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        provider = MeterProvider([reader], resource=Resource({"service.name": name}))
        counter = provider.get_meter("shop").create_counter("orders")
        for _ in range(3):  # each time the SDK tells the whole sum so far
            counter.add(2)
            assert provider.force_flush()
        provider.shutdown()
        assert figures(aws, name, "orders", {"Statistics": ["Sum"]})["Sum"] == 6

    def test_what_cannot_be_stored_is_told_as_partial_success(self, server, name):
        many = [{"key": f"k{number}", "value": {"stringValue": "v"}} for number in range(31)]
        points = [{"asDouble": 1, "timeUnixNano": "0", "attributes": attributes} for attributes in (many, many[:1])]
        body = {
            "resourceMetrics": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]},
                    "scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": points}}]}],
                }
            ]
        }
        answer = requests.post(f"{server.endpoint}/v1/metrics", json=body, auth=Signed("monitoring"))
        assert answer.status_code == 200
        partial = answer.json()["partialSuccess"]
        assert int(partial["rejectedDataPoints"]) == 1
        assert "31 attributes" in partial["errorMessage"]


class TestLogs:
    def exported(self, exporter, name):
        provider = LoggerProvider(Resource({"service.name": name}))
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(LoggingHandler(logger_provider=provider))
        logger.error("order %s failed", 17, extra={"order": 17})
        provider.shutdown()

    def test_records_go_to_the_group_and_stream_that_the_headers_name(self, aws, server, name):
        aws("logs").create_log_group(logGroupName=name)
        aws("logs").create_log_stream(logGroupName=name, logStreamName="one")
        headers = {"x-aws-log-group": name, "x-aws-log-stream": "one"}
        self.exported(OTLPLogExporter(f"{server.endpoint}/v1/logs", headers=headers, session=signed("logs")), name)
        events = aws("logs").get_log_events(logGroupName=name, logStreamName="one", startFromHead=True)["events"]
        told = json.loads(events[0]["message"])
        assert told["body"] == "order 17 failed"
        assert (told["severityNumber"], told["severityText"]) == (17, "ERROR")
        assert told["attributes"]["order"] == 17
        assert told["resource"]["attributes"]["service.name"] == name

    def test_the_daemon_makes_a_group_for_a_service(self, aws, daemon, name):
        self.exported(OTLPLogExporter(f"{daemon}/v1/logs"), name)
        events = aws("logs").filter_log_events(logGroupName=f"/otel/{name}")["events"]
        assert [json.loads(event["message"])["body"] for event in events] == ["order 17 failed"]

    def test_signed_requests_name_a_group_that_exists(self, server, name):
        answer = requests.post(f"{server.endpoint}/v1/logs", json={}, auth=Signed("logs"))
        assert (answer.status_code, answer.json()["code"]) == (400, 3)
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]}
        headers = {"x-aws-log-group": name, "x-aws-log-stream": "one"}
        answer = requests.post(f"{server.endpoint}/v1/logs", json=body, headers=headers, auth=Signed("logs"))
        assert "log group does not exist" in answer.json()["message"]


class TestTraces:
    @pytest.mark.parametrize("place", ["daemon", "endpoint"])
    def test_spans_of_a_request_become_one_trace(self, aws, server, daemon, name, place):
        if place == "daemon":
            exporter = OTLPSpanExporter(f"{daemon}/v1/traces")
        else:
            exporter = OTLPSpanExporter(f"{server.endpoint}/v1/traces", session=signed("xray"))
        provider = TracerProvider(resource=Resource({"service.name": name, "service.version": "7"}))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("shop")
        attributes = {"http.request.method": "GET", "url.full": "http://shop/orders", "http.response.status_code": 500}
        with tracer.start_as_current_span("GET /orders", kind=trace.SpanKind.SERVER, attributes=attributes) as span:
            trace_id = f"{span.get_span_context().trace_id:032x}"
            called = {"server.address": "payments", "http.request.method": "POST"}
            with (
                pytest.raises(ValueError),
                tracer.start_as_current_span("POST", kind=trace.SpanKind.CLIENT, attributes=called),
            ):
                raise ValueError("no money")
        provider.shutdown()

        def whole():
            found = aws("xray").batch_get_traces(TraceIds=[f"1-{trace_id[:8]}-{trace_id[8:]}"])["Traces"]
            return found and found[0]["Segments"]

        segments = [json.loads(one["Document"]) for one in wait_until(whole)]
        root = next(one for one in segments if one["name"] == name)
        assert root["fault"] is True
        assert root["http"] == {
            "request": {"method": "GET", "url": "http://shop/orders"},
            "response": {"status": 500},
        }
        assert root["service"] == {"version": "7"}
        call = root["subsegments"][0] if "subsegments" in root else next(s for s in segments if s is not root)
        assert (call["name"], call["namespace"]) == ("payments", "remote")
        exception = call["cause"]["exceptions"][0]
        assert (exception["type"], exception["message"]) == ("ValueError", "no money")
        assert exception["stack"][0]["label"].startswith("test_spans")


class TestErrors:
    """A google.rpc.Status in the request's own form."""

    def test_an_unsigned_request_to_the_endpoint_is_refused(self, server):
        for path in ("traces", "metrics", "logs"):
            answer = requests.post(f"{server.endpoint}/v1/{path}", json={})
            assert (answer.status_code, answer.json()["code"]) == (403, 7)

    def test_who_may_not_store_is_refused(self, aws, server, name):
        aws("iam").create_user(UserName=name)
        key = aws("iam").create_access_key(UserName=name)["AccessKey"]
        record = {"body": {"stringValue": "x"}}
        span = {"traceId": "4efaaf4d1e8720b39541901950019ee5", "spanId": "0102030405060708", "name": "x", "kind": 2}
        point = {"name": "m", "gauge": {"dataPoints": [{"asInt": "1"}]}}
        bodies = {
            "traces": ("xray", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}),
            "metrics": ("monitoring", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [point]}]}]}),
            "logs": ("logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}),
        }
        for path, (service, body) in bodies.items():
            auth = Signed(service, key["AccessKeyId"], key["SecretAccessKey"])
            headers = {"x-aws-log-group": name, "x-aws-log-stream": "one"}
            answer = requests.post(f"{server.endpoint}/v1/{path}", json=body, headers=headers, auth=auth)
            assert (answer.status_code, answer.json()["code"]) == (403, 7), answer.text
            assert "is not authorized to perform" in answer.json()["message"]

    def test_a_signature_for_another_service_is_refused(self, server):
        answer = requests.post(f"{server.endpoint}/v1/traces", json={}, auth=Signed("logs"))
        assert answer.status_code == 403
        assert "correct service: 'xray'" in answer.json()["message"]

    @pytest.mark.parametrize(
        ("kind", "body", "headers", "status"),
        [
            ("text/plain", b"", {}, 415),
            ("application/json", b"{", {}, 400),
            ("application/json", b'{"resourceMetrics": 7}', {}, 400),
            ("application/x-protobuf", b"\xff\xff", {}, 400),
            ("application/x-protobuf", b"nope", {"Content-Encoding": "gzip"}, 400),
            ("application/x-protobuf", gzip.compress(b"")[:-4], {"Content-Encoding": "gzip"}, 400),
            ("application/x-protobuf", b"", {"Content-Encoding": "br"}, 415),
            ("application/x-protobuf", gzip.compress(bytes(2_000_000)), {"Content-Encoding": "gzip"}, 413),
        ],
    )
    def test_what_is_no_request_is_refused(self, daemon, kind, body, headers, status):
        answer = requests.post(f"{daemon}/v1/metrics", data=body, headers={"Content-Type": kind, **headers})
        assert answer.status_code == status
        if kind == "application/x-protobuf":
            assert answer.headers["content-type"] == kind
            assert answer.content[:1] == b"\x08"

    def test_gzip_and_nothing_to_store_are_fine(self, daemon):
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        answer = requests.post(f"{daemon}/v1/metrics", data=gzip.compress(b""), headers=headers)
        assert answer.status_code == 200
        assert not ExportMetricsServiceResponse.FromString(answer.content).partial_success.rejected_data_points
