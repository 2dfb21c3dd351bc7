"""Small words for desired states, and waits for what the proxy reports."""

from dataclasses import replace

from tests.load.traffic import get, until
from trunkline.engines.proxy.interface import (
    Desired,
    Forward,
    HealthCheck,
    HealthState,
    Listener,
    Member,
    TargetGroup,
    Weighted,
)

CHECK = HealthCheck(path="/health", interval_s=1, timeout_s=1, healthy_threshold=2, unhealthy_threshold=2)


def group(name, *targets, **more):
    members = tuple(Member(target.ip, target.port) for target in targets)
    return TargetGroup(name, **{"health_check": CHECK, "members": members, **more})


def forward(**weights):
    return Forward(tuple(Weighted(name, weight) for name, weight in weights.items()))


def listening(address, default, *groups, rules=()):
    return Desired((Listener("front", *address, default=default, rules=tuple(rules)),), groups)


def reweighted(desired, **weights):
    (listener,) = desired.listeners
    return replace(desired, listeners=(replace(listener, default=forward(**weights)),))


async def all_healthy(proxy):
    async def healthy():
        states = [each.state for members in (await proxy.health()).values() for each in members.values()]
        return states and all(state is HealthState.HEALTHY for state in states)

    await until(healthy, what="every member healthy")


async def in_service(proxy, address):
    """Every member is healthy and the listener answers."""
    await all_healthy(proxy)

    async def answers():
        return (await get(*address))[0] == 200

    await until(answers, what="an answer")


async def answered_by(address, name):
    return (await get(*address))[2] == name
