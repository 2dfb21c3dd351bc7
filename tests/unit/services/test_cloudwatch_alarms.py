"""Alarms from samples to actions, on a clock moved by hand and with SNS played by the test."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc
from trunkline.core.bus import Bus
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.engines.telemetry import Sample
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.services.cloudwatch.anomaly import Model, Trainer
from trunkline.services.cloudwatch.evaluator import Evaluator
from trunkline.services.cloudwatch.model import MetricAlarm
from trunkline.services.cloudwatch.mutes import Mutes
from trunkline.services.cloudwatch.reactions import Actions
from trunkline.services.cloudwatch.reading import Reader
from trunkline.services.cloudwatch.store import ALARMS, HISTORY, Store

TOPIC = "arn:aws:sns:us-east-1:1:topic"
ALARM = MetricAlarm(
    "1", "us-east-1", "slow", "too slow", True, [], [TOPIC], [], "App", "m", [("B", "2"), ("A", "1")], "Sum", 10, None,
    2, 1, 5.0, "GreaterThanThreshold", "notBreaching", None,
)  # fmt: skip


class Rig:
    """Everything that alarms need, restartable over one directory."""

    def __init__(self, directory: Path, clock: ManualClock) -> None:
        self.clock = clock
        self.published: list[Doc] = []
        self.refuse = False
        self.db = Database(directory / "state.db")
        self.ledger = Ledger(self.db)
        self.bus = Bus(self.db, self.ledger, clock)
        self.telemetry = LocalTelemetry(directory / "telemetry", clock)
        self.store = Store(self.db)
        reader = Reader(self.telemetry, clock)
        self.trainer = Trainer(self.db, reader, clock)
        self.evaluator = Evaluator(self.store, reader, self.ledger, clock, self.trainer)
        kit: Any = SimpleNamespace(bus=self.bus, call=self.call, clock=clock, db=self.db, ledger=self.ledger)
        self.mutes = Mutes(kit)
        self.actions = Actions(kit, self.store, self.mutes)

    async def call(self, service: str, operation: str, params: Doc, *, as_: Caller) -> Doc:
        assert (service, operation, as_.principal.kind) == ("sns", "Publish", "service")
        if self.refuse:
            raise AwsError("NotFound", "Topic does not exist")
        self.published.append(params)
        return {}

    async def put(self, alarm: MetricAlarm) -> None:
        await self.store.change_alarms(lambda tx: ALARMS.put(tx, alarm))

    async def sample(self, value: float) -> None:
        now_ms = int(self.clock.time() * 1000)
        await self.telemetry.put_samples([Sample(ALARM.identity, now_ms, value)])

    async def pass_period(self) -> str:
        """Ten seconds go by and the evaluator looks; the alarm's state."""
        await self.clock.advance(10)
        await self.evaluator.tick(int(self.clock.time()))
        stored = self.store.alarm("1", "us-east-1", "slow")
        assert stored is not None
        return stored.state

    async def act(self) -> None:
        for event in self.ledger.read(detail_types=("CloudWatch Alarm State Change",)):
            await self.actions.perform(event)

    async def close(self) -> None:
        await self.telemetry.close()
        self.db.close()


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path, ManualClock())
    yield rig
    await rig.close()


async def test_a_state_change_is_one_commit_of_state_history_and_event(rig):
    await rig.put(ALARM)
    assert await rig.pass_period() == "OK"
    await rig.sample(6.0)
    assert await rig.pass_period() == "ALARM"
    [_, event] = rig.ledger.read()
    detail = event.detail
    assert (event.source, event.detail_type) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert event.resources == ("arn:aws:cloudwatch:us-east-1:1:alarm:slow",)
    assert detail["alarmName"] == "slow"
    assert detail["state"]["value"] == "ALARM" and detail["previousState"]["value"] == "OK"
    assert detail["state"]["reason"].startswith("Threshold Crossed: 1 out of the last 2 datapoints [6.0 (")
    assert json.loads(detail["state"]["reasonData"])["evaluatedDatapoints"][0]["value"] == 6.0
    [query] = detail["configuration"]["metrics"]
    assert query["metricStat"] == {
        "metric": {"namespace": "App", "name": "m", "dimensions": {"B": "2", "A": "1"}},
        "period": 10,
        "stat": "Sum",
    }
    assert [item.summary for item in HISTORY.find(rig.db)] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
    ]


