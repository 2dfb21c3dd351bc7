"""`trunkline trace`: which service and which call the slowest traces wait for."""

import json
import time
import uuid

import pytest
from click.testing import CliRunner
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY

from trunkline.cli.trace import command
from trunkline.cli.trace_times import Times, read


def put(aws, *documents):
    answer = aws("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(one) for one in documents])
    assert not answer["UnprocessedTraceSegments"]


def trace(name, seconds, deployment="", ago_s=60.0):
    """A request to `name`-web that waits for `name`-payments, which takes `seconds`."""
    start = time.time() - ago_s
    trace_id, web, call = f"1-{int(start):08x}-{uuid.uuid4().hex[:24]}", uuid.uuid4().hex[:16], uuid.uuid4().hex[:16]
    marks = {"annotations": {"deployment": deployment, "color": "green"}} if deployment else {}
    return (
        {
            "trace_id": trace_id, "id": web, "name": f"{name}-web", "start_time": start,
            "end_time": start + seconds + 0.02, "http": {"request": {"method": "GET", "url": "http://shop/"}},
            "subsegments": [
                {"id": call, "name": "payments", "namespace": "remote", "start_time": start + 0.01,
                 "end_time": start + 0.015 + seconds},
            ],
        },
        {
            "trace_id": trace_id, "id": uuid.uuid4().hex[:16], "parent_id": call, "name": f"{name}-payments",
            "start_time": start + 0.0125, "end_time": start + 0.0125 + seconds, **marks,
        },
    )  # fmt: skip


def environment(server):
    return {
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
    }


@pytest.fixture
def run(server):
    def call(*words):
        result = CliRunner().invoke(command, words, env=environment(server))
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_slow_names_the_service_and_the_call_before_and_after_a_deployment(aws, run, name):
    for _ in range(10):
        put(aws, *trace(name, 0.05), *trace(name, 0.06, "d-OLD"))
    for _ in range(10):
        put(aws, *trace(name, 0.4, "d-NEW", ago_s=20))
    asked = ["slow", "--filter", f'service("{name}-web")', "--deployment", "d-NEW", "--share", "10"]
    before, after = json.loads(run(*asked, "--json"))["sides"]
    assert (before["traces"], after["traces"]) == (20, 10)
    assert before["slow"]["mean_ms"] == pytest.approx(80, abs=2)
    found = after["slow"]
    assert found["bottleneck"] == {"service": f"{name}-payments", "edge": [f"{name}-web", f"{name}-payments"]}
    assert found["services"][f"{name}-payments"] == pytest.approx(400, abs=2)
    assert found["services"][f"{name}-web"] == pytest.approx(15, abs=2)
    assert found["edges"][0]["mean_ms"] == pytest.approx(405, abs=2)
    text = run(*asked)
    assert f"bottleneck: {name}-payments (95 % of the time), reached by {name}-web → {name}-payments" in text
    assert f"{name}-payments itself from 60.0 ms to 400.0 ms" in text


def test_show_draws_a_trace(aws, run, name):
    web, payments = trace(name, 0.2, "d-NEW")
    exception = {"id": "1" * 16, "type": "ValueError", "message": "no money"}
    payments |= {"fault": True, "cause": {"exceptions": [exception]}}
    put(aws, web, payments)
    lines = run("show", web["trace_id"]).splitlines()
    assert [line.split()[0] for line in lines] == [web["trace_id"], f"{name}-web", "payments", f"{name}-payments"]
    assert "FAULT deployment=d-NEW color=green ValueError: no money" in lines[3]
    assert len(json.loads(run("show", web["trace_id"], "--json"))["segments"]) == 2


def test_what_is_not_there_is_said(server, run, name):
    assert "no traces" in run("slow", "--filter", f'service("{name}")')
    for words, said in (
        (["show", "1-67891233-abcdef012345678912345678"], "there is no trace"),
        (["slow", "--since", "yesterday"], "is no time"),
        (["slow", "--filter", "((("], ""),
    ):
        result = CliRunner().invoke(command, words, env=environment(server))
        assert result.exit_code != 0
        assert said in result.output


def times(*documents):
    found = Times()
    found.add(read({"Segments": [{"Document": json.dumps(one)} for one in documents]}))
    return found


def test_only_what_delayed_the_answer_counts():
    one = {
        "id": "1", "name": "a", "start_time": 0, "end_time": 10,
        "subsegments": [
            {"id": "2", "name": "beside", "namespace": "remote", "start_time": 1, "end_time": 5},
            {"id": "3", "name": "b", "namespace": "remote", "start_time": 2, "end_time": 8},
            {"id": "4", "name": "after", "namespace": "remote", "start_time": 9, "end_time": 12},
        ],
    }  # fmt: skip
    found = times(one)
    assert dict(found.calls) == {("a", "after"): 1, ("a", "b"): 6, ("a", "beside"): 1}
    assert found.own["a"] == 2


def test_parents_in_a_circle_and_documents_without_parents_end():
    circle = [{"id": a, "parent_id": b, "name": "x", "start_time": 0, "end_time": 1} for a, b in ("12", "21", "33")]
    found = times(*circle, {"id": "4", "parent_id": "9", "name": "y", "start_time": 0, "end_time": 2})
    assert found.own == {"y": 2}
