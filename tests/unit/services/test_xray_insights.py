"""Insights and the metrics of groups, minute by minute, on a clock of our own."""

import json
import random
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from trunkline.aws.service import Call, Caller
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.engines.telemetry.sqlite.segments import SegmentStore
from trunkline.services.xray import store
from trunkline.services.xray.api import Api
from trunkline.services.xray.insights.baseline import Baseline
from trunkline.services.xray.insights.described import insight as described
from trunkline.services.xray.model import Group
from trunkline.services.xray.search.retrieval import Retrievals
from trunkline.services.xray.segments import intake
from trunkline.services.xray.watch import Watch

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
MINUTE = 60.0


class Rig:
    def __init__(self, directory):
        self.clock = ManualClock(datetime.fromtimestamp(T0, UTC))
        self.db = Database(directory / "state.db")
        self.db.migrate("xray", store.MIGRATIONS)
        self.ledger = Ledger(self.db)
        self.metrics = []
        self.segments = SegmentStore(directory / "telemetry", self.clock)
        telemetry = SimpleNamespace(
            segments=self.segments.documents,
            segment_facts=lambda owner, start, end, by_arrival=False: self.segments.facts(
                owner, start, end, by_arrival
            ),
            segment_labels=self.segments.labels,
            segment_owners=self.segments.owners,
        )
        kit = SimpleNamespace(db=self.db, clock=self.clock, ledger=self.ledger, call=self._call)
        self.watch = Watch(kit, telemetry)
        self.api = Api(kit, telemetry, Retrievals(kit))
        self.asking = Call(Caller.service("x", "0", "r"), "xray", "", "")
        self._pick = random.Random(1)
        self._minute = 0

    async def _call(self, service, operation, request, *, as_):
        assert (service, operation, as_.principal.name) == ("cloudwatch", "PutMetricData", "xray.amazonaws.com")
        self.metrics.append(request)

    async def minute(self, faulty=0, requests=20):
        """A minute of requests to web, which calls backend; `faulty` of them fail because backend does."""
        start = T0 + MINUTE * self._minute
        self._minute += 1
        documents = []
        for number in range(requests):
            documents += self._request(start + number, fault=number < faulty)
        good, bad = intake.sort_out([json.dumps(one) for one in documents], start + MINUTE)
        assert not bad
        await self.segments.put(intake.batch("0", "r", good, start + MINUTE))
        await self.clock.advance(MINUTE)
        await self.watch.look_at(start)

    def _request(self, start, *, fault):
        def number(bits):
            return f"{self._pick.getrandbits(bits):0{bits // 4}x}"

        trace = f"1-{int(start):08x}-{number(96)}"
        times = {"start_time": start, "end_time": start + 0.2, "fault": fault}
        call = {"name": "backend", "id": number(64), "namespace": "remote", **times}
        web = {"name": "web", "id": number(64), "trace_id": trace, **times, "subsegments": [call]}
        return web, {"name": "backend", "id": number(64), "trace_id": trace, "parent_id": call["id"], **times}

    def insights(self):
        return store.INSIGHTS.find(self.db)


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path)
    insights = {"InsightsEnabled": True, "NotificationsEnabled": True}
    groups = [Group("0", "r", "all", "ID", "", insights), Group("0", "r", "failing", "ID2", "fault")]
    await rig.db.write(lambda tx: [store.GROUPS.put(tx, one) for one in groups])
    yield rig
    rig.segments.close()
    rig.db.close()


async def test_an_insight_opens_at_its_root_cause_goes_on_and_is_closed(rig):
    for _ in range(5):
        await rig.minute(faulty=0)
    assert rig.insights() == []
    await rig.minute(faulty=12)
    (found,) = rig.insights()
    assert found.active and found.root_cause[0] == "backend"
    told = described(found)
    assert (told["State"], told["Categories"], told["GroupName"]) == ("ACTIVE", ["FAULT"], "all")
    assert told["StartTime"].timestamp() == T0 + 5 * MINUTE
    assert told["ClientRequestImpactStatistics"] == {"FaultCount": 12, "OkCount": 8, "TotalCount": 20}
    assert [one["ServiceId"]["Name"] for one in told["TopAnomalousServices"]] == ["backend", "web"]
    await rig.minute(faulty=15)
    (found,) = rig.insights()
    assert described(found)["RootCauseServiceRequestImpactStatistics"]["FaultCount"] == 27
    for _ in range(4):
        await rig.minute(faulty=0)
        assert rig.insights()[0].active
    await rig.minute(faulty=0)
    (found,) = rig.insights()
    assert not found.active and found.end == T0 + 7 * MINUTE
    assert len(found.events) == 2
    events = rig.ledger.read()
    assert {(event.source, event.detail_type) for event in events} == {("aws.xray", "AWS X-Ray Insight Update")}
    assert [event.detail["State"] for event in events] == ["ACTIVE", "ACTIVE", "CLOSED"]
    assert events[0].detail["RootCauseServiceId"]["Name"] == "backend"
    await rig.minute(faulty=12)
    assert [one.active for one in sorted(rig.insights(), key=lambda one: one.start)] == [False, True]