async def test_the_alarm_ends_when_good_data_has_filled_the_periods(rig):
    await rig.put(ALARM)
    await rig.sample(6.0)
    assert await rig.pass_period() == "ALARM"
    await rig.sample(0.0)
    assert await rig.pass_period() == "ALARM"
    await rig.sample(0.0)
    assert await rig.pass_period() == "OK"


async def test_only_minutes_count_for_periods_of_a_minute(rig):
    await rig.put(replace(ALARM, period_s=60, evaluation_periods=1))
    await rig.sample(6.0)
    for _ in range(5):
        assert await rig.pass_period() == "INSUFFICIENT_DATA"
    assert await rig.pass_period() == "ALARM"


async def test_an_action_is_done_once_although_its_event_comes_again(rig):
    await rig.put(ALARM)
    await rig.sample(6.0)
    await rig.pass_period()
    await rig.act()
    await rig.act()
    [published] = rig.published
    assert published["TopicArn"] == TOPIC and published["Subject"] == 'ALARM: "slow" in US East (N. Virginia)'
    message = json.loads(published["Message"])
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert message["Trigger"]["Statistic"] == "SUM" and message["Trigger"]["Dimensions"][0] == {
        "value": "2",
        "name": "B",
    }
    assert sorted(item.kind for item in HISTORY.find(rig.db)) == ["Action", "StateUpdate"]


async def test_a_refused_action_is_told_in_the_history(rig):
    rig.refuse = True
    await rig.put(ALARM)
    await rig.sample(6.0)
    await rig.pass_period()
    await rig.act()
    [item] = [item for item in HISTORY.find(rig.db) if item.kind == "Action"]
    assert item.summary == f"Failed to execute action {TOPIC}"


async def test_disabled_actions_are_not_done(rig):
    await rig.put(replace(ALARM, actions_enabled=False))
    await rig.sample(6.0)
    await rig.pass_period()
    await rig.act()
    assert rig.published == []


async def test_state_survives_a_restart_and_evaluation_goes_on(tmp_path):
    clock = ManualClock()
    first = Rig(tmp_path, clock)
    await first.put(ALARM)
    await first.sample(6.0)
    await first.pass_period()
    await first.close()
    second = Rig(tmp_path, clock)
    await second.sample(0.0)
    assert await second.pass_period() == "ALARM"
    await second.sample(0.0)
    assert await second.pass_period() == "OK"
    assert len(second.ledger.read()) == 2
    await second.close()


async def test_one_tick_evaluates_every_alarm(rig):
    for number in range(200):
        await rig.put(replace(ALARM, name=f"alarm-{number}"))
    await rig.put(ALARM)
    await rig.sample(1.0)
    assert await rig.pass_period() == "OK"
    assert all(alarm.state == "OK" for alarm in rig.store.every_alarm())


RATE = replace(
    ALARM,
    namespace="", metric="", dimensions=[], statistic="", datapoints_to_alarm=None, evaluation_periods=1,
    period_s=300, treat_missing=None, threshold=0.0, query_id="e1",
    queries=[
        {"Id": "e1", "Expression": "FILL(m1, 0) * 2", "Label": "Twice"},
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {
                    "Namespace": "App",
                    "MetricName": "m",
                    "Dimensions": [{"Name": "B", "Value": "2"}, {"Name": "A", "Value": "1"}],
                },
                "Period": 300,
                "Stat": "Sum",
            },
            "ReturnData": False,
        },
    ],
)  # fmt: skip


