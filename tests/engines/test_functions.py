"""What running functions promises, on every driver: processes always, containers where Docker is."""

import asyncio
import json
import uuid

import pytest

from trunkline.core.clock import RealClock
from trunkline.engines.containers import open_containers
from trunkline.engines.functions import FunctionSpec, Invocation
from trunkline.engines.functions.contained import ContainerLauncher
from trunkline.engines.functions.fake import FakeLauncher
from trunkline.engines.functions.pool import PooledFunctions

CODE = """
import os
count = 0

def handler(event, context):
    global count
    count += 1
    print("working on", event.get("what"))
    if event.get("raise"):
        raise ValueError("no good")
    if event.get("exit"):
        os._exit(3)
    if event.get("hang"):
        import time
        time.sleep(60)
    return {
        "count": count,
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "left_ms": context.get_remaining_time_in_millis(),
        "stage": os.environ.get("STAGE"),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "big": "x" * event.get("big", 0),
    }
"""


class Host:
    """Keeps what sandboxes write."""

    def __init__(self, stage: str = "beta") -> None:
        self.lines: list[str] = []
        self.streams: set[str] = set()
        self.stage = stage

    async def environment(self, stream: str) -> dict[str, str]:
        return {
            "STAGE": self.stage,
            "_HANDLER": "index.handler",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
            "AWS_LAMBDA_FUNCTION_NAME": "fn",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fn",
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "LAMBDA_TASK_ROOT": "/var/task",
        }

    async def place(self, sandbox_id: str) -> None:
        return None

    async def leave(self, sandbox_id: str) -> None:
        return None

    def log(self, stream: str, lines) -> None:
        self.streams.add(stream)
        self.lines += [text.decode() for _, text in lines]


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.docker)])
async def engine(request, tmp_path):
    """A pool on one driver, with a function to run; everything is gone afterwards."""
    containers = open_containers(request.param, f"t{uuid.uuid4().hex[:12]}")
    launcher = FakeLauncher() if request.param == "fake" else ContainerLauncher(containers)
    functions = PooledFunctions(launcher, RealClock())
    await functions.start()
    yield functions
    await functions.stop()
    if request.param == "docker":
        assert not await containers.list()
        await containers.remove_network((await containers.home_network()).name)
    await containers.close()


@pytest.fixture
def spec(tmp_path):
    """`spec(CODE)` is a function with that source."""

    def make(code: str = CODE, **more) -> FunctionSpec:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir(mode=0o755)
        (folder / "index.py").write_text(code)
        tmp_path.chmod(0o755)
        given = {
            "key": uuid.uuid4().hex,
            "family": "arn:aws:lambda:us-east-1:000000000000:function:fn",
            "name": "fn",
            "version": "$LATEST",
            "runtime": "python3.12",
            "image": "public.ecr.aws/lambda/python:3.12",
            "handler": "index.handler",
            "command": ("index.handler",),
            "code_dir": str(folder),
            "timeout_s": 5.0,
            **more,
        }
        return FunctionSpec(**given)

    return make


def asked(**event) -> Invocation:
    return Invocation(
        request_id=str(uuid.uuid4()),
        payload=json.dumps(event).encode(),
        function_arn="arn:fn:live",
        trace_id="Root=1-a-b",
    )


async def test_a_handler_is_called_with_its_event_and_context(engine, spec):
    host = Host()
    call = asked(what="a thing")
    outcome = await engine.invoke(spec(), call, host, want_tail=True)
    answer = json.loads(outcome.payload)
    assert (answer["name"], answer["arn"], answer["stage"]) == ("fn", "arn:fn:live", "beta")
    assert answer["trace"] == "Root=1-a-b"
    assert 0 < answer["left_ms"] <= 5000
    assert outcome.error == "" and outcome.init_ms is not None
    tail = outcome.tail.decode()
    assert tail.index(f"START RequestId: {call.request_id}") < tail.index("working on a thing") < tail.index("END Req")
    assert "REPORT RequestId" in tail and "Init Duration" in tail


