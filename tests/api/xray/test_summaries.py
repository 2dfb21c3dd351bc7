"""GetTraceSummaries through boto3."""

import secrets
import time

import pytest
from botocore.exceptions import ClientError
from tests.api.xray.documents import put, segment, subsegment, trace_id


@pytest.fixture
def xray(aws, name):
    """In a region of its own, so that every trace there is this test's."""
    return aws("xray", region=f"eu-{name[-6:]}-1")


def summaries(xray, **asked):
    now = time.time()
    pages = xray.get_paginator("get_trace_summaries").paginate(**{"StartTime": now - 600, "EndTime": now + 5, **asked})
    return [one for page in pages for one in page["TraceSummaries"]]


def test_a_summary_tells_what_a_trace_is_about(xray):
    trace = trace_id()
    call = subsegment("backend", namespace="remote", seconds=0.8, fault=True)
    web = segment(
        "web",
        trace,
        seconds=1.0,
        start=time.time() - 2,
        origin="AWS::ECS::Container",
        user="alice",
        fault=True,
        annotations={"color": "green", "attempt": 2, "cached": False, "bad": ["not", "indexed"]},
        aws={"ec2": {"instance_id": "i-1", "availability_zone": "us-east-1a"}, "resource_arn": "arn:aws:x"},
        http={
            "request": {"method": "GET", "url": "http://web/", "user_agent": "curl", "client_ip": "10.0.0.1"},
            "response": {"status": 503},
        },
        subsegments=[call],
    )
    cause = {"exceptions": [{"id": "0" * 16, "type": "KeyError", "message": "x"}]}
    backend = segment("backend", trace, parent_id=call["id"], seconds=0.7, fault=True, cause=cause, user="alice")
    assert put(xray, web, backend) == []
    (one,) = summaries(xray)
    entry = {"Name": "web", "Names": ["web"], "AccountId": "000000000000", "Type": "AWS::ECS::Container"}
    behind = {"Name": "backend", "Names": ["backend"], "AccountId": "000000000000"}
    assert one["Id"] == trace
    assert one["StartTime"].timestamp() == pytest.approx(web["start_time"], abs=1)
    assert one["ResponseTime"] == pytest.approx(1.0)
    assert one["Duration"] == pytest.approx(call["end_time"] - web["start_time"], abs=0.01)
    assert (one["HasFault"], one["HasError"], one["HasThrottle"], one["IsPartial"]) == (True, False, False, False)
    assert one["Http"] == {
        "HttpURL": "http://web/",
        "HttpStatus": 503,
        "HttpMethod": "GET",
        "UserAgent": "curl",
        "ClientIp": "10.0.0.1",
    }
    assert one["Annotations"] == {
        "color": [{"AnnotationValue": {"StringValue": "green"}, "ServiceIds": [entry]}],
        "attempt": [{"AnnotationValue": {"NumberValue": 2.0}, "ServiceIds": [entry]}],
        "cached": [{"AnnotationValue": {"BooleanValue": False}, "ServiceIds": [entry]}],
    }
    assert one["Users"] == [{"UserName": "alice", "ServiceIds": [entry, behind]}]
    assert (one["EntryPoint"], one["ServiceIds"]) == (entry, [entry, behind])
    assert one["ResourceARNs"] == [{"ARN": "arn:aws:x"}]
    assert (one["InstanceIds"], one["AvailabilityZones"]) == ([{"Id": "i-1"}], [{"Name": "us-east-1a"}])
    (fault,) = one["FaultRootCauses"]
    assert fault["ClientImpacting"] is True
    assert [service["Name"] for service in fault["Services"]] == ["web", "backend"]
    assert fault["Services"][0]["EntityPath"][-1] == {"Name": "backend", "Exceptions": [], "Remote": True}
    exceptions = [{"Name": "KeyError", "Message": "x"}]
    assert fault["Services"][1]["EntityPath"] == [{"Name": "backend", "Exceptions": exceptions, "Remote": False}]
    assert one["ErrorRootCauses"] == []
    (slow,) = one["ResponseTimeRootCauses"]
    coverage = [
        (entity["Name"], entity["Coverage"]) for service in slow["Services"] for entity in service["EntityPath"]
    ]
    assert coverage == [("web", 1.0), ("backend", 0.8), ("backend", 0.7)]
    assert one["Revision"] == 2


