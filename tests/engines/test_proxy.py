"""The contract of the proxy engine, for every driver."""

import asyncio
import os
import random
import shutil
import signal
import socket
import time
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.load.traffic import Load, Target, ask, get, until
from trunkline.core.clock import RealClock
from trunkline.engines.proxy.fake import FakeProxy
from trunkline.engines.proxy.haproxy import HaproxyProxy
from trunkline.engines.proxy.interface import (
    Condition,
    ConfigurationRefused,
    Desired,
    Failure,
    FixedResponse,
    Forward,
    HealthCheck,
    HealthState,
    Listener,
    Member,
    Redirect,
    Rule,
    TargetGroup,
    Weighted,
)

NO_HAPROXY = pytest.mark.skipif(shutil.which("haproxy") is None, reason="no HAProxy")
CHECK = HealthCheck(path="/health", interval_s=1, timeout_s=1, healthy_threshold=2, unhealthy_threshold=2)


@pytest.fixture(
    params=[
        pytest.param("haproxy", marks=[pytest.mark.haproxy, NO_HAPROXY]),
        "fake",
    ]
)
def driver(request):
    return request.param


@pytest_asyncio.fixture
async def make(driver, tmp_path):
    """Makes proxies on one directory, and ends what they started."""
    made = []

    async def new():
        proxy = HaproxyProxy(tmp_path / "proxy", RealClock()) if driver == "haproxy" else FakeProxy(RealClock())
        made.append(proxy)
        await proxy.start()
        return proxy

    yield new
    for proxy in made:
        await proxy.shutdown()


@pytest_asyncio.fixture
async def proxy(make):
    return await make()


@pytest.fixture
def address():
    """A loopback address and port of its own."""
    ip = f"127.{random.randint(20, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
    with socket.socket() as probe:
        probe.bind((ip, 0))
        return ip, probe.getsockname()[1]


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


async def test_forwards_with_the_headers_of_an_application_load_balancer(proxy, address):
    async with Target("one") as one:
        await proxy.apply(listening(address, forward(blue=1), group("blue", one)))
        await in_service(proxy, address)
        await get(
            *address,
            "/a%20b?x=1&y",
            x_forwarded_for="10.1.1.1",
            x_amzn_trace_id="Root=1-67891233-abcdef012345678912345678",
        )
        seen = one.requests[-1].decode().lower()
        assert seen.startswith("get /a%20b?x=1&y http/1.1")
        assert "x-forwarded-for: 10.1.1.1, 127.0.0.1" in seen
        assert "x-forwarded-proto: http" in seen
        assert f"x-forwarded-port: {address[1]}" in seen
        assert "x-amzn-trace-id: self=1-" in seen
        assert "root=1-67891233-abcdef012345678912345678" in seen
        await get(*address)
        assert "x-amzn-trace-id: root=1-" in one.requests[-1].decode().lower()


async def test_rules_are_evaluated_in_order_and_the_default_last(proxy, address):
    rules = [
        Rule("r1", (Condition("path-pattern", ("/Img/*", "/x?")),), FixedResponse(200, "text/plain", "by path")),
        Rule("r2", (Condition("host-header", ("*.Example.com",)),), FixedResponse(201, "text/plain", "by host")),
        Rule(
            "r3",
            (Condition("http-header", ("v?",), header="X-Version"),),
            FixedResponse(202, "text/plain", "by header"),
        ),
        Rule(
            "r4",
            (Condition("query-string", pairs=(("ver", "1*"), (None, "any"))),),
            FixedResponse(203, "text/plain", "q"),
        ),
        Rule(
            "r5",
            (Condition("http-request-method", ("DELETE",)), Condition("source-ip", ("127.0.0.0/8",))),
            FixedResponse(404, "application/json", '{"it\'s": "50% \\\\ #$"}'),
        ),
        Rule(
            "r6",
            (Condition("http-request-method", ("PUT",)), Condition("source-ip", ("10.0.0.0/8",))),
            FixedResponse(500),
        ),
        Rule("r7", (Condition("path-pattern", ("/old/*",)),), Redirect(301, host="new.example.org", path="/n/#{path}")),
        Rule("r8", (Condition("path-pattern", ("/empty",)),), FixedResponse(503)),
    ]
    await proxy.apply(listening(address, FixedResponse(418, "text/plain", "default"), rules=rules))

    async def code(*args, **headers):
        return (await get(*address, *args, **headers))[0]

    assert await code("/Img/cat.png") == 200
    assert await code("/img/cat.png") == 418  # paths are compared with case
    assert await code("/xy") == 200
    assert await code("/xyz") == 418
    assert (await get(*address, "/", host="www.EXAMPLE.com"))[2] == b"by host"
    assert await code("/", host="example.com") == 418
    assert await code("/", x_version="V2") == 202
    assert await code("/", x_version="V22") == 418
    assert await code("/?a=b&VER=12") == 203
    assert await code("/?other=any") == 203
    assert await code("/?ver=2") == 418
    status, headers, body = await get(*address, "/", "DELETE")
    assert (status, headers["content-type"], body) == (404, "application/json", b'{"it\'s": "50% \\\\ #$"}')
    assert await code("/", "PUT") == 418
    assert await code("/empty") == 503
    status, headers, _ = await get(*address, "/old/a?b=c", host="here.org")
    assert (status, headers["location"]) == (301, f"http://new.example.org:{address[1]}/n/old/a?b=c")
    assert (await get(*address, "/old/a"))[1]["location"].endswith("/n/old/a")


