"""Traffic shifts through the API while clients never pause: not one request may fail, whatever happens to Trunkline.

`make test` runs a short sample; the test marked slow runs over twenty shifts and prints its figures.
"""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import time

import pytest
import pytest_asyncio

from tests.load.traffic import Load, Target, get, until
from tests.support.server import Server

pytestmark = [
    pytest.mark.haproxy,
    pytest.mark.skipif(shutil.which("haproxy") is None, reason="no HAProxy"),
]

CANARY = [10, 50, 100]


class Site:
    """A load balancer with a blue and a green target group, on a server of its own."""

    def __init__(self, server):
        self.server = server
        self.port = random.randint(20000, 30000)
        self.address = ("", 0)
        self.groups = {}
        self.listener = ""

    async def call(self, operation, **params):
        client = self.server.client("elbv2")
        return await asyncio.to_thread(getattr(client, operation), **params)

    async def build(self, blue, green=None):
        """Both groups; green may be empty for now."""
        ec2 = self.server.client("ec2")
        subnets = {each["AvailabilityZone"]: each for each in ec2.describe_subnets()["Subnets"]}
        chosen = [subnets[zone] for zone in sorted(subnets)][:2]
        made = await self.call("create_load_balancer", Name="site", Subnets=[each["SubnetId"] for each in chosen])
        balancer = made["LoadBalancers"][0]
        self.address = (balancer["DNSName"], self.port)
        for name, target in (("blue", blue), ("green", green)):
            made = await self.call(
                "create_target_group",
                Name=name,
                Protocol="HTTP",
                Port=80,
                VpcId=chosen[0]["VpcId"],
                TargetType="ip",
                HealthCheckIntervalSeconds=5,
                HealthCheckTimeoutSeconds=2,
            )
            self.groups[name] = made["TargetGroups"][0]["TargetGroupArn"]
            if target is not None:
                await self.register(name, target)
        made = await self.call(
            "create_listener",
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=self.port,
            DefaultActions=self.weights(0),
        )
        self.listener = made["Listeners"][0]["ListenerArn"]
        await self.healthy("blue")
        if green is not None:
            await self.healthy("green")

    def weights(self, green_pct):
        pairs = [("blue", 100 - green_pct), ("green", green_pct)]
        groups = [{"TargetGroupArn": self.groups[name], "Weight": weight} for name, weight in pairs]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    async def shift(self, green_pct):
        await self.call("modify_listener", ListenerArn=self.listener, DefaultActions=self.weights(green_pct))

    async def register(self, name, target):
        targets = [{"Id": target.ip, "Port": target.port}]
        await self.call("register_targets", TargetGroupArn=self.groups[name], Targets=targets)

    async def deregister(self, name, target):
        targets = [{"Id": target.ip, "Port": target.port}]
        await self.call("deregister_targets", TargetGroupArn=self.groups[name], Targets=targets)
        await until(lambda: self._states(name, []), what=f"{name} empty")

    async def healthy(self, name):
        await until(lambda: self._states(name, ["healthy"]), what=f"{name} healthy")

    async def _states(self, name, wanted):
        found = await self.call("describe_target_health", TargetGroupArn=self.groups[name])
        return [each["TargetHealth"]["State"] for each in found["TargetHealthDescriptions"]] == wanted


@pytest_asyncio.fixture
async def site(tmp_path):
    server = Server(tmp_path / "data", proxy="haproxy", containers="fake")
    await asyncio.to_thread(server.start)
    made = Site(server)
    yield made
    if server.process.poll() is not None:
        await asyncio.to_thread(server.start)
    for balancer in (await made.call("describe_load_balancers"))["LoadBalancers"]:
        await made.call("delete_load_balancer", LoadBalancerArn=balancer["LoadBalancerArn"])
    await asyncio.to_thread(server.stop)


async def _release(site, load, version, count):
    """A new version comes up in green, gets its steps and is taken out again. By how much the shares were off."""
    off = []
    async with Target(version) as fresh:
        await site.register("green", fresh)
        await site.healthy("green")
        for pct in CANARY:
            await site.shift(pct)
            began = time.monotonic()
            await load.more(count)
            off.append(abs(load.tally.share_pct(version, since=began + 0.02) - pct))
        await site.shift(0)
        await site.deregister("green", fresh)
    return off