async def test_insights_are_listed_and_told_by_event_and_graph(rig):
    for faulty in (0, 0, 12, 15, 13):
        await rig.minute(faulty=faulty)
    hours = {"StartTime": datetime.fromtimestamp(T0, UTC), "EndTime": datetime.fromtimestamp(T0 + 3600, UTC)}
    listed = await rig.api.get_insight_summaries(rig.asking, {"GroupName": "all", "States": ["ACTIVE"], **hours})
    (summary,) = listed["InsightSummaries"]
    assert summary["LastUpdateTime"].timestamp() == T0 + 5 * MINUTE
    closed = await rig.api.get_insight_summaries(rig.asking, {"GroupName": "all", "States": ["CLOSED"], **hours})
    assert closed["InsightSummaries"] == []
    asked = {"InsightId": summary["InsightId"]}
    told = (await rig.api.get_insight(rig.asking, asked))["Insight"]
    assert told["Summary"].startswith("Since 2026-01-01 12:02 UTC 67% of the requests to backend have been faults")
    first = await rig.api.get_insight_events(rig.asking, {**asked, "MaxResults": 2})
    rest = await rig.api.get_insight_events(rig.asking, {**asked, "NextToken": first["NextToken"]})
    events = first["InsightEvents"] + rest["InsightEvents"]
    assert [one["RootCauseServiceRequestImpactStatistics"]["FaultCount"] for one in events] == [40, 27, 12]
    graph = await rig.api.get_insight_impact_graph(rig.asking, {**asked, **hours})
    assert [(one["Name"], one["Type"], len(one["Edges"])) for one in graph["Services"]] == [
        ("backend", None, 0),
        ("web", None, 1),
        ("web", "client", 1),
    ]


async def test_an_insight_ends_with_its_groups_interest_and_goes_with_the_group(rig):
    for faulty in (0, 12):
        await rig.minute(faulty=faulty)
    assert rig.insights()[0].active
    off = {"GroupName": "all", "InsightsConfiguration": {"InsightsEnabled": False}}
    await rig.api.update_group(rig.asking, off)
    assert not rig.insights()[0].active
    await rig.api.delete_group(rig.asking, {"GroupName": "all"})
    assert rig.insights() == []


async def test_faults_that_are_usual_are_no_incident(rig):
    for _ in range(6):
        await rig.minute(faulty=8)
    first = rig.insights()
    await rig.minute(faulty=9)
    assert len(rig.insights()) == len(first) <= 1


async def test_a_few_faults_are_nobodys_incident(rig):
    for _ in range(3):
        await rig.minute(faulty=0)
    await rig.minute(faulty=4)
    assert rig.insights() == []


async def test_groups_count_their_traces(rig):
    await rig.minute(faulty=3)
    (request,) = rig.metrics
    assert request["Namespace"] == "AWS/X-Ray"
    (one,) = request["MetricData"]
    assert (one["MetricName"], one["Value"]) == ("ApproximateTraceCount", 3)
    assert one["Dimensions"] == [{"Name": "GroupName", "Value": "failing"}]
    assert one["Timestamp"].timestamp() == T0


async def test_a_group_that_names_one_that_is_gone_is_left_out(rig):
    lost = Group("0", "r", "lost", "ID3", 'group.name = "gone"', {"InsightsEnabled": True})
    await rig.db.write(lambda tx: store.GROUPS.put(tx, lost))
    await rig.minute(faulty=3)
    (request,) = rig.metrics
    assert [one["Dimensions"][0]["Value"] for one in request["MetricData"]] == ["failing"]


def test_a_baseline_allows_more_where_more_was_usual():
    calm, rough = Baseline(), Baseline()
    for _ in range(30):
        calm.add(0, 100)
        rough.add(30, 100)
    assert calm.faults_expected(100)[1] < 10 < 35 < rough.faults_expected(100)[1] < 50
    assert rough.faults_expected(100)[0] > 10
    assert Baseline().faults_expected(0) == (0, 0)