async def test_a_group_without_members_answers_503(proxy, address):
    await proxy.apply(listening(address, forward(blue=1), group("blue")))
    assert (await get(*address))[0] == 503


async def test_shares_follow_the_weights(proxy, address):
    async with Target("a") as a, Target("b") as b:
        desired = listening(address, forward(a=1, b=0), group("a", a), group("b", b))
        await proxy.apply(desired)
        await in_service(proxy, address)
        async with Load(*address) as load:
            for weights, share in [((1, 0), 0), ((90, 10), 10), ((1, 1), 50), ((0, 7), 100)]:
                await proxy.apply(reweighted(desired, a=weights[0], b=weights[1]))
                began = time.monotonic()
                await load.more(1500)
                assert abs(load.tally.share_pct("b", since=began + 0.05) - share) < 5
        assert not load.tally.failures


async def test_all_weights_zero_answers_503(proxy, address):
    async with Target("a") as a:
        await proxy.apply(listening(address, forward(a=0), group("a", a)))
        await all_healthy(proxy)
        assert (await get(*address))[0] == 503


async def test_a_shift_to_another_target_group_fails_nothing(proxy, address):
    async with Target("a") as a, Target("b") as b:
        desired = listening(address, forward(a=1), group("a", a), group("b", b))
        await proxy.apply(desired)
        await in_service(proxy, address)
        async with Load(*address) as load:
            for _ in range(5):
                await proxy.apply(reweighted(desired, b=1))
                await load.more(100)
                await proxy.apply(reweighted(desired, a=1))
                await load.more(100)
        assert not load.tally.failures


async def test_members_come_and_go_under_load_without_a_failure(proxy, address):
    async with Target("a") as a, Target("b") as b, Target("c") as c:
        await proxy.apply(listening(address, forward(g=1), group("g", a)))
        await in_service(proxy, address)
        async with Load(*address) as load:
            for comes, goes in [(b, a), (c, b), (a, c)]:
                both = group("g", comes, goes)
                await proxy.apply(listening(address, forward(g=1), both))
                await all_healthy(proxy)
                await load.more(200)
                leaving = Member(goes.ip, goes.port, draining=True)
                members = (Member(comes.ip, comes.port), leaving)
                await proxy.apply(listening(address, forward(g=1), replace(both, members=members)))

                async def quiet(leaving=leaving):
                    health = (await proxy.health())["g"][leaving]
                    return health.state is HealthState.DRAINING and health.sessions == 0

                await until(quiet)
                await proxy.apply(listening(address, forward(g=1), group("g", comes)))
                await load.more(100)
                count = len(goes.requests)
                await load.more(100)
                assert len(goes.requests) == count, "a member that left still gets requests"
        assert not load.tally.failures
        assert {"a", "b", "c"} <= load.tally.answers.keys()


async def test_draining_lets_a_running_request_finish(proxy, address):
    async with Target("slow") as slow, Target("quick") as quick:
        await proxy.apply(listening(address, forward(g=1), group("g", slow)))
        await in_service(proxy, address)
        slow.delay_s = 1.5
        running = asyncio.create_task(get(*address))
        await until(lambda: _sessions(proxy, slow, 1))
        members = (Member(slow.ip, slow.port, draining=True), Member(quick.ip, quick.port))
        await proxy.apply(listening(address, forward(g=1), TargetGroup("g", CHECK, members)))
        await until(lambda: _answered_by(address, b"quick"))
        assert await _sessions(proxy, slow, 1)
        assert (await running)[::2] == (200, b"slow")
        await until(lambda: _sessions(proxy, slow, 0))


