"""What leaves CloudWatch Logs by itself: its own metrics each minute, and subscribed events until Lambda has them."""

import base64
import gzip
import json
import random
from types import SimpleNamespace
from typing import Any

import pytest

from trunkline.aws.errors import AwsError
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.services.logs.forwarding import FORWARDS, Forwarding
from trunkline.services.logs.model import LogGroup, SubscriptionFilter
from trunkline.services.logs.own_metrics import OwnMetrics
from trunkline.services.logs.subscription_filters import select

GROUP = LogGroup("1", "us-east-1", "g", "id", 0)
ONE = SubscriptionFilter("id", "f", "[level, ...]", "arn:aws:lambda:us-east-1:1:function:f", 0)


class Rig:
    """Forwarding with a Lambda and a CloudWatch that fail as they are told to."""

    def __init__(self, directory) -> None:
        self.clock = ManualClock()
        self.db = Database(directory / "state.db")
        self.calls: list[tuple[str, dict]] = []
        self.failures: list[str] = []
        kit: Any = SimpleNamespace(clock=self.clock, db=self.db, call=self)
        self.own = OwnMetrics(kit)
        self.forwarding = Forwarding(kit, self.own)

    async def __call__(self, service: str, operation: str, request: dict, *, as_: object) -> dict:
        if operation == "Invoke" and self.failures:
            raise AwsError(self.failures.pop(0), "no")
        self.calls.append((operation, request))
        return {}

    async def add(self, *messages: str) -> None:
        selection = select(GROUP, "s", ONE, list(range(len(messages))), messages)
        assert selection is not None
        await self.forwarding.add(GROUP, ONE, selection)

    async def settle(self) -> None:
        await self.forwarding._queue.settle()

    def delivered(self) -> list[dict]:
        payloads = [json.loads(request["Payload"]) for operation, request in self.calls if operation == "Invoke"]
        return [json.loads(gzip.decompress(base64.b64decode(one["awslogs"]["data"]))) for one in payloads]

    async def metrics(self) -> dict[str, float]:
        await self.own.put()
        put = [request for operation, request in self.calls if operation == "PutMetricData"]
        return {one["MetricName"]: one["Value"] for request in put for one in request["MetricData"]}


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path)
    yield made
    made.db.close()


async def test_a_call_that_fails_is_made_again_later(rig):
    rig.failures = ["ServiceException", "TooManyRequestsException"]
    await rig.add("ERROR one", "INFO two")
    await rig.settle()
    assert rig.delivered() == [] and len(FORWARDS.find(rig.db)) == 1
    await rig.clock.advance(1)
    await rig.settle()
    await rig.clock.advance(1)
    await rig.settle()
    assert rig.delivered() == []
    await rig.clock.advance(1)
    await rig.settle()
    [data] = rig.delivered()
    assert [event["message"] for event in data["logEvents"]] == ["ERROR one", "INFO two"]
    assert data["logEvents"][0]["extractedFields"] == {"level": "ERROR"}
    assert (data["messageType"], data["owner"], data["subscriptionFilters"]) == ("DATA_MESSAGE", "1", ["f"])
    assert FORWARDS.find(rig.db) == []
    counted = await rig.metrics()
    assert (counted["ForwardedLogEvents"], counted["DeliveryErrors"], counted["DeliveryThrottling"]) == (2, 1, 1)


async def test_a_call_that_can_never_succeed_is_dropped(rig):
    rig.failures = ["ResourceNotFoundException"]
    await rig.add("ERROR")
    await rig.settle()
    assert FORWARDS.find(rig.db) == [] and rig.delivered() == []


async def test_what_was_not_delivered_survives_a_restart(rig, tmp_path):
    rig.failures = ["ServiceException"]
    await rig.add("ERROR")
    await rig.settle()
    rig.db.close()
    again = Rig(tmp_path)
    await again.clock.advance(2)
    await again.settle()
    assert [event["message"] for data in again.delivered() for event in data["logEvents"]] == ["ERROR"]
    again.db.close()


async def test_events_that_do_not_pack_small_are_divided(rig):
    noise = [base64.b64encode(random.randbytes(15_000)).decode() for _ in range(60)]
    await rig.add(*noise)
    await rig.settle()
    parts = rig.delivered()
    assert len(parts) > 1 and sum(len(part["logEvents"]) for part in parts) == 60


async def test_own_metrics_are_counted_by_minute_group_and_account(rig):
    rig.own.add(GROUP, "IncomingLogEvents", 3)
    rig.own.add(GROUP, "IncomingLogEvents", 4)
    await rig.clock.advance(60)
    rig.own.add(GROUP, "IncomingBytes", 10)
    await rig.own.put()
    [(_, request)] = rig.calls
    assert request["Namespace"] == "AWS/Logs"
    found = [
        (one["MetricName"], one["Value"], one["Unit"], [d["Value"] for d in one["Dimensions"]])
        for one in request["MetricData"]
    ]
    assert found == [
        ("IncomingLogEvents", 7.0, "None", ["g"]),
        ("IncomingLogEvents", 7.0, "None", []),
        ("IncomingBytes", 10.0, "Bytes", ["g"]),
        ("IncomingBytes", 10.0, "Bytes", []),
    ]
    first, _, later, _ = (one["Timestamp"] for one in request["MetricData"])
    assert (later - first).total_seconds() == 60
