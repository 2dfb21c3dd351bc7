"""Every operation of every service in the catalog, against botocore's own serialisers and parsers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support import botocore_client
from tests.support.samples import NoSample, sample

from trunkline.aws import models, protocols
from trunkline.aws.errors import AwsError
from trunkline.aws.models import Operation

# SQS in query: botocore's model has lost its names there (tests/api/sqs/test_query.py).
PAIRS = [
    (name, protocol)
    for name, entry in models.CATALOG.items()
    for protocol in entry.protocols
    if (name, protocol) != ("sqs", "query")
]


# Operations that look alike on the wire: the older one's requests mean the newer one.
ALIASES = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
# botocore reads this one in a handler, and its model of that one has two members of one name.
OWN_TESTS = ("GetBucketLocation", "GetBucketNotification")


def _operations(name: str) -> list[Operation]:
    return list(models.load(name).operations.values())


async def _read_streams(doc: dict[str, Any]) -> dict[str, Any]:
    return {
        key: b"".join([chunk async for chunk in value]) if isinstance(value, AsyncIterator) else value
        for key, value in doc.items()
    }


@pytest.mark.parametrize(("service", "protocol"), PAIRS)
async def test_reads_what_botocore_writes(service: str, protocol: str) -> None:
    wrong = []
    for operation in _operations(service):
        for everything in (True, False):
            if operation.input is None:
                params = {}
            else:
                try:
                    params = sample(operation.input, everything=everything)
                except NoSample:
                    continue
            if protocol in ("query", "ec2") and _holds_empty_structure(params):
                continue  # a form has no way to write one
            request = botocore_client.request(service, operation.name, params, protocol)
            try:
                route = protocols.route(request)
                doc = await _read_streams(route.parse(request))
            except AwsError as error:
                wrong.append((operation.name, everything, str(error)))
                continue
            for token in operation.idempotency_tokens:
                if token not in params:
                    doc.pop(token)
            payload = operation.input.payload if operation.input else None
            if payload and doc.get(payload) == {}:
                params.setdefault(payload, {})  # botocore writes an absent structure as an empty one
            if operation.streaming_input and doc.get(operation.streaming_input) == b"":
                params.setdefault(operation.streaming_input, b"")
            if "ContentLength" not in params:
                doc.pop("ContentLength", None)  # the HTTP client's
            if alias := ALIASES.get(operation.name):
                if route.operation.name != alias:
                    wrong.append((operation.name, everything, route.operation.name))
            elif route.operation.name != operation.name or doc != params:
                wrong.append((operation.name, everything, route.operation.name, params, doc))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"


@pytest.mark.parametrize(("service", "protocol"), PAIRS)
async def test_writes_what_botocore_reads(service: str, protocol: str) -> None:
    wrong = []
    for operation in _operations(service):
        try:
            result = sample(operation.output) if operation.output else {}
        except NoSample:
            continue  # an id of 32 characters whose pattern has 36
        if operation.event_stream is not None or operation.name in OWN_TESTS:
            continue
        response = protocols.wire_of(operation, protocol).answer(result, "request-id")
        found = await botocore_client.parsed(service, operation.name, response, protocol)
        metadata = found.pop("ResponseMetadata", {})
        payload = operation.output.payload if operation.output else None
        if payload and isinstance(found.get(payload), str) and isinstance(result.get(payload), bytes):
            found[payload] = found[payload].encode()  # clients read it as a stream
        if "RequestId" not in metadata and protocol == "smithy-rpc-v2-cbor" and operation.output is None:
            metadata["RequestId"] = "request-id"  # botocore does not look
        if found != _expected(operation, result) or metadata.get("RequestId") != "request-id":
            wrong.append((operation.name, result, found, response))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"


@pytest.mark.parametrize(("service", "protocol"), PAIRS)
async def test_botocore_reads_every_declared_error(service: str, protocol: str) -> None:
    wrong = []
    for operation in _operations(service):
        wire = protocols.wire_of(operation, protocol)
        for error in operation.errors.values():
            members = sample(error.shape)
            message = next((key for key in ("message", "Message", "errorMessage") if key in members), None)
            given = {key: value for key, value in members.items() if key != message}
            if operation.method == "HEAD":
                continue
            response = wire.failure(AwsError(error.name, "what <went> wrong", **given), "request-id")
            found = await botocore_client.parsed(service, operation.name, response, protocol)
            modeled = found.get("modeled", {})
            members.pop(message or "", None)
            said = modeled.pop(message, "what <went> wrong") if message else "what <went> wrong"
            codes = (found["Error"]["Code"], found["Error"].get("QueryErrorCode"))
            ok = {error.code, error.name} & {*codes} and response.status == error.status
            ok = ok and said == "what <went> wrong"
            if not ok or found["Error"].get("Message") != "what <went> wrong" or modeled != members:
                wrong.append((operation.name, error.name, found, members, response))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"


def _holds_empty_structure(value: Any) -> bool:
    if isinstance(value, dict):
        return any(inner == {} or _holds_empty_structure(inner) for inner in value.values())
    return isinstance(value, list) and any(inner == {} or _holds_empty_structure(inner) for inner in value)


def _expected(operation: Operation, result: dict[str, Any]) -> dict[str, Any]:
    """What comes out differs where HTTP says so: the status is a number, raw text may be a stream."""
    expected = dict(result)
    for member in operation.output.members.values() if operation.output else ():
        if member.location == "statusCode":
            expected[member.name] = result.get(member.name, operation.status)
    return expected