async def _sessions(proxy, target, count):
    return (await proxy.health())["g"][Member(target.ip, target.port)].sessions == count


async def _answered_by(address, name):
    return (await get(*address))[2] == name


async def test_an_unhealthy_member_gets_no_requests_until_it_recovers(proxy, address):
    async with Target("good") as good, Target("bad") as bad:
        await proxy.apply(listening(address, forward(g=1), group("g", good, bad)))
        await in_service(proxy, address)
        bad.health = 500
        key = Member(bad.ip, bad.port)

        async def state(wanted):
            return (await proxy.health())["g"][key].state is wanted

        await until(lambda: state(HealthState.UNHEALTHY))
        known = (await proxy.health())["g"][key]
        assert (known.failure, known.code) == (Failure.STATUS, 500)
        count = len(bad.requests)
        for _ in range(10):
            assert (await get(*address))[0] == 200
        assert len(bad.requests) == count
        bad.health = 200
        await until(lambda: state(HealthState.HEALTHY))
        await until(lambda: _answered_by(address, b"bad"))


async def test_a_member_that_never_passes_is_initial_then_unhealthy_and_never_served(proxy, address):
    async with Target("bad") as bad:
        bad.health = 404
        await proxy.apply(listening(address, forward(g=1), group("g", bad)))
        key = Member(bad.ip, bad.port)
        assert (await proxy.health())["g"][key].state is HealthState.INITIAL

        async def unhealthy():
            return (await proxy.health())["g"][key].state is HealthState.UNHEALTHY

        await until(unhealthy)
        assert (await get(*address))[0] == 503
        assert not bad.requests


async def test_a_member_whose_connections_are_refused_costs_no_request_while_another_serves(proxy, address):
    async with Target("good") as good, Target("dying") as dying:
        check = replace(CHECK, interval_s=30)
        await proxy.apply(listening(address, forward(g=1), group("g", good, dying, health_check=check)))
        await in_service(proxy, address)
        await dying.close()
        answers = [(await get(*address))[::2] for _ in range(20)]
        assert answers == [(200, b"good")] * 20


async def test_structure_changes_under_load_fail_nothing_and_keep_weights_and_health(proxy, address):
    async with Target("a") as a, Target("b") as b, Target("down") as down:
        down.health = 500
        desired = listening(address, forward(a=1, b=1), group("a", a), group("b", b, down))
        await proxy.apply(desired)
        await until(lambda: _answered_by(address, b"a"))
        await until(lambda: _answered_by(address, b"b"))
        async with Load(*address) as load:
            for number in range(6):
                rule = Rule(f"r{number}", (Condition("path-pattern", (f"/{number}",)),), FixedResponse(200))
                (listener,) = desired.listeners
                desired = replace(desired, listeners=(replace(listener, rules=(*listener.rules, rule)),))
                await proxy.apply(desired)
                await load.more(150)
        assert not load.tally.failures
        assert load.tally.answers.keys() == {"a", "b"}
        assert abs(load.tally.share_pct("b") - 50) < 7


async def test_connections_kept_from_before_a_change_see_the_new_rules_at_once(proxy, address):
    async with Target("old") as old, Target("new") as new:
        await proxy.apply(listening(address, forward(old=1), group("old", old)))
        await in_service(proxy, address)
        connections = [await asyncio.open_connection(*address) for _ in range(5)]
        for connection in connections:
            assert (await ask(*connection, "h"))[2] == b"old"
        await proxy.apply(listening(address, forward(old=1), group("old", old), group("new", new)))
        await proxy.apply(listening(address, forward(old=1, new=0), group("old", old), group("new", new)))
        await all_healthy(proxy)
        await proxy.apply(listening(address, forward(new=1), group("old", old), group("new", new)))
        await old.close()
        for reader, writer in connections:
            status, _, body = await ask(reader, writer, "h", x_forwarded_for="10.0.0.9")
            assert (status, body) == (200, b"new")
            assert "x-forwarded-for: 10.0.0.9, 127.0.0.1\r\n" in new.requests[-1].decode().lower()
            writer.close()


