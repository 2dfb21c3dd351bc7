"""Malformed requests for every operation of every service: each is refused with an error that SDKs can read.

The mutations are chosen by a seed that can be given as TRUNKLINE_FUZZ_SEED, so that a failure can be repeated.
"""

import json
import os
import random
from typing import Any

import cbor2
import pytest

from tests.support import botocore_client
from tests.support.malformed import GARBAGE, Case, cases
from tests.support.samples import NoSample, sample
from trunkline.aws import models, protocols
from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request
from trunkline.aws.models import Operation

SEED = int(os.environ.get("TRUNKLINE_FUZZ_SEED", "1"))
PAIRS = [(name, protocol) for name, entry in models.CATALOG.items() for protocol in entry.protocols]


@pytest.mark.parametrize(("service", "protocol"), PAIRS)
async def test_refuses_what_breaks_the_model(service: str, protocol: str) -> None:
    random_ = random.Random(f"{SEED} {service} {protocol}")
    wrong = []
    for operation in models.load(service).operations.values():
        if operation.input is None:
            continue
        try:
            params = sample(operation.input)
        except NoSample:
            continue
        for case in cases(operation, params, random_):
            request = in_words(operation, params, protocol, case)
            if request is None:
                continue
            outcome = await _outcome(operation, request, protocol)
            if outcome is not None or (case.refused and _accepted(request, operation.name)):
                wrong.append((operation.name, str(case), outcome or "accepted"))
    assert not wrong, f"{len(wrong)}: {wrong[:4]}"


@pytest.mark.parametrize(("service", "protocol"), PAIRS)
async def test_answers_garbage_with_an_error(service: str, protocol: str) -> None:
    random_ = random.Random(f"{SEED} {service} {protocol}")
    wrong = []
    operations = list(models.load(service).operations.values())
    for operation in random_.sample(operations, min(len(operations), 40)):
        try:
            params = sample(operation.input) if operation.input else {}
        except NoSample:
            continue
        for garbage in (*GARBAGE, random_.randbytes(50)):
            request = botocore_client.request(service, operation.name, params, protocol)
            request.body = garbage
            if protocol in ("query", "ec2"):
                request.body = f"Action={operation.name}&".encode() + garbage
            outcome = await _outcome(operation, request, protocol)
            if outcome is not None:
                wrong.append((operation.name, garbage[:30], outcome))
    assert not wrong, f"{len(wrong)}: {wrong[:4]}"


@pytest.mark.parametrize(("service", "protocol"), [pair for pair in PAIRS if pair[1] in ("query", "ec2")])
async def test_answers_distorted_forms_with_an_error(service: str, protocol: str) -> None:
    random_ = random.Random(f"{SEED} {service} {protocol}")
    wrong = []
    for operation in models.load(service).operations.values():
        try:
            params = sample(operation.input) if operation.input else {}
        except NoSample:
            continue
        request = botocore_client.request(service, operation.name, params, protocol)
        pairs = request.body.decode().split("&")
        for _ in range(6):
            distorted = list(pairs)
            index = random_.randrange(len(distorted))
            name, _, value = distorted[index].partition("=")
            distorted[index] = random_.choice(
                (f"{name}.1.a={value}", f"{name}", name.replace(".1", ".x") + "=1", f"{name}=", f".{name}.={value}")
            )
            request.body = "&".join([f"Action={operation.name}", *distorted]).encode()
            outcome = await _outcome(operation, request, protocol)
            if outcome is not None:
                wrong.append((operation.name, distorted[index], outcome))
    assert not wrong, f"{len(wrong)}: {wrong[:4]}"


def in_words(operation: Operation, params: dict[str, Any], protocol: str, case: Case) -> Request | None:
    """The mutated request as it would come over the wire; None where it cannot be written."""
    service = operation.service.name
    member = operation.input.members[case.path[0]] if operation.input else None
    in_body = member is not None and member.location is None
    if in_body and protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        request = botocore_client.request(service, operation.name, params, protocol)
        loads, dumps = (cbor2.loads, cbor2.dumps) if "cbor" in protocol else (json.loads, _json)
        path = case.path
        if operation.input and operation.input.payload:
            path = path[1:]
            if not path:
                return None
        request.body = dumps(Case(case.what, path, case.value, case.refused).apply(loads(request.body)))
        return request
    if case.what == "missing" and len(case.path) > 1 and protocol in ("query", "ec2"):
        return None  # a form cannot tell an empty structure from none
    if case.wrong_type or (member is not None and member.location == "uri" and case.what == "missing"):
        return None
    try:
        return botocore_client.request(service, operation.name, case.apply(params), protocol)
    except (ValueError, TypeError, OverflowError):
        return None


def _json(doc: Any) -> bytes:
    return json.dumps(doc).encode()


async def _outcome(operation: Operation, request: Request, protocol: str) -> str | None:
    """What is wrong with how the request was dealt with, if anything."""
    route = None
    try:
        route = protocols.route(request)
        route.parse(request)
        return None
    except AwsError as error:
        response = protocols.failure(request, route, error, "request-id")
        if not 400 <= response.status < 500:
            return f"status {response.status}"
        if request.method == "HEAD":
            return None
        found = await botocore_client.parsed(operation.service.name, operation.name, response, protocol)
        code = found.get("Error", {}).get("Code")
        return None if code and not code.isdigit() else f"code {code!r} in {response.body!r}"
    except Exception as error:
        return f"raised {error!r}"


def _accepted(request: Request, operation: str) -> bool:
    """Whether it went through as a request for this operation; S3 tells some apart by what is missing here."""
    try:
        route = protocols.route(request)
        route.parse(request)
    except AwsError:
        return False
    return route.operation.name == operation
