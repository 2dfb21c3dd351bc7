"""Segments through boto3: taken in, put together, given back."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from tests.api.xray.documents import get, put, segment, subsegment, trace_id


@pytest.fixture
def xray(aws):
    return aws("xray")


def test_a_segment_comes_back_as_it_was_sent(xray):
    trace = trace_id()
    sent = segment("example.com", trace, annotations={"a": 1}, metadata={"x": {"y": [1, None]}}, user="me")
    assert put(xray, sent) == []
    assert get(xray, trace) == {sent["id"]: sent}
    (found,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    assert (found["Duration"], found["LimitExceeded"]) == (pytest.approx(0.1), False)


def test_ids_may_be_written_in_capitals(xray):
    trace = trace_id().upper()
    put(xray, segment("web", trace))
    now = time.time()
    for asked in (trace, trace.lower()):
        assert [one["Id"] for one in xray.batch_get_traces(TraceIds=[asked])["Traces"]] == [trace.lower()]
    pages = xray.get_paginator("get_trace_summaries").paginate(StartTime=now - 60, EndTime=now + 5)
    assert trace.lower() in [one["Id"] for page in pages for one in page["TraceSummaries"]]


def test_unknown_traces_are_named(xray):
    trace = trace_id()
    answer = xray.batch_get_traces(TraceIds=[trace])
    assert (answer["Traces"], answer["UnprocessedTraceIds"]) == ([], [trace])
    with pytest.raises(ClientError, match="InvalidRequestException"):
        xray.batch_get_traces(TraceIds=[trace_id() for _ in range(6)])


def test_a_completed_segment_replaces_the_one_in_progress_in_whichever_order_they_come(xray):
    trace = trace_id()
    done = segment("late", trace)
    begun = {**done, "in_progress": True}
    del begun["end_time"]
    put(xray, begun)
    assert get(xray, trace)[done["id"]]["in_progress"] is True
    put(xray, done)
    assert get(xray, trace) == {done["id"]: done}
    put(xray, begun)
    assert get(xray, trace) == {done["id"]: done}


def test_subsegments_sent_by_themselves_are_attached(xray):
    trace = trace_id()
    whole = segment("web", trace)
    first = subsegment("work", type="subsegment", trace_id=trace, parent_id=whole["id"])
    inner = subsegment("inner", type="subsegment", trace_id=trace, parent_id=first["id"])
    assert put(xray, inner) == []
    assert list(get(xray, trace)) == [inner["id"]]
    put(xray, json.dumps([first]), whole)
    found = get(xray, trace)
    assert list(found) == [whole["id"]]
    (attached,) = found[whole["id"]]["subsegments"]
    assert attached["id"] == first["id"] and attached["subsegments"] == [inner]


def test_subsegments_in_a_ring_stay_by_themselves(xray):
    trace = trace_id()
    one = subsegment("one", type="subsegment", trace_id=trace)
    two = subsegment("two", type="subsegment", trace_id=trace, parent_id=one["id"])
    one["parent_id"] = two["id"]
    put(xray, segment("web", trace), one, two)
    assert len(get(xray, trace)) == 3


def test_a_chain_of_subsegments_without_end_can_still_be_given_back(xray):
    trace = trace_id()
    whole = segment("web", trace)
    links = [subsegment("link", type="subsegment", trace_id=trace, parent_id=whole["id"])]
    deep = json.loads("[" * 90 + "]" * 90)
    for _ in range(98):
        links.append(subsegment("link", type="subsegment", trace_id=trace, parent_id=links[-1]["id"]))
        links[-1]["metadata"] = {"deep": deep}
    put(xray, whole, *links[:49])
    put(xray, *links[49:])
    (found,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    assert sum(one["Document"].count('"link"') for one in found["Segments"]) == 99
    now = time.time()
    assert xray.get_trace_graph(TraceIds=[trace])["Services"]
    assert xray.get_trace_summaries(StartTime=now - 60, EndTime=now + 5)["TraceSummaries"]


def test_called_services_without_segments_are_inferred(xray):
    trace = trace_id()
    table = subsegment("DynamoDB", namespace="aws", aws={"table_name": "scores", "operation": "GetItem"})
    called = subsegment("api.example.com", namespace="remote")
    answered = subsegment("backend", namespace="remote")
    put(xray, segment("web", trace, subsegments=[table, called, answered]))
    put(xray, segment("backend-service", trace, parent_id=answered["id"]))
    inferred = {one["parent_id"]: one for one in get(xray, trace).values() if one.get("inferred")}
    assert inferred.keys() == {table["id"], called["id"]}
    assert inferred[table["id"]]["name"] == "scores" and inferred[table["id"]]["origin"] == "AWS::DynamoDB::Table"
    assert inferred[called["id"]]["name"] == "api.example.com"


def without(document, *members):
    return {key: value for key, value in document.items() if key not in members}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda s: "{", "ParseError"),
        (lambda s: '{"id": "\\ud800"}', "ParseError"),
        (lambda s: "[]", "MissingId"),
        (lambda s: "[1]", "ParseError"),
        (lambda s: "[" * 5000, "ParseError"),
        (lambda s: '{"a":' * 300 + "1" + "}" * 300, "ParseError"),
        (lambda s: {**s, "metadata": json.loads("[" * 101 + "]" * 101)}, "ParseError"),
        (lambda s: {**s, "metadata": {"x": "y" * 70_000}}, "DocumentSizeExceeded"),
        (lambda s: without(s, "id"), "MissingId"),
        (lambda s: {**s, "id": "xyz"}, "InvalidId"),
        (lambda s: without(s, "name"), "MissingName"),
        (lambda s: {**s, "name": "what?"}, "InvalidName"),
        (lambda s: {**s, "name": "n" * 201}, "InvalidName"),
        (lambda s: without(s, "trace_id"), "MissingTraceId"),
        (lambda s: {**s, "trace_id": "1-5759e988"}, "InvalidTraceId"),
        (lambda s: without(s, "start_time"), "MissingStartTime"),
        (lambda s: {**s, "start_time": time.time() + 86_400}, "InvalidStartTime"),
        (lambda s: {**s, "start_time": "now"}, "InvalidStartTime"),
        (lambda s: without(s, "end_time"), "MissingEndTime"),
        (lambda s: {**s, "end_time": True}, "InvalidEndTime"),
        (lambda s: {**s, "type": "subsegment"}, "MissingParentId"),
        (lambda s: {**s, "parent_id": "?"}, "InvalidParentId"),
        (lambda s: {**s, "http": []} | {"http": [1]}, "InvalidHttp"),
        (lambda s: {**s, "subsegments": {}} | {"subsegments": {"a": 1}}, "InvalidSubsegments"),
    ],
)
def test_bad_documents_are_told_and_the_good_ones_stored(xray, change, code):
    trace = trace_id()
    good, bad = segment("good", trace), change(segment("bad", trace))
    (told,) = put(xray, bad, good)
    assert (told["ErrorCode"], told["Message"].partition(". ")[2]) == (code, f"ErrorCode: {code}, Cause: null")
    assert list(get(xray, trace)) == [good["id"]]


def test_a_bad_subsegment_is_told_under_the_id_of_its_document(xray):
    trace = trace_id()
    bad = segment("web", trace, subsegments=[subsegment("SELECT * FROM x")])
    assert put(xray, bad) == [
        {
            "Id": bad["id"],
            "ErrorCode": "InvalidName",
            "Message": "Invalid subsegment. ErrorCode: InvalidName, Cause: null",
        }
    ]


def test_a_request_holds_fifty_documents(xray):
    trace = trace_id()
    with pytest.raises(ClientError, match="InvalidRequestException"):
        put(xray, *[segment("many", trace) for _ in range(51)])
    assert put(xray, *[segment("many", trace) for _ in range(50)]) == []
    assert len(get(xray, trace)) == 50


def test_daemons_tell_of_their_health(xray):
    records = [{"Timestamp": time.time(), "SegmentsReceivedCount": 3, "BackendConnectionErrors": {"TimeoutCount": 1}}]
    xray.put_telemetry_records(TelemetryRecords=records, Hostname="here")
    with pytest.raises(ClientError):
        xray.put_telemetry_records(TelemetryRecords=records, Hostname="h" * 300)
