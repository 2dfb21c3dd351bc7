"""PutLogEvents at its limits: what AWS refuses, rejects or ignores.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

import json
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.support.log_events import code, events, message, now_ms, texts
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY

DAY = 86_400_000
HOUR = 3_600_000


@pytest.fixture
def unchecked(server):
    """A client that sends what the SDK would refuse."""
    return server.client("logs", validate=False)


def test_takes_ten_thousand_events_and_no_more(logs, unchecked, stream):
    start = now_ms() - 60_000
    batch = [{"timestamp": start, "message": "x"}] * 10_000
    logs.put_log_events(**stream, logEvents=batch)
    assert len(logs.get_log_events(**stream)["events"]) == 10_000
    with pytest.raises(ClientError) as error:
        unchecked.put_log_events(**stream, logEvents=[*batch, batch[0]])
    assert code(error) == "InvalidParameterException"
    assert "Member must have length less than or equal to 10000" in message(error)


def test_takes_a_megabyte_and_not_a_byte_more(logs, stream):
    exactly = 1_048_576 - 26
    logs.put_log_events(**stream, logEvents=events("é" * (exactly // 2)))
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**stream, logEvents=events("x" * (exactly + 1)))
    assert code(error) == "InvalidParameterException"
    assert message(error) == "Upload too large: 1048577 bytes exceeds limit of 1048576"
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**stream, logEvents=events("x" * 1_048_577))
    assert message(error) == "Log event too large: 1048577 bytes exceeds limit of 1048576"


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ([], "at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"),
        ([{"timestamp": 1, "message": ""}], "Member must have length greater than or equal to 1"),
        ([{"timestamp": -1, "message": "x"}], "Member must have value greater than or equal to 0"),
        ([{"message": "x"}], "Member must not be null"),
    ],
)
def test_refuses_events_that_are_none(unchecked, stream, batch, said):
    with pytest.raises(ClientError) as error:
        unchecked.put_log_events(**stream, logEvents=batch)
    assert code(error) == "InvalidParameterException" and said in message(error)


def test_events_must_be_in_order_and_within_a_day(logs, stream):
    now = now_ms()
    with pytest.raises(ClientError) as error:
        logs.put_log_events(**stream, logEvents=[{"timestamp": now - i, "message": "x"} for i in range(2)])
    assert message(error) == "Log events in a single PutLogEvents request must be in chronological order."
    with pytest.raises(ClientError) as error:
        batch = [{"timestamp": now - DAY - 1, "message": "x"}, {"timestamp": now, "message": "y"}]
        logs.put_log_events(**stream, logEvents=batch)
    assert message(error) == (
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    )


def test_says_which_events_are_expired(logs, stream):
    logs.put_retention_policy(logGroupName=stream["logGroupName"], retentionInDays=1)
    now = now_ms()
    batch = [{"timestamp": now - 25 * HOUR, "message": "old"}, {"timestamp": now - 2 * HOUR, "message": "new"}]
    answer = logs.put_log_events(**stream, logEvents=batch)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert texts(logs.get_log_events(**stream)) == ["new"]
    answer = logs.put_log_events(**stream, logEvents=[{"timestamp": now + 3 * HOUR, "message": "future"}])
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}


def test_sequence_tokens_mean_nothing(logs, stream):
    for token in ("49500000000000000000000000000000000000000000000000000000", "nonsense", "nonsense"):
        answer = logs.put_log_events(**stream, logEvents=events("x"), sequenceToken=token)
        assert len(answer["nextSequenceToken"]) == 56
    assert len(logs.get_log_events(**stream)["events"]) == 3


@pytest.mark.parametrize(
    ("entity", "error_type"),
    [
        ({"keyAttributes": {"Type": "Service", "Name": "a", "Environment": "b"}}, None),
        ({"keyAttributes": {"Type": "AWS::Resource", "ResourceType": "AWS::EC2::Instance", "Identifier": "i"}}, None),
        ({"keyAttributes": {"Type": "Fruit", "Name": "a"}}, "InvalidTypeValue"),
        ({"keyAttributes": {"Type": "Service", "Name": "a"}}, "MissingRequiredFields"),
        ({"keyAttributes": {"Type": "Service", "Colour": "red"}}, "InvalidKeyAttributes"),
        ({"attributes": {"a": "b"}}, "MissingRequiredFields"),
    ],
)
def test_an_entity_that_is_none_is_rejected_and_the_events_are_kept(logs, stream, entity, error_type):
    answer = logs.put_log_events(**stream, logEvents=events("x"), entity=entity)
    expected = None if error_type is None else {"errorType": error_type}
    assert answer.get("rejectedEntityInfo") == expected
    assert texts(logs.get_log_events(**stream)) == ["x"]


def post(server, body: bytes) -> tuple[int, dict]:
    """A signed PutLogEvents whose body no SDK would send."""
    headers = {"X-Amz-Target": "Logs_20140328.PutLogEvents", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", f"{server.endpoint}/", data=body, headers=headers)
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "logs", REGION).add_auth(request)
    sent = urllib.request.Request(f"{server.endpoint}/", data=body, headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\\ud800"], ids=["bytes", "a lone surrogate"])
def test_broken_text_is_refused_whole(server, logs, stream, text):
    body = json.dumps({**stream, "logEvents": [{"timestamp": now_ms(), "message": "MESSAGE"}]}).encode()
    status, answer = post(server, body.replace(b"MESSAGE", text))
    assert status == 400 and answer["__type"].endswith("SerializationException")
    assert logs.get_log_events(**stream)["events"] == []


def test_any_other_text_comes_back_as_it_was(logs, stream):
    odd = ["\x00\x01\x1b[31m", " ", "\r\n\t", "\U0001f600 e\u0301", "\u202e\ufeff\ufffd", '"\\']
    logs.put_log_events(**stream, logEvents=events(*odd))
    assert texts(logs.get_log_events(**stream, startFromHead=True)) == odd
