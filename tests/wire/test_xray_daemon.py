"""AWS's X-Ray SDK against the daemon: segments by UDP, sampling rules through its TCP side."""

import json
import socket
import time

import pytest
import requests
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.daemon_config import DaemonConfig
from aws_xray_sdk.core.recorder import AWSXRayRecorder
from aws_xray_sdk.core.sampling.connector import ServiceConnector
from aws_xray_sdk.core.sampling.sampling_rule import SamplingRule
from tests.support.server import wait_until

HEADER = b'{"format":"json","version":1}\n'


@pytest.fixture
def daemon(server):
    return f"127.0.0.1:{server.xray_port}"


@pytest.fixture
def recorder(daemon, name):
    recorder = AWSXRayRecorder()
    recorder.configure(service=name, daemon_address=daemon, sampling=False, context=Context())
    return recorder


def segments_of(aws, trace_id):
    found = aws("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
    return [json.loads(one["Document"]) for one in found[0]["Segments"]] if found else []


def send(server, *datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", server.xray_port))


def segment(name):
    now = time.time()
    trace_id = f"1-{int(now):08x}-{name.encode().hex():0<24.24}"
    return {"name": name, "id": "70de5b6f19ff9a0a", "trace_id": trace_id, "start_time": now - 0.1, "end_time": now}


def test_segments_of_the_sdk_are_stored(aws, recorder, name):
    segment = recorder.begin_segment(name)
    segment.put_annotation("order", 17)
    with recorder.in_subsegment("payments", namespace="remote") as call:
        call.put_http_meta("status", 503)
    recorder.end_segment()
    stored = wait_until(lambda: segments_of(aws, segment.trace_id))[0]
    assert stored["name"] == name
    assert stored["annotations"] == {"order": 17}
    assert stored["subsegments"][0]["name"] == "payments"


def test_rules_and_targets_are_polled_through_the_daemon(aws, daemon, name):
    rule = {
        "RuleName": name, "ResourceARN": "*", "Priority": 1, "FixedRate": 0.25, "ReservoirSize": 3, "ServiceName": name,
        "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    }  # fmt: skip
    aws("xray").create_sampling_rule(SamplingRule=rule)
    connector = ServiceConnector()
    config = DaemonConfig(daemon)
    connector.setup_xray_client(config.tcp_ip, config.tcp_port, None)
    rules = {one.name: one for one in connector.fetch_sampling_rules()}
    assert rules[name].rate == 0.25
    seen = SamplingRule(name, 1, 0.25, 3, "*", "*", name, "*", "*")
    targets, _ = connector.fetch_sampling_target([seen])
    assert targets[name]["rate"] == 0.25
    aws("xray").delete_sampling_rule(RuleName=name)


def test_segments_may_be_put_through_the_tcp_side(aws, daemon, name):
    sent = segment(name)
    answer = requests.post(f"http://{daemon}/TraceSegments", json={"TraceSegmentDocuments": [json.dumps(sent), "{}"]})
    assert answer.status_code == 200
    assert len(answer.json()["UnprocessedTraceSegments"]) == 1
    wait_until(lambda: segments_of(aws, sent["trace_id"]))


def test_the_tcp_side_answers_nothing_else(daemon):
    assert requests.post(f"http://{daemon}/TraceSummaries", json={}).status_code == 404
    assert requests.get(f"http://{daemon}/GetSamplingRules").status_code == 404
    assert requests.post(f"http://{daemon}/SamplingTargets", data=b"{").status_code == 400


def test_nonsense_is_dropped_and_the_next_segment_is_taken(aws, server, name):
    sent = segment(name)
    wrong = HEADER.replace(b"1", b"2") + json.dumps(sent).encode()
    send(server, b"", b"\xff\xfe\n{}", HEADER, HEADER + b"[1]", HEADER + b"{", wrong, b"x" * 60_000)
    send(server, HEADER + b'{"name": 7}', HEADER + json.dumps(sent).encode())
    wait_until(lambda: segments_of(aws, sent["trace_id"]))


def test_a_segment_may_fill_a_datagram(aws, server, name):
    sent = {**segment(name), "metadata": {"default": {"text": "x" * 60_000}}}
    send(server, HEADER + json.dumps(sent).encode())
    wait_until(lambda: segments_of(aws, sent["trace_id"]))
