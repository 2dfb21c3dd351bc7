"""Deliveries and schedules with a clock moved by hand and a target that can be told to fail."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from trunkline.aws.errors import AwsError
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.core.events import Event
from trunkline.services.events import store
from trunkline.services.events.delivery import Courier
from trunkline.services.events.matching import Rules
from trunkline.services.events.model import Rule
from trunkline.services.events.scheduler import Scheduler

TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


class Target:
    """Stands where the in-process client does: remembers what it was given, fails as told."""

    def __init__(self):
        self.calls = []
        self.errors = []

    async def __call__(self, service, operation, request, *, as_):
        if self.errors:
            raise self.errors.pop(0)
        self.calls.append((service, operation, request, as_.principal.name))
        return {}


@pytest.fixture
async def world(tmp_path):
    db = Database(tmp_path / "state.db")
    db.migrate("events", store.MIGRATIONS)
    clock, target = ManualClock(), Target()
    kit = SimpleNamespace(db=db, clock=clock, call=target)
    rules = Rules(db)
    courier = Courier(kit, rules)
    made = SimpleNamespace(db=db, clock=clock, target=target, rules=rules, courier=courier, kit=kit)
    yield made
    db.close()


async def put(world, **more):
    rule = Rule("000000000000", "us-east-1", "default", "r", pattern='{"source":["my.app"]}')
    rule.targets = [{"Id": "1", "Arn": TOPIC}]
    for name, value in more.items():
        setattr(rule, name, value)
    await world.db.write(lambda tx: store.RULES.put(tx, rule))
    world.rules.changed()
    return rule


def event(**more):
    return Event("my.app", "t", {}, "000000000000", "us-east-1", **more)


async def deliver(world):
    """One round of what the courier does for ever, until nothing is under way."""
    await world.courier._queue.settle()


async def test_an_event_told_twice_is_delivered_once(world):
    await put(world)
    told = event()
    for _ in range(2):
        await world.courier.take(told)
        await deliver(world)
    assert len(world.target.calls) == 1


async def test_retries_with_growing_pauses_and_then_arrives(world):
    await put(world)
    world.target.errors = [AwsError("ThrottlingException"), AwsError("InternalFailure", status=500)]
    await world.courier.take(event())
    await deliver(world)
    first = store.next_due(world.db) - world.clock.time()
    assert 0.8 <= first <= 1.2
    await deliver(world)
    assert world.target.calls == []
    await world.clock.advance(1.3)
    await deliver(world)
    assert 1.6 <= store.next_due(world.db) - world.clock.time() <= 2.4
    await world.clock.advance(2.5)
    await deliver(world)
    assert len(world.target.calls) == 1
    assert store.next_due(world.db) is None


@pytest.mark.parametrize("error", [AwsError("NotFoundException"), AwsError("AccessDenied", status=403)])
async def test_gives_up_at_once_what_cannot_be_mended(world, error):
    await put(world)
    world.target.errors = [error]
    await world.courier.take(event())
    await deliver(world)
    assert store.next_due(world.db) is None


async def test_gives_up_when_the_retry_policy_says_so(world):
    await put(world, targets=[{"Id": "1", "Arn": TOPIC, "RetryPolicy": {"MaximumRetryAttempts": 1}}])
    world.target.errors = [AwsError("X", status=500)] * 3
    await world.courier.take(event())
    await deliver(world)
    await world.clock.advance(2)
    await deliver(world)
    assert store.next_due(world.db) is None
    assert len(world.target.errors) == 1


async def test_builds_and_pipelines_get_the_same_token_every_time(world):
    from trunkline.services.events import targets
    from trunkline.services.events.matching import deliveries

    rule = await put(world)
    arn = "arn:aws:codebuild:us-east-1:000000000000:project/p"
    rule.targets = [{"Id": "1", "Arn": arn, "Input": '{"sourceVersion":"main","other":1}'}]
    (delivery,) = deliveries(rule, event(id="e1").to_eventbridge(), 0.0)
    for _ in range(2):
        await targets.invoke(world.kit, delivery)
    first, second = world.target.calls
    assert first == second
    assert first[2].keys() == {"projectName", "idempotencyToken", "sourceVersion"}


@contextlib.asynccontextmanager
async def running(task):
    started = asyncio.get_running_loop().create_task(task)
    try:
        yield
    finally:
        started.cancel()
        await asyncio.gather(started, return_exceptions=True)


async def test_a_schedule_missed_while_down_is_made_up_for_once(world):
    rule = await put(world, pattern="", schedule="rate(1 minute)", anchor=world.clock.time())
    await world.clock.advance(10 * 60 + 30)
    scheduler = Scheduler(world.kit, world.courier)
    async with running(scheduler.run()):
        async with asyncio.timeout(5):
            while not store.last_occurrence(world.db, rule.arn):
                await asyncio.sleep(0.005)
    due = store.due(world.db, world.clock.time(), 100)
    assert [delivery.event["detail-type"] for delivery in due] == ["Scheduled Event"]
    assert store.last_occurrence(world.db, rule.arn) == rule.anchor + 600
    assert scheduler._due(rule) == rule.anchor + 660