async def test_an_alarm_over_an_expression_looks_at_periods_that_slide(rig):
    await rig.put(RATE)
    await rig.sample(6.0)
    for _ in range(6):
        state = await rig.pass_period()
    assert state == "ALARM"
    [event] = rig.ledger.read()
    reason_data = json.loads(event.detail["state"]["reasonData"])
    assert reason_data["evaluatedDatapoints"][0]["value"] == 12.0 and "statistic" not in reason_data
    assert event.detail["configuration"]["metrics"] == [
        {"id": "e1", "expression": "FILL(m1, 0) * 2", "label": "Twice", "returnData": True},
        {
            "id": "m1",
            "metricStat": {
                "metric": {"namespace": "App", "name": "m", "dimensions": {"B": "2", "A": "1"}},
                "period": 300,
                "stat": "Sum",
            },
            "returnData": False,
        },
    ]
    for _ in range(30):
        state = await rig.pass_period()
    assert state == "OK"  # the metric has no data any more, and FILL says what that means


ANOMALOUS = replace(
    RATE, period_s=60, datapoints_to_alarm=1, comparison="LessThanLowerOrGreaterThanUpperThreshold", query_id="m1",
    threshold_query_id="ad1",
    queries=[
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
        {**RATE.queries[1], "ReturnData": True, "MetricStat": {**RATE.queries[1]["MetricStat"], "Period": 60}},
    ],
)  # fmt: skip


async def test_an_alarm_on_anomalies_compares_with_what_is_normal_then(rig, monkeypatch):
    async def model(subject, period_s):
        return Model(period_s=60, levels=[100.0], spread=[5.0])

    monkeypatch.setattr(rig.trainer, "model", model)
    await rig.put(ANOMALOUS)
    for value, state in [(103.0, "OK"), (120.0, "ALARM"), (80.0, "ALARM"), (95.0, "OK")]:
        await rig.sample(value)
        for _ in range(6):
            await rig.pass_period()
        assert rig.store.alarm("1", "us-east-1", "slow").state == state
    [_, alarmed, recovered] = [event.detail["state"] for event in rig.ledger.read()]
    assert alarmed["reason"].startswith("Thresholds Crossed: 1 out of the last 1 datapoints [120.0 (")
    assert alarmed["reason"].endswith(
        "was less than the lower thresholds [90.0] or greater than the upper thresholds [110.0]"
        " (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(alarmed["reasonData"])
    assert (data["recentDatapoints"], data["recentLowerThresholds"], data["recentUpperThresholds"]) == (
        [120.0], [90.0], [110.0],
    )  # fmt: skip
    assert "was not less than the lower thresholds [90.0] or not greater than the upper" in recovered["reason"]


async def test_an_alarm_on_a_metrics_insights_query_watches_all_that_it_finds(rig):
    query = {"Id": "q1", "Expression": "SELECT SUM(m) FROM SCHEMA(App, A, B)", "Period": 60}
    await rig.put(replace(RATE, period_s=60, query_id="q1", queries=[query], threshold=10.0))
    for zone in ("1", "3"):
        metric = ALARM.identity._replace(dimensions=(("A", zone), ("B", "2")))
        await rig.telemetry.put_samples([Sample(metric, int(rig.clock.time() * 1000), 6.0)])
    for _ in range(6):
        state = await rig.pass_period()
    assert state == "ALARM"
    [event] = rig.ledger.read()
    assert json.loads(event.detail["state"]["reasonData"])["recentDatapoints"] == [12.0]


async def test_an_alarm_on_anomalies_waits_until_something_is_known_of_what_is_normal(rig):
    await rig.put(ANOMALOUS)
    await rig.sample(103.0)
    for _ in range(6):
        await rig.pass_period()
    assert rig.store.alarm("1", "us-east-1", "slow").state == "INSUFFICIENT_DATA"


async def test_the_message_of_an_alarm_over_an_expression_holds_its_queries(rig):
    await rig.put(RATE)
    await rig.sample(6.0)
    for _ in range(6):
        await rig.pass_period()
    await rig.act()
    [published] = rig.published
    trigger = json.loads(published["Message"])["Trigger"]
    assert trigger["Period"] == 300 and "MetricName" not in trigger
    assert [(query["Id"], query["ReturnData"]) for query in trigger["Metrics"]] == [("e1", True), ("m1", False)]
    assert trigger["Metrics"][1]["MetricStat"]["Metric"]["Dimensions"][0] == {"value": "2", "name": "B"}
