"""What spans become: names, requests, calls, outcomes, by the conventions of AWS's collector."""

import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from trunkline.agents.otlp.traces import documents

TRACE, SPAN, PARENT = bytes.fromhex("4efaaf4d1e8720b39541901950019ee5"), bytes(range(1, 9)), bytes(range(2, 10))
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
REMOTE = 0x300


def fill(pairs, values):
    for key, held in values.items():
        pair = pairs.add(key=key)
        if isinstance(held, list):
            for one in held:
                pair.value.array_value.values.add(string_value=one)
        else:
            kind = {bool: "bool_value", int: "int_value", float: "double_value"}.get(type(held), "string_value")
            setattr(pair.value, kind, held)


def segments(kind=SERVER, attributes=(), resource=(), *, parent=b"", marks=None, **more):
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    fill(spans.resource.attributes, {"service.name": "shop", **dict(resource)})
    span = spans.scope_spans.add().spans.add(
        name="GET /orders", trace_id=TRACE, span_id=SPAN, parent_span_id=parent, kind=kind,
        start_time_unix_nano=1_700_000_000_000_000_000, end_time_unix_nano=1_700_000_001_500_000_000,
        flags=more.pop("flags", 0),
    )  # fmt: skip
    fill(span.attributes, dict(attributes))
    span.status.code = more.pop("status", 0)
    for event in more.pop("exceptions", ()):
        fill(span.events.add(name="exception").attributes, event)
    found, bad = documents(request, marks or {})
    assert not bad
    return [json.loads(one) for one in found]


def segment(*args, **more):
    (found,) = segments(*args, **more)
    return found


def test_an_entry_is_a_segment_of_its_service():
    found = segment(marks={"deployment": "d-1"}, parent=PARENT)
    assert found["name"] == "shop"
    assert found["trace_id"] == "1-4efaaf4d-1e8720b39541901950019ee5"
    assert (found["id"], found["parent_id"]) == (SPAN.hex(), PARENT.hex())
    assert (found["start_time"], found["end_time"]) == (1_700_000_000.0, 1_700_000_001.5)
    assert found["annotations"] == {"deployment": "d-1"}
    assert found["metadata"]["default"]["otel.resource.service.name"] == "shop"
    assert "type" not in found


def test_what_is_inside_is_a_subsegment():
    found = segment(1, parent=PARENT, marks={"deployment": "d-1"})
    assert (found["type"], found["parent_id"], found["name"]) == ("subsegment", PARENT.hex(), "GET /orders")
    assert "annotations" not in found


def test_a_consumer_whose_parent_is_elsewhere_is_an_entry():
    assert segment(CONSUMER, parent=PARENT, flags=REMOTE)["name"] == "shop"
    assert segment(CONSUMER, parent=PARENT)["type"] == "subsegment"


def test_a_trace_that_begins_with_a_call_has_a_segment_around_it():
    own, call = segments(CLIENT, {"server.address": "payments"}, status=2)
    assert (own["name"], call["name"], call["namespace"]) == ("shop", "payments", "remote")
    assert (call["parent_id"], call["type"]) == (own["id"], "subsegment")
    assert own["fault"] is call["fault"] is True
    assert segments(CLIENT)[0]["id"] == own["id"]


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "http.request.method": "POST", "url.full": "http://shop:8080/a?b=1", "http.response.status_code": 201,
            "user_agent.original": "curl", "client.address": "10.0.0.1", "http.response.body.size": 7,
        },
        {
            "http.method": "POST", "http.url": "http://shop:8080/a?b=1", "http.status_code": 201,
            "http.user_agent": "curl", "http.client_ip": "10.0.0.1", "http.response_content_length": 7,
        },
        {
            "http.request.method": "POST", "url.scheme": "http", "server.address": "shop", "server.port": 8080,
            "url.path": "/a", "url.query": "b=1", "http.response.status_code": 201, "user_agent.original": "curl",
            "client.address": "10.0.0.1", "http.response.body.size": 7,
        },
    ],
    ids=["stable", "old", "in parts"],
)  # fmt: skip
def test_requests_are_read_in_new_and_old_words(attributes):
    found = segment(SERVER, attributes)
    assert found["http"] == {
        "request": {"method": "POST", "url": "http://shop:8080/a?b=1", "user_agent": "curl", "client_ip": "10.0.0.1"},
        "response": {"status": 201, "content_length": 7},
    }
    assert "fault" not in found
    assert set(found["metadata"]["default"]) == {"otel.resource.service.name"}


