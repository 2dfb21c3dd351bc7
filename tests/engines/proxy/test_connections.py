"""Listeners that hand connections on as they are, on every driver."""

import asyncio

import pytest

from trunkline.engines.proxy.interface import (
    ConfigurationRefused,
    Desired,
    FixedResponse,
    Forward,
    HealthCheck,
    HealthState,
    Listener,
    Member,
    TargetGroup,
    Weighted,
)

CHECK = HealthCheck(interval_s=5, timeout_s=2, healthy_threshold=2, tcp=True)


@pytest.fixture
async def echo():
    """Two servers that answer every line with their name; their members."""
    servers, members = [], []
    for name in (b"a", b"b"):

        async def serve(reader, writer, name=name):
            while line := await reader.readline():
                writer.write(name + b":" + line)
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        members.append(Member("127.0.0.1", servers[-1].sockets[0].getsockname()[1]))
    yield members
    for server in servers:
        server.close()


def group(name, member):
    return TargetGroup(name, CHECK, (member,), idle_timeout_s=350, tcp=True)


def desired(address, members, weights):
    forward = Forward(tuple(Weighted(name, weight) for name, weight in zip(("one", "two"), weights, strict=True)))
    listener = Listener("tcp", *address, forward, idle_timeout_s=350, tcp=True)
    return Desired((listener,), (group("one", members[0]), group("two", members[1])))


async def healthy(proxy, members):
    async with asyncio.timeout(20):
        while True:
            known = await proxy.health()
            states = [known[name][member].state for name, member in zip(("one", "two"), members, strict=True)]
            if states == [HealthState.HEALTHY] * 2:
                return
            await asyncio.sleep(0.05)


async def say(address, *lines):
    reader, writer = await asyncio.open_connection(*address)
    answers = []
    for line in lines:
        writer.write(line + b"\n")
        answers.append((await reader.readline()).strip())
    writer.close()
    return answers


async def test_connections_go_to_members_and_follow_weights(proxy, address, echo):
    await proxy.apply(desired(address, echo, (1, 0)))
    await healthy(proxy, echo)
    async with asyncio.timeout(10):
        while await say(address, b"x") != [b"a:x"]:
            await asyncio.sleep(0.05)
    assert await say(address, b"x", b"y") == [b"a:x", b"a:y"]
    await proxy.apply(desired(address, echo, (0, 1)))
    assert await say(address, b"x") == [b"b:x"]
    await proxy.apply(desired(address, echo, (0, 0)))
    reader, writer = await asyncio.open_connection(*address)
    try:
        assert await reader.read(1) == b""
    except ConnectionResetError:
        pass
    finally:
        writer.close()


async def test_protocols_are_not_mixed(proxy, address, echo):
    wanted = desired(address, echo, (1, 0))
    listener = Listener("tcp", *address, FixedResponse(404), tcp=True)
    with pytest.raises(ConfigurationRefused):
        await proxy.apply(Desired((listener,), wanted.target_groups))
    plain = TargetGroup("one", HealthCheck(), (echo[0],))
    with pytest.raises(ConfigurationRefused):
        await proxy.apply(Desired(wanted.listeners, (plain, wanted.target_groups[1])))
