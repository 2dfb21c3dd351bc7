"""Segments of functions, and the trace header on its way through them."""

import json
import uuid

import pytest
from tests.support.server import wait_until

PARENT = "53995c3f42cd8ad8"
HEADER = "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
FAILS = "def handler(event, context):\n    raise ValueError('no such order')\n"


@pytest.fixture
def trace_id():
    return f"1-67891233-{uuid.uuid4().hex[:24]}"


def invoked(server, function, header, **more):
    """What the function answers to a request with a trace header."""
    client = server.client("lambda")
    if header:
        client.meta.events.register(
            "before-sign.lambda.Invoke", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", header)
        )
    answer = client.invoke(FunctionName=function, **more)
    return json.loads(answer["Payload"].read() or "null")


def segments(aws, trace_id, count=2):
    def stored():
        found = aws("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
        documents = [json.loads(one["Document"]) for one in found[0]["Segments"]] if found else []
        return len(documents) >= count and {one["origin"]: one for one in documents}

    return wait_until(stored, what="the segments")


def fields(header):
    return dict(part.split("=") for part in header.split(";"))


def test_active_tracing_makes_the_segments_of_the_service_and_the_function(aws, server, make, trace_id):
    function = make(HEADER, TracingConfig={"Mode": "Active"})
    told = fields(invoked(server, function, f"Root={trace_id};Parent={PARENT};Sampled=1"))
    found = segments(aws, trace_id)
    service, code = found["AWS::Lambda"], found["AWS::Lambda::Function"]
    assert (told["Root"], told["Parent"], told["Sampled"]) == (trace_id, code["id"], "1")
    assert (service["parent_id"], code["parent_id"]) == (PARENT, service["id"])
    assert service["name"] == code["name"] == function
    assert service["http"]["response"]["status"] == 200
    assert [part["name"] for part in code["subsegments"]] == ["Initialization", "Invocation", "Overhead"]
    assert all(part["start_time"] <= part["end_time"] for part in code["subsegments"])
    assert code["aws"]["cold_start"] is True
    assert code["annotations"] == {"revision": "$LATEST"}


def test_a_failure_is_told_with_its_exception(aws, server, make, trace_id):
    invoked(server, make(FAILS, TracingConfig={"Mode": "Active"}), f"Root={trace_id};Sampled=1")
    found = segments(aws, trace_id)
    assert found["AWS::Lambda"]["fault"] is True
    (exception,) = found["AWS::Lambda::Function"]["cause"]["exceptions"]
    assert (exception["type"], exception["message"]) == ("ValueError", "no such order")


def test_an_event_waits_in_the_trace(aws, server, make, trace_id):
    function = make(HEADER, TracingConfig={"Mode": "Active"})
    invoked(server, function, f"Root={trace_id};Sampled=1", InvocationType="Event")
    service = segments(aws, trace_id)["AWS::Lambda"]
    assert [part["name"] for part in service["subsegments"]] == ["Dwell Time", "Attempt #1"]


def test_the_first_request_of_a_second_is_traced_where_nobody_decided(aws, server, make):
    function = make(HEADER, TracingConfig={"Mode": "Active"})
    told = fields(invoked(server, function, ""))
    assert told["Sampled"] == "1"
    segments(aws, told["Root"])


def test_passing_through_hands_the_header_on(server, make, trace_id):
    function = make(HEADER)
    header = f"Root={trace_id};Parent={PARENT};Sampled=1"
    assert invoked(server, function, header) == header
    assert fields(invoked(server, function, ""))["Sampled"] == "0"


def test_a_queue_hands_the_header_on(aws, server, name):
    url = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    client = server.client("sqs")
    header = f"Root=1-67891233-{uuid.uuid4().hex[:24]};Sampled=1"
    client.meta.events.register(
        "before-sign.sqs.SendMessage", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", header)
    )
    client.send_message(QueueUrl=url, MessageBody="x")
    got = aws("sqs").receive_message(QueueUrl=url, MessageSystemAttributeNames=["AWSTraceHeader"], WaitTimeSeconds=5)
    assert got["Messages"][0]["Attributes"] == {"AWSTraceHeader": header}


def test_a_topic_hands_the_header_on_to_queues_and_functions(aws, server, make, name, trace_id):
    function = make(HEADER, TracingConfig={"Mode": "Active"})
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    arn = aws("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    aws("lambda").add_permission(
        FunctionName=function, StatementId="t", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    url = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [allowed]})})
    aws("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    client, header = server.client("sns"), f"Root={trace_id};Parent={PARENT};Sampled=1"
    client.meta.events.register(
        "before-sign.sns.Publish", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", header)
    )
    client.publish(TopicArn=topic, Message="x")
    got = aws("sqs").receive_message(QueueUrl=url, MessageSystemAttributeNames=["AWSTraceHeader"], WaitTimeSeconds=10)
    assert got["Messages"][0]["Attributes"] == {"AWSTraceHeader": header}
    assert segments(aws, trace_id)["AWS::Lambda"]["parent_id"] == PARENT