@pytest.mark.parametrize(
    ("attributes", "name", "namespace"),
    [
        ({"peer.service": "billing", "server.address": "x"}, "billing", "remote"),
        ({"rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "PutItem"}, "DynamoDB", "aws"),
        ({"db.system": "postgresql", "db.namespace": "orders", "server.address": "db1"}, "orders@db1", "remote"),
        ({"db.system": "redis", "net.peer.name": "cache"}, "cache", "remote"),
        ({"rpc.system": "grpc", "rpc.service": "shop.Orders"}, "shop.Orders", "remote"),
        ({"url.full": "https://api.example.com/x"}, "api.example.com", "remote"),
        ({}, "GET /orders", "remote"),
    ],
)
def test_a_call_has_the_name_of_who_is_called(attributes, name, namespace):
    found = segment(CLIENT, attributes, parent=PARENT)
    assert (found["name"], found["namespace"]) == (name, namespace)


def test_calls_of_aws_and_of_databases_are_described():
    attributes = {
        "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "PutItem", "aws.request_id": "r-1",
        "aws.dynamodb.table_names": ["orders"], "cloud.region": "eu-west-1",
    }  # fmt: skip
    assert segment(CLIENT, attributes, parent=PARENT)["aws"] == {
        "operation": "PutItem", "request_id": "r-1", "table_name": "orders", "region": "eu-west-1",
    }  # fmt: skip
    attributes = {
        "db.system": "postgresql", "db.name": "orders", "server.address": "db1", "server.port": 5432,
        "db.user": "app", "db.statement": "SELECT 1",
    }  # fmt: skip
    assert segment(CLIENT, attributes, parent=PARENT)["sql"] == {
        "url": "db1:5432/orders", "database_type": "postgresql", "user": "app", "sanitized_query": "SELECT 1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code", "flags"),
    [
        (0, None, set()),
        (2, None, {"fault"}),
        (0, 500, {"fault"}),
        (0, 404, {"error"}),
        (2, 404, {"error"}),
        (0, 429, {"error", "throttle"}),
        (2, 200, {"fault"}),
    ],
)
def test_an_http_status_says_more_than_the_spans(status, code, flags):
    found = segment(SERVER, {"http.response.status_code": code} if code else {}, status=status)
    assert {flag for flag in ("fault", "error", "throttle") if found.get(flag)} == flags


@pytest.mark.parametrize(
    ("stacktrace", "frames"),
    [
        (
            'Traceback (most recent call last):\n  File "/app/a.py", line 3, in main\n    pay()\n'
            '  File "/app/b.py", line 9, in pay\n    raise ValueError\nValueError',
            [{"path": "/app/b.py", "line": 9, "label": "pay"}, {"path": "/app/a.py", "line": 3, "label": "main"}],
        ),
        (
            "java.lang.Error: no\n\tat com.shop.Pay.charge(Pay.java:42)\n\tat com.shop.Main.main(Main.java)",
            [
                {"path": "Pay.java", "line": 42, "label": "com.shop.Pay.charge"},
                {"path": "Main.java", "line": 0, "label": "com.shop.Main.main"},
            ],
        ),
        (
            "Error: no\n    at pay (/app/pay.js:7:11)\n    at /app/index.js:3:1",
            [
                {"path": "/app/pay.js", "line": 7, "label": "pay"},
                {"path": "/app/index.js", "line": 3, "label": "<anonymous>"},
            ],
        ),
        ("", None),
    ],
    ids=["python", "java", "javascript", "none"],
)
def test_exceptions_are_told_with_their_stack(stacktrace, frames):
    told = {"exception.type": "Oops", "exception.message": "no", "exception.stacktrace": stacktrace}
    (found,) = segment(status=2, exceptions=[told])["cause"]["exceptions"]
    assert (found["type"], found["message"], found.get("stack")) == ("Oops", "no", frames)


def test_annotations_are_what_was_named_and_the_rest_is_metadata():
    attributes = {
        "aws.xray.annotations": ["order.id"], "order.id": 17, "annotation.kind": "book", "metadata.debug.sql": "x",
        "note": "y",
    }  # fmt: skip
    found = segment(1, attributes, parent=PARENT)
    assert found["annotations"] == {"order_id": 17, "kind": "book"}
    assert found["metadata"] == {"debug": {"sql": "x"}, "default": {"note": "y"}}


def test_where_a_service_runs_is_told():
    resource = {
        "cloud.provider": "aws", "cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate", "cloud.account.id": "1",
        "aws.ecs.task.arn": "arn:task", "container.name": "web", "service.version": "7",
        "telemetry.sdk.language": "python", "telemetry.sdk.version": "1.45", "aws.log.group.names": ["/ecs/shop"],
    }  # fmt: skip
    found = segment(SERVER, (), resource)
    assert found["origin"] == "AWS::ECS::Fargate"
    assert found["service"] == {"version": "7"}
    assert found["aws"]["ecs"] == {"container": "web", "task_arn": "arn:task", "launch_type": "fargate"}
    assert found["aws"]["xray"] == {"sdk": "opentelemetry for python", "sdk_version": "1.45"}
    assert found["aws"]["cloudwatch_logs"] == [{"log_group": "/ecs/shop"}]
    assert found["aws"]["account_id"] == "1"
    assert segment(SERVER, (), {"cloud.platform": "aws_lambda"})["origin"] == "AWS::Lambda::Function"


def test_spans_without_ids_are_left_out_and_counted():
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(name="a", trace_id=bytes(16), span_id=SPAN)
    spans.add(name="b", trace_id=TRACE, span_id=b"\1")
    found, bad = documents(request, {})
    assert (found, len(bad)) == ([], 2)