async def test_a_sandbox_is_used_again_until_its_function_is_retired(engine, spec):
    host, function = Host(), spec()
    first = await engine.invoke(function, asked(), host, want_tail=True)
    second = await engine.invoke(function, asked(), host, want_tail=True)
    assert [json.loads(one.payload)["count"] for one in (first, second)] == [1, 2]
    assert second.init_ms is None and len(host.streams) == 1
    await engine.retire(function.family)
    third = await engine.invoke(function, asked(), host, want_tail=True)
    assert json.loads(third.payload)["count"] == 1 and len(host.streams) == 2


async def test_an_error_of_the_code_is_an_outcome_and_the_sandbox_goes_on(engine, spec):
    host, function = Host(), spec()
    failed = await engine.invoke(function, asked(**{"raise": True}), host, want_tail=True)
    document = json.loads(failed.payload)
    assert failed.error == "Unhandled"
    assert (document["errorType"], document["errorMessage"]) == ("ValueError", "no good")
    assert any("index.py" in line for line in document["stackTrace"])
    assert "[ERROR] ValueError: no good" in failed.tail.decode()
    assert json.loads((await engine.invoke(function, asked(), host)).payload)["count"] == 2


async def test_a_process_that_ends_is_told_with_its_exit_status(engine, spec):
    host, function = Host(), spec()
    ended = await engine.invoke(function, asked(exit=True), host, want_tail=True)
    document = json.loads(ended.payload)
    assert document["errorType"] == "Runtime.ExitError"
    assert document["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    assert "Status: error\tError Type: Runtime.ExitError" in ended.tail.decode()
    assert json.loads((await engine.invoke(function, asked(), host)).payload)["count"] == 1


async def test_a_handler_that_takes_too_long_is_cut_off(engine, spec):
    host, function = Host(), spec(timeout_s=0.5)
    cut = await engine.invoke(function, asked(hang=True), host, want_tail=True)
    assert json.loads(cut.payload)["errorMessage"].endswith("Error: Task timed out after 0.50 seconds")
    assert "Task timed out after 0.50 seconds" in cut.tail.decode() and "Status: timeout" in cut.tail.decode()


@pytest.mark.parametrize("engine", ["fake"], indirect=True)
async def test_a_module_that_cannot_be_loaded_is_told(engine, spec):
    host = Host()
    outcome = await engine.invoke(spec("import nothing_like_this\n"), asked(), host, want_tail=True)
    assert json.loads(outcome.payload)["errorType"] == "Runtime.ImportModuleError"
    assert "[ERROR] Runtime.ImportModuleError: Unable to import module 'index'" in outcome.tail.decode()


async def test_invocations_at_once_run_in_sandboxes_of_their_own(engine, spec):
    host, function = Host(), spec("import time\ndef handler(event, context):\n    time.sleep(0.4)\n    return 1\n")
    await asyncio.gather(*(engine.invoke(function, asked(), host) for _ in range(3)))
    assert len(host.streams) == 3


@pytest.mark.parametrize("engine", ["fake"], indirect=True)
async def test_an_answer_beyond_six_megabytes_is_an_error(engine, spec):
    outcome = await engine.invoke(spec(), asked(big=6 * 1024 * 1024), Host())
    assert outcome.error == "Unhandled"
    assert json.loads(outcome.payload)["errorType"] == "Function.ResponseSizeTooLarge"


async def test_layers_are_on_the_path(engine, spec, tmp_path):
    (tmp_path / "layers" / "python").mkdir(parents=True)
    (tmp_path / "layers" / "python" / "shared.py").write_text("ANSWER = 42\n")
    code = "import shared\ndef handler(event, context):\n    return shared.ANSWER\n"
    outcome = await engine.invoke(spec(code, layers_dir=str(tmp_path / "layers")), asked(), Host())
    assert outcome.payload == b"42"


@pytest.mark.parametrize("engine", ["fake"], indirect=True)
async def test_the_log_may_be_json(engine, spec):
    host = Host()
    await engine.invoke(spec(log_format="JSON"), asked(), host, want_tail=True)
    platform = [json.loads(line) for line in host.lines if line.startswith('{"time"')]
    assert [line["type"] for line in platform] == ["platform.initStart", "platform.start", "platform.report"]
    assert platform[-1]["record"]["status"] == "success"
