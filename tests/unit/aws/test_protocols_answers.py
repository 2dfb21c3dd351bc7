"""Answers whose form botocore's parsers do not settle: S3's roots, streams, event streams, headers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from botocore.eventstream import EventStreamBuffer

from trunkline.aws import models, protocols
from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.protocols import event_stream

MOMENT = datetime(2024, 2, 29, 12, 30, 45, 123456, tzinfo=UTC)


def _answer(service: str, operation: str, doc: dict[str, Any], protocol: str) -> Response:
    return protocols.wire_of(models.load(service).operations[operation], protocol).answer(doc, "id-1")


def test_query_answers_are_wrapped_and_carry_the_request_id() -> None:
    doc = {"UserId": "u", "Account": "000000000000", "Arn": None}
    assert _answer("sts", "GetCallerIdentity", doc, "query").body == (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        b"<UserId>u</UserId><Account>000000000000</Account></GetCallerIdentityResult>"
        b"<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def test_s3_answers_have_aws_roots() -> None:
    listed = _answer(
        "s3", "ListObjectsV2", {"Name": "b", "Contents": [{"Key": "k", "LastModified": MOMENT}]}, "rest-xml"
    )
    assert listed.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Contents><Key>k</Key><LastModified>2024-02-29T12:30:45.123Z</LastModified></Contents><Name>b</Name>"
        b"</ListBucketResult>"
    )
    located = _answer("s3", "GetBucketLocation", {"LocationConstraint": "eu-west-1"}, "rest-xml")
    assert isinstance(located.body, bytes)
    assert located.body.endswith(b'2006-03-01/">eu-west-1</LocationConstraint>')
    copied = _answer("s3", "CopyObject", {"CopyObjectResult": {"ETag": '"e"'}, "VersionId": "v"}, "rest-xml")
    assert isinstance(copied.body, bytes)
    assert b"<CopyObjectResult xmlns" in copied.body
    assert ("x-amz-version-id", "v") in copied.headers


async def test_s3_bodies_and_metadata_stream_through() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    doc = {"Body": chunks(), "ContentLength": 6, "LastModified": MOMENT, "Metadata": {"a": "é"}, "ContentType": "x/y"}
    response = _answer("s3", "GetObject", doc, "rest-xml")
    assert not isinstance(response.body, bytes)
    assert [chunk async for chunk in response.body] == [b"one", b"two"]
    headers = dict(response.headers)
    assert headers["content-length"] == "6"
    assert headers["content-type"] == "x/y"
    assert headers["last-modified"] == "Thu, 29 Feb 2024 12:30:45 GMT"
    assert headers["x-amz-meta-a"].encode("latin-1").decode() == "é"


async def test_s3_request_body_is_the_stream_and_metadata_is_text() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"data"

    stream = body()
    headers = {"x-amz-meta-name": "é".encode().decode("latin-1"), "content-length": "4"}
    request = Request("PUT", "/b/k", "", headers, stream=stream)
    doc = protocols.route(request).parse(request)
    assert doc == {"Bucket": "b", "Key": "k", "Metadata": {"name": "é"}, "ContentLength": 4, "Body": stream}


def test_length_of_a_chunked_body_is_that_of_its_content() -> None:
    headers = {"content-length": "90", "x-amz-decoded-content-length": "4"}
    request = Request("PUT", "/b/k", "", headers)
    assert protocols.route(request).parse(request)["ContentLength"] == 4


def test_headers_cannot_be_split() -> None:
    response = _answer("s3", "GetObject", {"ContentType": "a\r\nx-evil: 1", "Metadata": {"k": "v\nw"}}, "rest-xml")
    assert all("\n" not in value and "\r" not in value for _, value in response.headers)


def test_lambda_payload_and_status_are_the_http_ones() -> None:
    response = _answer(
        "lambda", "Invoke", {"StatusCode": 202, "Payload": b"{}", "FunctionError": "Unhandled"}, "rest-json"
    )
    assert (response.status, response.body) == (202, b"{}")
    assert ("x-amz-function-error", "Unhandled") in response.headers


def test_timestamps_and_blobs_in_json() -> None:
    doc = {"logGroups": [{"creationTime": 1}], "nextToken": None}
    assert _answer("logs", "DescribeLogGroups", doc, "json").body == b'{"logGroups":[{"creationTime":1}]}'
    blob = _answer("kms", "Encrypt", {"CiphertextBlob": b"\x00\x01", "KeyId": "k"}, "json")
    assert blob.body == b'{"CiphertextBlob":"AAE=","KeyId":"k"}'
    parameter = _answer("ssm", "GetParameter", {"Parameter": {"LastModifiedDate": MOMENT}}, "json")
    assert parameter.body == b'{"Parameter":{"LastModifiedDate":1709209845.123}}'


async def test_event_streams_begin_with_the_answer_and_end_with_the_error() -> None:
    async def events() -> AsyncIterator[event_stream.Event]:
        yield "sessionStart", {"sessionId": "s"}
        yield "sessionUpdate", {"sessionResults": [{"message": "m"}]}
        raise AwsError("SessionTimeoutException", "too long")

    response = _answer("logs", "StartLiveTail", {"responseStream": events()}, "json")
    assert dict(response.headers)["content-type"] == "application/vnd.amazon.eventstream"
    assert not isinstance(response.body, bytes)
    buffer = EventStreamBuffer()
    async for chunk in response.body:
        buffer.add_data(chunk)
    seen = [(message.headers, message.payload) for message in buffer]
    assert [headers.get(":event-type") or headers[":exception-type"] for headers, _ in seen] == [
        "initial-response",
        "sessionStart",
        "sessionUpdate",
        "SessionTimeoutException",
    ]
    assert seen[1][1] == b'{"sessionId":"s"}'
    assert seen[3][1] == b'{"message":"too long"}'


async def test_event_stream_members_may_be_raw() -> None:
    async def events() -> AsyncIterator[event_stream.Event]:
        yield "PayloadChunk", {"Payload": b"raw"}
        yield "InvokeComplete", {"LogResult": "l"}

    response = _answer("lambda", "InvokeWithResponseStream", {"EventStream": events(), "StatusCode": 200}, "rest-json")
    assert not isinstance(response.body, bytes)
    buffer = EventStreamBuffer()
    async for chunk in response.body:
        buffer.add_data(chunk)
    assert [message.payload for message in buffer] == [b"raw", b'{"LogResult":"l"}']
