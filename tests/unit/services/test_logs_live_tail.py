"""Live tail's sessions: sampled, updated once a second, over after three hours."""

import asyncio

import pytest

from trunkline.aws.errors import AwsError
from trunkline.core.clock import ManualClock
from trunkline.services.logs.live_tail import LiveTail, Session
from trunkline.services.logs.pattern import compile_pattern


def session() -> Session:
    return Session("1", {"g": "group"}, None, (), compile_pattern("ERROR"))


async def test_more_than_five_hundred_events_a_second_are_sampled():
    tail, one = LiveTail(ManualClock()), session()
    events = tail.events(one, {})
    assert (await anext(events))[0] == "sessionStart"
    tail.publish("g", "s", list(range(2000)), [f"ERROR {n}" for n in range(2000)], 1)
    update = one.update()
    times = [event["timestamp"] for event in update["sessionResults"]]
    assert update["sessionMetadata"]["sampled"] and len(times) == 500
    assert times == sorted(times) and min(times) < 500 and max(times) > 1500
    tail.publish("g", "s", [1, 2], ["ERROR", "fine"], 1)
    tail.publish("other", "s", [3], ["ERROR"], 1)
    assert [event["timestamp"] for event in one.update()["sessionResults"]] == [1]
    assert tail.sessions("1") == 1 and tail.sessions("2") == 0
    await events.aclose()
    tail.publish("g", "s", [4], ["ERROR"], 1)
    assert one.update()["sessionResults"] == []


async def test_a_session_is_updated_every_second_and_ends_after_three_hours():
    clock = ManualClock()
    tail = LiveTail(clock)
    kinds: list[str] = []

    async def follow():
        async for kind, _ in tail.events(session(), {}):
            kinds.append(kind)

    following = asyncio.create_task(follow())
    while not kinds:
        await asyncio.sleep(0)
    for second in range(1, 4):
        await clock.advance(1)
        while len(kinds) < second + 1:
            await asyncio.sleep(0)
    assert kinds == ["sessionStart"] + ["sessionUpdate"] * 3
    await clock.advance(3 * 3600)
    with pytest.raises(AwsError, match="SessionTimeoutException"):
        await asyncio.wait_for(following, 10)
