"""Every implemented operation of a whole server, called with valid and with malformed requests made from the models.

Whatever comes in, the answer is the operation's result or an error that its service declares (or every AWS service
gives), never a fault of ours, and always something that botocore can read.
"""

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fuzz.test_malformed_requests import SEED, in_words
from tests.support import botocore_client
from tests.support.catalog import NAMES
from tests.support.malformed import GARBAGE, cases
from tests.support.samples import NoSample, sample
from trunkline.aws import models
from trunkline.aws.http import Request
from trunkline.aws.models import Operation
from trunkline.core import settings as configuration
from trunkline.server.build import Platform, build

# Errors that AWS lists as common to all actions, or that its protocols give before an operation is reached.
COMMON = {
    "AccessDenied",
    "AccessDeniedException",
    "InvalidParameterValue",
    "MalformedInput",
    "MissingParameter",
    "NotImplemented",
    "SerializationException",
    "ThrottlingException",
    "UnauthorizedOperation",
    "ValidationError",
    "ValidationException",
}
CASES = int(os.environ.get("TRUNKLINE_FUZZ_CASES", "6"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    flags = {"data_dir": Path(tmp_path_factory.mktemp("fuzz")), "containers": "fake", "proxy": "fake", "auth": "open"}
    running = build(configuration.prepare(configuration.load(flags, {})), lambda: None)
    await running.start()
    yield running
    await running.stop()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("service", NAMES.values())
async def test_answers_whatever_comes_in(platform: Platform, service: str) -> None:
    random_ = random.Random(f"{SEED} {service}")
    implemented = platform.gateway._operations.implemented().get(service, [])
    model = models.load(service)
    wrong: list[str] = []
    for name in sorted(implemented, key=_turn):
        operation = model.operations[name]
        for protocol in model.protocols[:1]:
            for what, request in _requests(operation, protocol, random_):
                problem = await _problem(platform, operation, protocol, request)
                if problem:
                    wrong.append(f"{name} ({what}): {problem}")
    assert not wrong, f"{len(wrong)} of {service}:\n" + "\n".join(wrong[:20])


def _turn(name: str) -> tuple[int, str]:
    """What makes things comes first and what removes them last, so that the others find something by their samples."""
    verbs = ("Create", "Put", "Register", "Add", "Run", "Start")
    last = ("Delete", "Deregister", "Remove", "Stop", "Schedule")
    return (0 if name.startswith(verbs) else 2 if name.startswith(last) else 1, name)


def _requests(operation: Operation, protocol: str, random_: random.Random) -> list[tuple[str, Request]]:
    service = operation.service.name
    found: list[tuple[str, Request]] = []
    for everything in (False, True):
        try:
            params = sample(operation.input, everything=everything) if operation.input else {}
        except NoSample:
            continue
        found.append(("valid", botocore_client.request(service, operation.name, params, protocol)))
        for case in cases(operation, params, random_, CASES):
            request = in_words(operation, params, protocol, case)
            if request is not None:
                found.append((str(case), request))
    if found and operation.streaming_input is None:
        garbage = botocore_client.request(service, operation.name, params, protocol)
        garbage.body = random_.choice(GARBAGE)
        if protocol in ("query", "ec2"):
            garbage.body = f"Action={operation.name}&".encode() + garbage.body
        found.append(("garbage", garbage))
    return found


async def _problem(platform: Platform, operation: Operation, protocol: str, request: Request) -> str | None:
    request.stream = _once(request.body)
    request.headers.pop("content-md5", None)
    response = await platform.gateway.answer(request)
    if operation.event_stream is not None and response.status < 300:
        return None  # endless
    found = await botocore_client.parsed(operation.service.name, operation.name, response, protocol)
    if response.status < 300 or (request.method == "HEAD" and response.status < 500):
        return None
    code = found.get("Error", {}).get("Code", "")
    if response.status >= 500 and response.status != 501:
        return f"status {response.status} {code}: {found.get('Error', {}).get('Message')}"
    if operation.service.name in ("s3", "ec2"):  # their models declare few errors, or none
        return None if code and not code.isdigit() else f"no code with status {response.status}"
    # The service's and not only the operation's: AWS's own answers go beyond what its models list for an operation.
    declared = {name for error in operation.service.errors.values() for name in (error.name, error.code)}
    # SQS tells clients of today the codes that its query protocol had.
    if code.removeprefix("AWS.SimpleQueueService.") not in declared | COMMON | {"NonExistentQueue"}:
        return f"undeclared {code}: {found.get('Error', {}).get('Message')}"
    return None


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
