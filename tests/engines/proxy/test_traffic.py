"""Where requests go: rules, weights, members, draining, health."""

import asyncio
import time
from dataclasses import replace

from tests.engines.proxy.parts import CHECK, all_healthy, answered_by, forward, group, in_service, listening, reweighted
from tests.load.traffic import Load, Target, get, until
from trunkline.engines.proxy.interface import (
    Condition,
    Failure,
    FixedResponse,
    HealthState,
    Member,
    Redirect,
    Rule,
    TargetGroup,
)


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
        await until(lambda: answered_by(address, b"quick"))
        assert await _sessions(proxy, slow, 1)
        assert (await running)[::2] == (200, b"slow")
        await until(lambda: _sessions(proxy, slow, 0))


async def _sessions(proxy, target, count):
    return (await proxy.health())["g"][Member(target.ip, target.port)].sessions == count


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
        await until(lambda: answered_by(address, b"bad"))


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