async def test_canaries_and_rollbacks_under_load_fail_nothing(site):
    async with Target("old") as old:
        await site.build(blue=old)
        async with Load(*site.address) as load:
            for number in range(2):
                off = await _release(site, load, f"v{number}", 1000)
                assert max(off) < 6  # a sample of a thousand strays by itself
        assert not load.tally.failures


async def test_a_shift_goes_on_through_a_kill_of_the_server(site):
    async with Target("old") as old, Target("new") as new:
        await site.build(blue=old, green=new)
        async with Load(*site.address) as load:
            await site.shift(50)
            await asyncio.to_thread(site.server.kill)
            began = time.monotonic()
            await load.more(1000)
            assert abs(load.tally.share_pct("new", since=began) - 50) < 6
            await asyncio.to_thread(site.server.start)
            await site.healthy("green")
            await site.shift(100)
            began = time.monotonic()
            await load.more(300)
            assert load.tally.share_pct("new", since=began + 0.02) == 100
        assert not load.tally.failures


@pytest.mark.slow
async def test_twenty_shifts_with_kept_and_new_connections(site):
    """Seven releases of three steps; every other one with the server killed in the middle of it."""
    off, shift_ms = [], []
    plain_shift = site.shift

    async def timed_shift(pct):
        began = time.perf_counter()
        await plain_shift(pct)
        shift_ms.append((time.perf_counter() - began) * 1000)

    site.shift = timed_shift
    async with Target("old") as old:
        await site.build(blue=old)
        async with Load(*site.address, clients=12, pause_s=0) as load:
            for number in range(7):
                if number % 2:
                    await asyncio.to_thread(site.server.kill)
                    await load.more(500)
                    await asyncio.to_thread(site.server.start)
                off += await _release(site, load, f"v{number}", 8000)
    figures = {
        "requests": load.tally.total,
        "failed": sum(load.tally.failures.values()),
        "shifts": len(off),
        "share_off_points_max": round(max(off), 2),
        "modify_listener_ms_median": round(sorted(shift_ms)[len(shift_ms) // 2], 1),
    }
    print(json.dumps(figures))
    assert not load.tally.failures
    assert max(off) < 2


async def test_a_killed_haproxy_is_back_with_its_weights(site):
    async with Target("old") as old, Target("new") as new:
        await site.build(blue=old, green=new)
        await site.shift(100)
        os.kill(int((site.server.data_dir / "proxy" / "haproxy.pid").read_text()), signal.SIGKILL)

        async def answers():
            try:
                return (await get(*site.address))[2]
            except (OSError, asyncio.IncompleteReadError):
                return None

        assert await until(answers) == b"new"
        await site.healthy("green")
        await site.shift(0)
        assert (await get(*site.address))[2] == b"old"


async def test_a_listener_whose_port_was_taken_meanwhile_does_not_close_the_others(site):
    async with Target("old") as old:
        await site.build(blue=old)
        (balancer,) = (await site.call("describe_load_balancers"))["LoadBalancers"]
        body = {"StatusCode": "200", "MessageBody": "second"}
        await site.call(
            "create_listener",
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=site.port + 1,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": body}],
        )
        pid = int((site.server.data_dir / "proxy" / "haproxy.pid").read_text())
        await asyncio.to_thread(site.server.kill)
        os.kill(pid, signal.SIGTERM)

        async def free():
            with contextlib.suppress(OSError), socket.create_server((site.address[0], site.port + 1)):
                return True

        await until(free)
        with socket.create_server((site.address[0], site.port + 1)):
            await asyncio.to_thread(site.server.start)
            await site.healthy("blue")
            assert (await get(*site.address))[2] == b"old"
            (balancer,) = (await site.call("describe_load_balancers"))["LoadBalancers"]
            assert balancer["State"]["Code"] == "active_impaired"
            assert str(site.port + 1) in balancer["State"]["Reason"]
            await site.shift(10)

        async def second():
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                return (await get(site.address[0], site.port + 1))[2] == b"second"

        await until(second)