async def test_a_refused_state_leaves_the_old_one_serving(proxy, address):
    async with Target("a") as a:
        good = listening(address, forward(a=1), group("a", a))
        await proxy.apply(good)
        await in_service(proxy, address)
        with socket.socket() as taken:
            taken.bind((address[0], 0))
            taken.listen()
            clash = Listener("clash", address[0], taken.getsockname()[1], FixedResponse(200))
            with pytest.raises(ConfigurationRefused):
                await proxy.apply(replace(good, listeners=(*good.listeners, clash)))
        with pytest.raises(ConfigurationRefused):
            await proxy.apply(listening(address, forward(missing=1), group("a", a)))
        with pytest.raises(ConfigurationRefused):
            await proxy.apply(listening(address, forward(a=1), group("a", a), group("not a name", a)))
        assert (await get(*address))[2] == b"a"
        added = Rule("r", (Condition("path-pattern", ("/r",)),), FixedResponse(202))
        await proxy.apply(listening(address, forward(a=1), group("a", a), rules=[added]))
        assert (await get(*address, "/r"))[0] == 202
        assert (await get(*address))[2] == b"a"


async def test_an_unchanged_state_may_be_applied_again(proxy, address):
    async with Target("a") as a:
        desired = listening(address, forward(a=1), group("a", a))
        await proxy.apply(desired)
        await in_service(proxy, address)
        async with Load(*address) as load:
            for _ in range(20):
                await proxy.apply(desired)
            await load.more(100)
        assert not load.tally.failures


async def test_a_client_stays_with_its_target_group_while_that_has_a_weight(proxy, address):
    async with Target("a") as a, Target("b") as b:
        sticky = Forward((Weighted("a", 1), Weighted("b", 1)), sticky_s=60)
        await proxy.apply(listening(address, sticky, group("a", a), group("b", b)))
        await in_service(proxy, address)
        _, headers, first = await get(*address)
        cookie = headers["set-cookie"].partition(";")[0]
        assert cookie.startswith("AWSALBTG=")
        assert {(await get(*address, cookie=cookie))[2] for _ in range(20)} == {first}
        other = {b"a": "b", b"b": "a"}[first]
        only = Forward((Weighted("a", int(other == "a")), Weighted("b", int(other == "b"))), sticky_s=60)
        await proxy.apply(listening(address, only, group("a", a), group("b", b)))
        assert (await get(*address, cookie=cookie))[2] == other.encode()


async def test_a_client_stays_with_its_member_until_that_drains(proxy, address):
    async with Target("a") as a, Target("b") as b:
        await proxy.apply(listening(address, forward(g=1), group("g", a, b, cookie_s=60)))
        await in_service(proxy, address)
        _, headers, first = await get(*address)
        cookie = headers["set-cookie"].partition(";")[0]
        assert cookie.startswith("AWSALB=")
        assert {(await get(*address, cookie=cookie))[2] for _ in range(10)} == {first}
        members = tuple(Member(t.ip, t.port, draining=t.name == first.decode()) for t in (a, b))
        await proxy.apply(listening(address, forward(g=1), TargetGroup("g", CHECK, members, cookie_s=60)))
        other = {b"a": b"b", b"b": b"a"}[first]

        async def moved():
            return (await get(*address, cookie=cookie))[2] == other

        await until(moved)


async def test_every_answer_is_told(proxy, address):
    records = []
    proxy.subscribe(records.extend)
    async with Target("a") as a:
        rules = [Rule("fix", (Condition("path-pattern", ("/fix",)),), FixedResponse(410))]
        await proxy.apply(listening(address, forward(g=1), group("g", a), rules=rules))
        await in_service(proxy, address)
        records.clear()
        await get(*address)
        a.status = 500
        await get(*address)
        await get(*address, "/fix")
        await proxy.apply(listening(address, forward(g=0), group("g", a), rules=rules))
        await get(*address)

        async def told():
            return len(records) >= 4

        await until(told)
        good, bad, fixed, none = records[-4:]
        assert (good.listener, good.rule, good.kind, good.target_group) == ("front", "default", "forward", "g")
        assert (good.member, good.status, good.answered_by_target) == (f"{a.ip}:{a.port}", 200, True)
        assert abs(good.time - time.time()) < 5
        assert (bad.status, bad.answered_by_target) == (500, True)
        assert (fixed.kind, fixed.rule, fixed.status, fixed.answered_by_target) == ("fixed", "fix", 410, False)
        assert (none.status, none.answered_by_target, none.target_group) == (503, False, "")


