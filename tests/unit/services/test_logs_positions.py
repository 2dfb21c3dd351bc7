"""Log followers that must write every line once, as ECS and CodeBuild do: the position they resume from."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Principal
from trunkline.core.clock import RealClock
from trunkline.core.db import Database
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.services.logs.api import Api
from trunkline.services.logs.forwarding import Forwarding
from trunkline.services.logs.intake import Intake
from trunkline.services.logs.live_tail import LiveTail
from trunkline.services.logs.own_metrics import OwnMetrics
from trunkline.services.logs.store import Store

WHERE = {"logGroupName": "g", "logStreamName": "s"}
SERVICE = Caller.service("ecs.amazonaws.com", "1", "us-east-1")
USER = Caller("1", "us-east-1", Principal("user", "arn:aws:iam::1:user/u", "AIDA", "u"))


class Rig:
    def __init__(self, directory) -> None:
        self.clock = RealClock()
        self.db = Database(directory / "state.db")
        self.telemetry = LocalTelemetry(directory / "telemetry", self.clock)
        kit: Any = SimpleNamespace(clock=self.clock, db=self.db)
        engines: Any = SimpleNamespace(telemetry=self.telemetry, workflows=None)
        live_tail, own_metrics, queries = LiveTail(self.clock), OwnMetrics(kit), cast(Any, None)
        intake = Intake(kit, live_tail, own_metrics, Forwarding(kit, own_metrics))
        self.api = Api(kit, Store(self.db), engines, intake, live_tail, queries)

    async def __call__(self, operation: str, caller: Caller = SERVICE, **req: Any) -> Any:
        return await getattr(self.api, operation)(Call(caller, "logs", operation, "r"), {**WHERE, **req})

    async def put(self, message: str, position: str, caller: Caller = SERVICE) -> Any:
        event = {"timestamp": int(self.clock.time() * 1000), "message": message}
        return await self("put_log_events", caller, logEvents=[event], sequenceToken=position)

    async def messages(self) -> list[str]:
        return [event["message"] for event in (await self("get_log_events", startFromHead=True))["events"]]

    async def position(self) -> str | None:
        [stream] = (await self("describe_log_streams", logStreamNamePrefix="s"))["logStreams"]
        return stream.get("uploadSequenceToken")

    async def close(self) -> None:
        await self.telemetry.close()
        self.db.close()


@pytest.fixture
async def rig(tmp_path):
    rig = Rig(tmp_path)
    await rig("create_log_group")
    await rig("create_log_stream")
    yield rig
    await rig.close()


async def test_a_follower_reads_its_position_back_after_a_restart(rig, tmp_path):
    assert await rig.position() is None
    await rig.put("one", "2026-11-22T23:00:00.1Z")
    await rig.put("two", "2026-11-22T23:00:00.2Z")
    await rig.close()
    again = Rig(tmp_path)
    assert await again.position() == "2026-11-22T23:00:00.2Z"
    await again.close()


async def test_a_batch_whose_position_is_stored_is_not_stored_again(rig):
    await rig.put("one", "p1")
    with pytest.raises(AwsError) as error:
        await rig.put("one", "p1")
    assert error.value.code == "DataAlreadyAcceptedException"
    assert error.value.members["expectedSequenceToken"] == "p1"
    assert await rig.messages() == ["one"]


async def test_the_sequence_tokens_of_users_mean_nothing(rig):
    await rig.put("one", "same", USER)
    await rig.put("two", "same", USER)
    assert await rig.messages() == ["one", "two"]
    assert await rig.position() is None


async def test_expired_events_are_neither_shown_nor_kept(rig):
    day_ms = 86_400_000
    now = int(rig.clock.time() * 1000)
    for age in (9 * day_ms, 1000):
        await rig("put_log_events", logEvents=[{"timestamp": now - age, "message": f"{age}"}])
    await rig("put_retention_policy", retentionInDays=7)
    assert await rig.messages() == ["1000"]
    assert [event["message"] for event in (await rig("filter_log_events"))["events"]] == ["1000"]
    answer = await rig("put_log_events", logEvents=[{"timestamp": now - 8 * day_ms, "message": "late"}])
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    await rig("delete_retention_policy")
    assert await rig.messages() == [f"{9 * day_ms}", "1000"]
