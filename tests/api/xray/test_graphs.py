"""Service graphs through boto3."""

import time

import pytest
from botocore.exceptions import ClientError
from tests.api.xray.documents import put, segment, subsegment, trace_id


@pytest.fixture
def xray(aws, name):
    """In a region of its own, so that every trace there is this test's."""
    return aws("xray", region=f"eu-{name[-6:]}-1")


def graph(xray, **asked):
    now = time.time()
    pages = xray.get_paginator("get_service_graph").paginate(**{"StartTime": now - 600, "EndTime": now + 5, **asked})
    return named(one for page in pages for one in page["Services"])


def named(services):
    """Nodes by name and type, and their edges by the names of both ends."""
    services = list(services)
    references = {one["ReferenceId"]: (one["Name"], one.get("Type")) for one in services}
    nodes = {references[one["ReferenceId"]]: one for one in services}
    edges = {
        (references[one["ReferenceId"]], references[edge["ReferenceId"]]): edge
        for one in services
        for edge in one["Edges"]
    }
    return nodes, edges


def request(xray, *, fault=False, seconds=0.5, at=None):
    """Client → web → backend (its own segment) → a table; web → an API elsewhere and a database."""
    trace, now = trace_id(at), (at or time.time()) - 2
    to_backend = subsegment("backend", start=now, namespace="remote", seconds=seconds / 2, fault=fault)
    outside = subsegment("api.example.com", start=now, namespace="remote", seconds=0.02, error=True, throttle=True)
    database = subsegment("orders@db", start=now, namespace="remote", sql={"url": "x"}, seconds=0.01)
    table = subsegment("DynamoDB", start=now, namespace="aws", aws={"table_name": "scores"}, seconds=0.005)
    parts = [subsegment("work", start=now, subsegments=[to_backend]), outside, database]
    web = segment(
        "web", trace, start=now, seconds=seconds, origin="AWS::ECS::Container", subsegments=parts, fault=fault
    )
    backend = segment("backend", trace, start=now, seconds=seconds / 4, parent_id=to_backend["id"], fault=fault)
    late = {**table, "type": "subsegment", "trace_id": trace, "parent_id": backend["id"]}
    assert put(xray, late, web, backend) == []
    return trace


WEB = ("web", "AWS::ECS::Container")
BACKEND = ("backend", None)
CLIENT = ("web", "client")
TABLE = ("scores", "AWS::DynamoDB::Table")
API = ("api.example.com", "remote")
DATABASE = ("orders@db", "Database::SQL")


def test_a_graph_has_the_right_nodes_edges_latencies_and_faults(xray):
    request(xray)
    request(xray, fault=True, seconds=1.0)
    nodes, edges = graph(xray)
    assert nodes.keys() == {WEB, BACKEND, CLIENT, TABLE, API, DATABASE}
    assert edges.keys() == {(CLIENT, WEB), (WEB, BACKEND), (WEB, API), (WEB, DATABASE), (BACKEND, TABLE)}
    web = nodes[WEB]
    assert (web["Root"], web["State"], nodes[BACKEND].get("Root")) == (True, "active", None)
    assert web["SummaryStatistics"] == {
        "OkCount": 1,
        "ErrorStatistics": {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0},
        "FaultStatistics": {"OtherCount": 1, "TotalCount": 1},
        "TotalCount": 2,
        "TotalResponseTime": pytest.approx(1.5),
    }
    assert web["ResponseTimeHistogram"] == [{"Value": 0.5, "Count": 1}, {"Value": 1.0, "Count": 1}]
    assert (nodes[CLIENT]["State"], nodes[CLIENT]["Names"]) == ("unknown", ["web"])
    assert edges[CLIENT, WEB]["SummaryStatistics"] == web["SummaryStatistics"]
    # An edge is measured by the caller.
    assert edges[WEB, BACKEND]["SummaryStatistics"]["TotalResponseTime"] == pytest.approx(0.75)
    assert nodes[BACKEND]["SummaryStatistics"]["TotalResponseTime"] == pytest.approx(0.375)
    assert edges[WEB, API]["SummaryStatistics"]["ErrorStatistics"] == {
        "ThrottleCount": 2,
        "OtherCount": 0,
        "TotalCount": 2,
    }
    assert edges[BACKEND, TABLE]["SummaryStatistics"]["OkCount"] == 2


