"""Who is traced, what the member is told of it, and what the record says."""

import re
import time

from tests.engines.proxy.parts import forward, group, in_service, listening
from tests.load.traffic import Target, get, until
from trunkline.engines.proxy.interface import Condition, Desired, FixedResponse, Listener, Sampling

ROOT = "1-67891233-abcdef012345678912345678"
ALWAYS = Sampling(rate=1.0)


def sampled(desired, *sampling):
    listener = desired.listeners[0]
    return Desired((Listener(listener.id, listener.address, listener.port, listener.default, sampling=sampling),),
                   desired.target_groups)  # fmt: skip


def header(target):
    return re.search(r"(?im)^x-amzn-trace-id: (.*?)\r?$", target.requests[-1].decode())[1]


async def traced(records, path):
    """The record of the request for `path`."""

    async def told():
        return next((record for record in records if record.trace and record.trace.path == path), None)

    return await until(told, what="a record with a trace")


async def test_what_came_sampled_is_traced_and_the_member_is_told_its_parent(proxy, address):
    records = []
    proxy.subscribe(records.extend)
    async with Target("one") as one:
        await proxy.apply(listening(address, forward(blue=1), group("blue", one)))
        await in_service(proxy, address)
        came = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a"
        await get(*address, "/a%20b|c?secret=1", x_amzn_trace_id=came, user_agent="curl 1")
        told = header(one)
        record = await traced(records, "/a%20b|c")
    assert re.fullmatch(rf"Self=1-\w{{8}}-\w{{24}};Root={ROOT};Lineage=a;Parent={record.trace.span};Sampled=1", told)
    assert re.fullmatch(r"[0-9a-f]{16}", record.trace.span)
    assert record.trace.header.endswith(came)
    assert abs(record.trace.started - time.time()) < 10
    assert (record.trace.method, record.trace.client, record.trace.user_agent) == ("GET", "127.0.0.1", "curl 1")
    assert record.trace.host == f"{address[0]}:{address[1]}"
    assert (record.target_group, record.status) == ("blue", 200)


async def test_what_came_with_a_refusal_and_what_no_sampling_takes_is_left_as_it_is(proxy, address):
    records = []
    proxy.subscribe(records.extend)
    async with Target("one") as one:
        wanted = listening(address, forward(blue=1), group("blue", one))
        await proxy.apply(sampled(wanted, Sampling((Condition("path-pattern", ("/traced*",)),), rate=1.0)))
        await in_service(proxy, address)
        await get(*address, "/traced", x_amzn_trace_id=f"Self=1-a;Root={ROOT};Sampled=0")
        assert re.fullmatch(rf"Self=1-\w{{8}}-\w{{24}};Root={ROOT};Sampled=0", header(one))
        await get(*address, "/other")
        assert re.fullmatch(r"Root=1-\w{8}-\w{24}", header(one))
        await get(*address, "/traced2")
        assert re.fullmatch(r"Root=1-\w{8}-\w{24};Parent=\w{16};Sampled=1", header(one))
        await traced(records, "/traced2")
    assert [record.trace.path for record in records if record.trace] == ["/traced2"]


async def test_the_first_sampling_that_matches_decides(proxy, address):
    records = []
    proxy.subscribe(records.extend)
    async with Target("one") as one:
        wanted = listening(address, forward(blue=1), group("blue", one))
        never = Sampling((Condition("http-request-method", ("GET",)), Condition("host-header", ("127.*",))))
        await proxy.apply(sampled(wanted, never, ALWAYS))
        await in_service(proxy, address)
        await get(*address, "/never")
        assert "Sampled" not in header(one)


async def test_a_reservoir_takes_the_first_of_a_second(proxy, address):
    records = []
    proxy.subscribe(records.extend)
    listener = Listener("l1", *address, FixedResponse(200, "text/plain", "fixed"), sampling=(Sampling(reservoir=1),))
    await proxy.apply(Desired((listener,)))
    began = time.monotonic()
    for _ in range(50):
        await get(*address)
    took_s = time.monotonic() - began

    async def all_told():
        return len(records) >= 50

    await until(all_told, what="all records")
    assert 1 <= sum(record.trace is not None for record in records) <= took_s + 2
    assert records[0].kind == "fixed"
