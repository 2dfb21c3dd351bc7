"""Changes while it serves: structure, refusals, stickiness, crashes, adoption."""

import asyncio
import os
import signal
import socket
import time
from dataclasses import replace

import pytest

from tests.engines.proxy.parts import CHECK, all_healthy, answered_by, forward, group, in_service, listening, reweighted
from tests.load.traffic import Load, Target, ask, get, until
from trunkline.engines.proxy.interface import (
    Condition,
    ConfigurationRefused,
    Desired,
    FixedResponse,
    Forward,
    Listener,
    Member,
    Redirect,
    Rule,
    TargetGroup,
    Weighted,
)


async def test_structure_changes_under_load_fail_nothing_and_keep_weights_and_health(proxy, address):
    async with Target("a") as a, Target("b") as b, Target("down") as down:
        down.health = 500
        desired = listening(address, forward(a=1, b=1), group("a", a), group("b", b, down))
        await proxy.apply(desired)
        await until(lambda: answered_by(address, b"a"))
        await until(lambda: answered_by(address, b"b"))
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
            await until(lambda: answered_by(address, b"b"))
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