def test_a_completed_segment_counts_once_and_what_is_open_not_yet(xray):
    trace = trace_id()
    done = segment("web", trace, seconds=0.25)
    begun = {key: value for key, value in done.items() if key != "end_time"} | {"in_progress": True}
    put(xray, begun)
    nodes, _ = graph(xray)
    assert nodes["web", None]["SummaryStatistics"]["TotalCount"] == 0
    put(xray, done)
    put(xray, begun, done)
    nodes, _ = graph(xray)
    assert nodes["web", None]["SummaryStatistics"]["TotalCount"] == 1


def test_a_group_has_a_graph_of_its_own(xray, name):
    group = name[-20:]
    arn = xray.create_group(GroupName=group, FilterExpression="fault")["Group"]["GroupARN"]
    request(xray)
    request(xray, fault=True)
    for asked in ({"GroupName": group}, {"GroupARN": arn}):
        nodes, _ = graph(xray, **asked)
        assert nodes[WEB]["SummaryStatistics"]["TotalCount"] == 1
    nodes, _ = graph(xray, GroupName="Default")
    assert nodes[WEB]["SummaryStatistics"]["TotalCount"] == 2
    with pytest.raises(ClientError, match="InvalidRequestException"):
        graph(xray, GroupName="nobody")


def test_the_graph_of_a_trace(xray):
    trace = request(xray)
    request(xray)
    nodes, edges = named(xray.get_trace_graph(TraceIds=[trace])["Services"])
    assert nodes[WEB]["SummaryStatistics"]["TotalCount"] == 1
    assert (WEB, BACKEND) in edges
    assert xray.get_trace_graph(TraceIds=[trace_id()])["Services"] == []


def test_messages_link_the_traces_of_sender_and_receiver(xray):
    sender, receiver = trace_id(), trace_id()
    now = time.time() - 5
    queue = subsegment("SQS", namespace="aws", start=now, seconds=0.1, aws={"queue_url": "http://q/1"})
    put(xray, segment("producer", sender, start=now, subsegments=[queue]))
    put(xray, segment("consumer", receiver, start=now + 3, links=[{"trace_id": sender, "id": queue["id"]}]))
    _, edges = graph(xray)
    link = edges[("producer", None), ("consumer", None)]
    assert link["EdgeType"] == "link"
    assert [(one["Count"], round(one["Value"], 1)) for one in link["ReceivedEventAgeHistogram"]] == [(1, 2.9)]


def test_statistics_over_time(xray):
    now = time.time()
    for minute in range(3):
        for fault in (False, True, True):
            request(xray, at=now - 60 * minute, fault=fault)

    def series(**asked):
        paginator = xray.get_paginator("get_time_series_service_statistics")
        pages = paginator.paginate(StartTime=now - 300, EndTime=now + 60, **asked)
        return [one for page in pages for one in page["TimeSeriesServiceStatistics"]]

    entered = series()
    assert [one["EdgeSummaryStatistics"]["TotalCount"] for one in entered] == [3, 3, 3]
    assert [one["EdgeSummaryStatistics"]["FaultStatistics"]["TotalCount"] for one in entered] == [2, 2, 2]
    assert all(one["Timestamp"].timestamp() % 60 == 0 for one in entered)
    services = series(EntitySelectorExpression='service(id(name: "scores", type: "AWS::DynamoDB::Table"))')
    assert [one["ServiceSummaryStatistics"]["OkCount"] for one in services] == [3, 3, 3]
    (whole,) = series(EntitySelectorExpression='edge("web", "backend")', Period=3600 * 24 * 365)
    assert whole["EdgeSummaryStatistics"]["TotalCount"] == 9
    assert sum(one["Count"] for one in whole["ResponseTimeHistogram"]) == 9
    forecast = series(EntitySelectorExpression='service("web")', ForecastStatistics=True)
    assert all(one["ServiceForecastStatistics"]["FaultCountHigh"] >= 1 for one in forecast)
    for bad in ({"EntitySelectorExpression": "fault"}, {"ForecastStatistics": True}, {"Period": 0}):
        with pytest.raises(ClientError, match="InvalidRequestException"):
            series(**bad)


def test_a_range_may_be_six_hours_long(xray):
    now = time.time()
    with pytest.raises(ClientError, match="InvalidRequestException"):
        graph(xray, StartTime=now - 7 * 3600)
    assert graph(xray, StartTime=now - 5 * 3600) == ({}, {})
