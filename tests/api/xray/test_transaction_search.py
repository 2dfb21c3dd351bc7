"""Spans in CloudWatch Logs through boto3."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from tests.api.xray.documents import put, segment, subsegment, trace_id

PERMISSION = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "TransactionSearchXRayAccess",
            "Effect": "Allow",
            "Principal": {"Service": "xray.amazonaws.com"},
            "Action": "logs:PutLogEvents",
            "Resource": "*",
        }
    ],
}


@pytest.fixture
def xray(aws, name):
    return aws("xray", region=f"eu-{name[-6:]}-1")


@pytest.fixture
def logs(aws, xray):
    return aws("logs", region=xray.meta.region_name)


@pytest.fixture
def searching(xray, logs):
    logs.put_resource_policy(policyName="spans", policyDocument=json.dumps(PERMISSION))
    assert xray.update_trace_segment_destination(Destination="CloudWatchLogs")["Destination"] == "CloudWatchLogs"
    return xray


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value


def retrieved(xray, token, **more):
    deadline = time.monotonic() + 20
    while (answer := xray.list_retrieved_traces(RetrievalToken=token, **more))["RetrievalStatus"] == "RUNNING":
        assert time.monotonic() < deadline
    assert answer["RetrievalStatus"] == "COMPLETE"
    return answer["Traces"]


def test_x_ray_must_be_let_write_to_the_log(xray):
    assert xray.get_trace_segment_destination() | {"ResponseMetadata": 0} == {
        "Destination": "XRay",
        "Status": "ACTIVE",
        "ResponseMetadata": 0,
    }
    refused("InvalidRequestException", xray.update_trace_segment_destination, Destination="CloudWatchLogs")
    assert xray.get_trace_segment_destination()["Destination"] == "XRay"


def test_spans_go_to_the_log_and_a_share_of_the_traces_is_indexed(searching, logs):
    xray = searching
    share = {"Probabilistic": {"DesiredSamplingPercentage": 0.0}}
    assert xray.get_indexing_rules()["IndexingRules"][0]["Rule"]["Probabilistic"]["DesiredSamplingPercentage"] == 1
    xray.update_indexing_rule(Name="Default", Rule=share)
    hidden, shown = trace_id(), trace_id()
    call = subsegment("api.example.com", namespace="remote", annotations={"color": "green"})
    web = segment("web", hidden, fault=True, subsegments=[call], http={"request": {"url": "http://web/"}})
    assert put(xray, web) == []
    xray.update_indexing_rule(Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 100.0}})
    put(xray, segment("web", shown))
    assert xray.batch_get_traces(TraceIds=[hidden, shown])["UnprocessedTraceIds"] == [hidden]
    events = logs.filter_log_events(logGroupName="aws/spans", filterPattern='{ $.name = "web" }')["events"]
    first = json.loads(events[0]["message"])
    assert first["traceId"] == hidden.replace("-", "")[1:]
    assert (first["kind"], first["status"], first["parentSpanId"]) == ("SERVER", {"code": "ERROR"}, "")
    assert first["attributes"]["url.full"] == "http://web/"
    (inner,) = logs.filter_log_events(logGroupName="aws/spans", filterPattern='{ $.kind = "CLIENT" }')["events"]
    inner = json.loads(inner["message"])
    assert (inner["parentSpanId"], inner["attributes"]["color"]) == (web["id"], "green")
    assert inner["durationNano"] == pytest.approx(50_000_000, rel=0.01)

    now = time.time()
    stray = {"timestamp": int(now * 1000), "message": json.dumps({"traceId": first["traceId"]})}
    logs.put_log_events(logGroupName="aws/spans", logStreamName="default", logEvents=[stray])
    token = xray.start_trace_retrieval(TraceIds=[hidden], StartTime=now - 60, EndTime=now + 60)["RetrievalToken"]
    (trace,) = retrieved(xray, token)
    documents = {one["Id"]: json.loads(one["Document"]) for one in trace["Spans"]}
    assert trace["Id"] == hidden and documents[web["id"]]["subsegments"][0]["namespace"] == "remote"
    (spans,) = retrieved(xray, token, TraceFormat="OTEL")
    assert {json.loads(one["Document"])["spanId"] for one in spans["Spans"]} == {web["id"], call["id"]}
    graph = xray.get_retrieved_traces_graph(RetrievalToken=token)
    assert {one["Service"]["Name"] for one in graph["Services"]} == {"web", "api.example.com"}
    xray.cancel_trace_retrieval(RetrievalToken=token)
    assert xray.update_trace_segment_destination(Destination="XRay")["Destination"] == "XRay"


def test_bad_retrievals_are_refused(xray):
    now = time.time()
    times = {"StartTime": now - 60, "EndTime": now}
    refused("ResourceNotFoundException", xray.start_trace_retrieval, TraceIds=[trace_id()], **times)
    refused("InvalidRequestException", xray.start_trace_retrieval, TraceIds=["nonsense"], **times)
    refused("InvalidRequestException", xray.start_trace_retrieval, TraceIds=[], StartTime=now, EndTime=now - 1)
    for ask in (xray.list_retrieved_traces, xray.get_retrieved_traces_graph, xray.cancel_trace_retrieval):
        refused("ResourceNotFoundException", ask, RetrievalToken="unknown")
    share = {"Probabilistic": {"DesiredSamplingPercentage": 101.0}}
    refused("InvalidRequestException", xray.update_indexing_rule, Name="Default", Rule=share)
    refused("ResourceNotFoundException", xray.update_indexing_rule, Name="Other", Rule=share)