async def test_closing_the_last_listener_frees_its_address(proxy, address):
    await proxy.apply(listening(address, FixedResponse(200)))
    assert (await get(*address))[0] == 200
    await proxy.apply(Desired())
    with pytest.raises(ConnectionError):
        await get(*address)
    await proxy.apply(listening(address, FixedResponse(201)))
    assert (await get(*address))[0] == 201


async def test_serves_on_while_nobody_drives_it_and_is_adopted(make, address):
    first = await make()
    if not first.outlives_us:
        pytest.skip("this driver lives in our process")
    async with Target("a") as a, Target("b") as b:
        desired = listening(address, forward(a=1, b=0), group("a", a), group("b", b))
        await first.apply(desired)
        await in_service(first, address)
        async with Load(*address) as load:
            await first.detach()
            await load.more(200)
            second = await make()
            await load.more(50)
            await second.apply(desired)
            await load.more(50)
            assert load.tally.answers.keys() == {"a"}
            await second.apply(reweighted(desired, b=1))
            await until(lambda: _answered_by(address, b"b"))
        assert not load.tally.failures


async def test_comes_back_after_it_was_killed(make, address):
    proxy = await make()
    if not proxy.outlives_us:
        pytest.skip("this driver lives in our process")
    async with Target("a") as a, Target("b") as b:
        desired = listening(address, forward(a=1, b=0), group("a", a), group("b", b))
        await proxy.apply(desired)
        await in_service(proxy, address)
        await proxy.apply(reweighted(desired, b=1))
        os.kill(proxy._haproxy.master_pid, signal.SIGKILL)

        async def serves():
            try:
                return (await get(*address))[2] == b"b"
            except (OSError, asyncio.IncompleteReadError):
                return False

        await until(serves)
        await all_healthy(proxy)


async def test_weights_alone_take_no_reload(make, address):
    proxy = await make()
    if not proxy.outlives_us:
        pytest.skip("this driver has nothing to reload")
    async with Target("a") as a:
        desired = listening(address, forward(a=1, b=1), group("a", a), group("b"), group("c"))
        await proxy.apply(desired)
        before = await proxy._haproxy.processes()
        for number in range(1, 100):
            await proxy.apply(reweighted(desired, a=number, c=100 - number))
        assert (await proxy._haproxy.processes()).worker == before.worker


async def test_no_value_can_add_lines_to_the_configuration(proxy, address):
    await proxy.apply(listening(address, FixedResponse(200, "text/plain", "one\nbackend two\n")))
    assert (await get(*address))[2] == b"one\nbackend two\n"
    tricky = "'\"\\ $HOME # }} %[path] * ?"
    rules = [
        Rule("r1", (Condition("http-header", (tricky,), header="X-A"),), FixedResponse(201)),
        Rule("r2", (Condition("path-pattern", ("/r",)),), Redirect(302, host='a"b\\c$HOME%[path]#', path="/x")),
    ]
    await proxy.apply(listening(address, FixedResponse(200), rules=rules))
    assert (await get(*address, x_a=tricky.replace("*", "anything").replace("?", "!")))[0] == 201
    assert (await get(*address, "/r"))[1]["location"] == f'http://a"b\\c$HOME%[path]#:{address[1]}/x'


async def test_line_breaks_in_names_are_refused(make, address):
    proxy = await make()
    if not proxy.outlives_us:
        pytest.skip("this driver writes no configuration")
    for rule in (
        Rule("r", (Condition("path-pattern", ("/a\n  use_backend x",)),), FixedResponse(200)),
        Rule("r", (Condition("path-pattern", ("/a",)),), Redirect(302, host="a\nb")),
    ):
        with pytest.raises(ConfigurationRefused):
            await proxy.apply(listening(address, FixedResponse(200), rules=[rule]))


async def test_a_refusal_names_the_listeners_whose_address_is_taken(proxy, address):
    with socket.socket() as taken:
        taken.bind((address[0], 0))
        taken.listen()
        clash = Listener("clash", address[0], taken.getsockname()[1], FixedResponse(200))
        wanted = listening(address, FixedResponse(200))
        with pytest.raises(ConfigurationRefused) as raised:
            await proxy.apply(replace(wanted, listeners=(*wanted.listeners, clash)))
        assert raised.value.listeners == ("clash",)