def test_an_error_that_was_handled_does_not_reach_the_client(xray):
    call = subsegment("backend", namespace="remote", error=True)
    put(xray, segment("web", trace_id(), subsegments=[call], http={"response": {"status": 200}}))
    (one,) = summaries(xray)
    assert (one["HasError"], one["ErrorRootCauses"][0]["ClientImpacting"]) == (False, False)
    assert summaries(xray, FilterExpression="error") == []
    assert len(summaries(xray, FilterExpression='edge("web", "backend") { error }')) == 1


def test_pages_come_latest_first_without_gaps(xray):
    now = time.time()
    traces = [trace_id(now - back) for back in range(130)]
    for at in range(0, 130, 50):
        put(xray, *[segment("web", one, start=int(one[2:10], 16) + 0.1) for one in traces[at : at + 50]])
    found = [one["Id"] for one in summaries(xray)]
    assert sorted(found) == sorted(traces)
    assert [one[:10] for one in found] == sorted((one[:10] for one in traces), reverse=True)
    first = xray.get_trace_summaries(StartTime=now - 600, EndTime=now + 5)
    assert (len(first["TraceSummaries"]), first["TracesProcessedCount"]) == (100, 100)
    half = summaries(xray, Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 0.5})
    assert 30 < len(half) < 100
    assert len(summaries(xray, StartTime=now - 10.0, EndTime=now - 4.0)) == 7
    for by in ("Event", "Service"):
        assert sorted(one["Id"] for one in summaries(xray, TimeRangeType=by)) == sorted(traces)


def test_time_ranges_go_by_start_by_arrival_or_by_the_end_of_a_segment(xray):
    now = time.time()
    trace = trace_id(now - 300)
    put(xray, segment("web", trace, start=now - 299, seconds=60))
    assert len(summaries(xray, StartTime=now - 310, EndTime=now - 290)) == 1
    assert summaries(xray, StartTime=now - 200, EndTime=now) == []
    (event,) = summaries(xray, TimeRangeType="Event", StartTime=now - 5, EndTime=now + 5)
    assert event["MatchedEventTime"].timestamp() == pytest.approx(now, abs=5)
    assert summaries(xray, TimeRangeType="Service", StartTime=now - 230, EndTime=now) == []
    assert len(summaries(xray, TimeRangeType="Service", StartTime=now - 250, EndTime=now)) == 1


def test_ids_of_opentelemetry_tell_no_time(xray):
    trace = f"1-f{secrets.token_hex(4)[1:]}-{secrets.token_hex(12)}"
    put(xray, segment("web", trace, start=time.time()))
    now = time.time()
    assert [one["Id"] for one in summaries(xray, EndTime=now)] == [trace]


def test_a_trace_with_a_long_pause_is_found_once_where_it_began(xray):
    now, trace = time.time(), trace_id()
    first = segment("web", trace, start=now - 3000)
    put(xray, first)
    put(xray, segment("late", trace, start=now - 10, parent_id=first["id"]))
    (one,) = summaries(xray, StartTime=now - 3600)
    assert one["StartTime"].timestamp() == pytest.approx(now - 3000, abs=1)
    assert summaries(xray) == []


def test_groups_narrow_a_search(xray, name):
    group = name[-20:]
    xray.create_group(GroupName=group, FilterExpression="responsetime > 0.5")
    slow, quick = trace_id(), trace_id()
    put(xray, segment("web", slow, seconds=0.9), segment("web", quick))
    found = summaries(xray, FilterExpression=f'group.name = "{group}"')
    assert [one["Id"] for one in found] == [slow]
    with pytest.raises(ClientError, match="InvalidRequestException"):
        summaries(xray, FilterExpression='group.name = "nobody"')
    xray.create_group(GroupName=f"{group}-ring", FilterExpression=f'group.name = "{group}-ring"')
    with pytest.raises(ClientError, match="InvalidRequestException"):
        summaries(xray, FilterExpression=f'group.name = "{group}-ring"')
    with pytest.raises(ClientError, match="InvalidRequestException"):
        xray.get_service_graph(StartTime=time.time() - 60, EndTime=time.time(), GroupName=f"{group}-ring")
    with pytest.raises(ClientError, match="InvalidRequestException"):
        xray.create_group(GroupName=f"{group}2", FilterExpression="responsetime >")


@pytest.mark.parametrize(
    "asked",
    [
        {"FilterExpression": "nonsense"},
        {"FilterExpression": "(" * 2000},
        {"EndTime": 0},
        {"StartTime": 0},
        {"NextToken": "what"},
        {"Sampling": True, "SamplingStrategy": {"Name": "FixedRate", "Value": 7}},
    ],
)
def test_bad_searches_are_refused(xray, asked):
    with pytest.raises(ClientError) as caught:
        summaries(xray, **asked)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
