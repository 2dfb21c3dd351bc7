"""Invocations: waiting for the answer, handing over, by others' events; what they leave in logs and metrics."""

import base64
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


def messages(aws, function: str) -> list[str]:
    logs = aws("logs")
    try:
        return [one["message"] for one in logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def queue(aws, name: str, **attributes) -> tuple[str, str]:
    url = aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    got = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, got["Attributes"]["QueueArn"]


def received(aws, url: str) -> dict:
    def look():
        return aws("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")

    return wait_until(look, what="a message")[0]


def test_the_answer_the_log_and_the_metrics_of_an_invocation(aws, make):
    name = make()
    answer = aws("lambda").invoke(FunctionName=name, Payload=b'{"a": 1}', LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"a": 1} and answer["ExecutedVersion"] == "$LATEST"
    request_id = answer["ResponseMetadata"]["RequestId"]
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith(f"START RequestId: {request_id} Version: $LATEST\ngot {{'a': 1}}\n")
    wait_until(lambda: any("REPORT" in line for line in messages(aws, name)), what="the log")
    assert [line.split()[0] for line in messages(aws, name)] == ["INIT_START", "START", "got", "END", "REPORT"]

    def invocations():
        now = datetime.now(UTC)
        found = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Invocations",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return sum(one["Sum"] for one in found["Datapoints"]) == 1

    wait_until(invocations, what="the metric")


def test_an_error_of_the_handler_is_a_function_error(aws, make):
    name = make("def handler(event, context):\n    raise KeyError('missing')\n")
    answer = aws("lambda").invoke(FunctionName=name)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    document = json.loads(answer["Payload"].read())
    assert document["errorType"] == "KeyError" and document["stackTrace"]


def test_what_is_no_json_is_refused(aws, make):
    with pytest.raises(ClientError) as caught:
        aws("lambda").invoke(FunctionName=make(), Payload=b"{")
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_beyond_the_reserved_concurrency_calls_are_throttled(aws, make):
    name = make("import time\ndef handler(event, context):\n    time.sleep(1)\n")
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    def attempt(_) -> dict:
        try:
            return aws("lambda").invoke(FunctionName=name)
        except ClientError as error:
            return error.response

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(attempt, range(2)))
    refused = [one for one in answers if "Error" in one]
    assert len(refused) == 1 and refused[0]["Error"]["Code"] == "TooManyRequestsException"
    assert refused[0]["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert attempt(None)["Error"]["Message"] == "Rate Exceeded."


def test_an_event_is_queued_and_its_outcome_goes_to_a_destination(aws, make, name):
    url, arn = queue(aws, f"{name}-done")
    function = make()
    destination = {"OnSuccess": {"Destination": arn}}
    aws("lambda").put_function_event_invoke_config(FunctionName=function, DestinationConfig=destination)
    answer = aws("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"n": 7}')
    assert answer["StatusCode"] == 202
    record = json.loads(received(aws, url)["Body"])
    assert record["requestPayload"] == record["responsePayload"] == {"n": 7}
    assert record["requestContext"]["condition"] == "Success"


def test_an_event_that_fails_goes_to_the_dead_letter_queue_and_the_failure_destination(aws, make, name):
    dead_url, dead_arn = queue(aws, f"{name}-dead")
    failed_url, failed_arn = queue(aws, f"{name}-failed")
    function = make(
        "def handler(event, context):\n    raise ValueError('never')\n", DeadLetterConfig={"TargetArn": dead_arn}
    )
    aws("lambda").put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": failed_arn}}
    )
    aws("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"n": 7}')
    dead = received(aws, dead_url)
    assert json.loads(dead["Body"]) == {"n": 7}
    assert dead["MessageAttributes"]["ErrorMessage"]["StringValue"] == "never"
    record = json.loads(received(aws, failed_url)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responsePayload"]["errorMessage"] == "never"


def test_messages_of_a_queue_are_handed_over_and_those_that_fail_come_back(aws, make, name):
    url, arn = queue(aws, name, VisibilityTimeout="1")
    source = """
import json
seen = {}
def handler(event, context):
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        seen[body["n"]] = seen.get(body["n"], 0) + 1
        if body.get("twice") and seen[body["n"]] < 2:
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            print("took", body["n"], record["eventSourceARN"])
    return {"batchItemFailures": failed}
"""
    function = make(source)
    mapping = aws("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=function,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"body": {"n": [{"numeric": ["<", 9]}]}}'}]},
    )
    entries = [{"n": 1}, {"n": 2, "twice": True}, {"n": 9}]
    for entry in entries:
        aws("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(entry))

    def took():
        found = {line.split()[1] for line in messages(aws, function) if line.startswith("took")}
        return found == {"1", "2"}

    wait_until(took, what="both messages")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty():
        left = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return all(value == "0" for value in left.values())

    wait_until(empty, what="an empty queue")
    with pytest.raises(ClientError) as caught:
        aws("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)
    assert mapping["UUID"] in caught.value.response["Error"]["Message"]
    aws("lambda").delete_event_source_mapping(UUID=mapping["UUID"])


def test_streams_are_refused_by_name(aws, make):
    with pytest.raises(ClientError) as caught:
        aws("lambda").create_event_source_mapping(
            EventSourceArn="arn:aws:kinesis:us-east-1:000000000000:stream/s",
            FunctionName=make(),
            StartingPosition="LATEST",
        )
    assert "not from kinesis" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("permitted", [True, False])
def test_a_topic_invokes_a_function_as_far_as_its_policy_says(aws, make, name, permitted):
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    function = make("def handler(event, context):\n    print('heard', event['Records'][0]['Sns']['Message'])\n")
    lam = aws("lambda")
    arn = lam.get_function_configuration(FunctionName=function)["FunctionArn"]
    lam.add_permission(
        FunctionName=function,
        StatementId="t",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic if permitted else f"{topic}-other",
    )
    aws("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    aws("sns").publish(TopicArn=topic, Message="news")
    if permitted:
        wait_until(lambda: any(line.startswith("heard news") for line in messages(aws, function)), what="the call")
    else:
        caller = aws("lambda").invoke(FunctionName=function, Payload=b'{"Records": [{"Sns": {"Message": "mine"}}]}')
        assert "FunctionError" not in caller
        wait_until(lambda: any(line.startswith("heard mine") for line in messages(aws, function)), what="the log")
        assert not any(line.startswith("heard news") for line in messages(aws, function))


def test_a_function_answers_http(aws, make):
    source = """
def handler(event, context):
    if event["rawPath"] == "/plain":
        return {"path": event["rawPath"], "query": event.get("queryStringParameters")}
    return {"statusCode": 201, "headers": {"X-Seen": event["requestContext"]["http"]["method"]},
            "body": event["body"].upper(), "cookies": ["a=1"]}
"""
    lam, name = aws("lambda"), make(source)
    url = lam.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)
    assert caught.value.code == 403
    lam.add_permission(
        FunctionName=name,
        StatementId="all",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    with urllib.request.urlopen(f"{url}plain?a=1&a=2") as answer:
        assert json.loads(answer.read()) == {"path": "/plain", "query": {"a": "1,2"}}
    request = urllib.request.Request(url, data=b"hello", headers={"content-type": "text/plain"})
    with urllib.request.urlopen(request) as answer:
        assert (answer.status, answer.headers["x-seen"], answer.read()) == (201, "POST", b"HELLO")
        assert answer.headers["set-cookie"] == "a=1"


def test_an_answer_may_be_streamed(aws, make):
    answer = aws("lambda").invoke_with_response_stream(FunctionName=make(), Payload=b'"streamed"')
    events = list(answer["EventStream"])
    assert b"".join(e["PayloadChunk"]["Payload"] for e in events if "PayloadChunk" in e) == b'"streamed"'
    assert "InvokeComplete" in events[-1]
