"""This host and its VPCs: load balancers, health checks, the AWS endpoint; and what outlives the process."""

import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.engines.networks import plans
from tests.engines.networks.box import BLOCKED_AFTER_S
from tests.engines.networks.conftest import NEEDS_LINUX
from tests.engines.networks.plans import group, tcp

pytestmark = [*NEEDS_LINUX, pytest.mark.timeout(60)]


def _reach(address: str, port: int, source: str = "", timeout_s: float = 5.0) -> str | None:
    try:
        with socket.create_connection((address, port), timeout_s, (source, 0) if source else None) as sock:
            return sock.makefile("rb").readline().decode().strip()
    except OSError:
        return None


def _who_calls(address: str, port: int, call: Callable[[], object]) -> str:
    """The address from which a connection comes in on this host."""
    with socket.create_server((address, port)) as server, ThreadPoolExecutor(1) as pool:
        server.settimeout(10)

        def accept() -> str:
            one, (seen, _) = server.accept()
            with one:
                one.sendall(b"hello\n")
            return seen

        seen = pool.submit(accept)
        assert call()
        return seen.result()


@pytest.fixture
async def web(linux, box):
    """A task that only the load balancer's group may reach, on port 80."""
    plan = plans.with_groups(
        plans.vpc(),
        {"eni-nat": ("sg-task",), "eni-public": ("sg-balancer",)},
        group("sg-task", tcp(80, of="sg-balancer")),
        group("sg-balancer", tcp(80)),
    )
    await linux.apply(plan)
    task = box()
    task.listen(80)
    await linux.attach("vpc-a", "eni-nat", str(task.pid))
    return task


async def test_a_load_balancer_comes_in_as_its_own_interface(linux, web):
    at = linux.reachable("vpc-a", "10.1.1.10")
    assert _reach(at, 80, timeout_s=BLOCKED_AFTER_S) is None, "the host itself is not of the group"
    source = await linux.hold("vpc-a", "eni-public")
    assert _reach(at, 80, source) == "10.1.0.10"
    await linux.detach("vpc-a", "eni-public")
    assert _reach(at, 80, source, BLOCKED_AFTER_S) is None


async def test_containers_reach_what_listens_on_a_service_address_whatever_their_routes(linux, box):
    await linux.apply(plans.vpc())
    closed = box()
    await linux.attach("vpc-a", "eni-closed", str(closed.pid))
    address = linux.service_address("balancer")
    seen = _who_calls(address, 8080, lambda: closed.reach(address, 8080))
    assert linux.whose(seen) == ("vpc-a", "10.1.2.10")
    assert linux.whose("127.0.0.1") is None


async def test_the_endpoint_is_reached_from_everywhere_and_tells_who_asks(linux, box):
    strict = group("sg-strict", egress=())
    await linux.apply(plans.with_groups(plans.vpc(), {"eni-closed": ("sg-strict",)}, strict))
    closed = box()
    await linux.attach("vpc-a", "eni-closed", str(closed.pid))
    for address, port in ((linux.endpoint, 4566), ("169.254.170.2", 80)):
        seen = _who_calls(linux.endpoint, 4566, lambda to=address, at=port: closed.reach(to, at))
        assert linux.whose(seen) == ("vpc-a", "10.1.2.10")


async def test_packets_flow_without_this_process_and_the_next_one_adopts(linux, make_linux, web, box):
    source = await linux.hold("vpc-a", "eni-public")
    at, service = linux.reachable("vpc-a", "10.1.1.10"), linux.service_address("balancer")
    later = make_linux()  # the first one was killed: it was not even stopped
    await later.start()
    assert later.reachable("vpc-a", "10.1.1.10") == at
    assert later.service_address("balancer") == service
    assert _reach(at, 80, source)
    await later.apply(linux._routers["vpc-a"].vpc)
    assert await later.hold("vpc-a", "eni-public") == source
    assert _reach(at, 80, source)


async def test_a_connection_survives_the_next_process_applying_everything_again(linux, make_linux, web):
    source = await linux.hold("vpc-a", "eni-public")
    at = linux.reachable("vpc-a", "10.1.1.10")
    with socket.create_connection((at, 80), 1, (source, 0)) as sock:
        sock.settimeout(1)
        assert sock.recv(100)
        later = make_linux()
        await later.start()
        await later.apply(linux._routers["vpc-a"].vpc)
        await later.attach("vpc-a", "eni-nat", str(web.pid))
        sock.sendall(b"again")
        assert sock.recv(100) == b"again"


async def test_nothing_is_left_on_the_machine(linux, make_linux, web):
    names = linux._names
    await linux.hold("vpc-a", "eni-public")
    await make_linux().remove_all()
    everything = "".join(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in (
            ["ip", "netns", "list"],
            ["ip", "link", "show"],
            ["ip", "route", "show", "table", "all"],
            ["nft", "list", "tables"],
            ["iptables", "-S"],
        )
    )
    assert names.prefix not in everything
    assert names.instance_id not in everything


async def test_a_vpc_that_was_removed_leaves_the_others(linux, box):
    for name in ("vpc-a", "vpc-b"):
        await linux.apply(plans.vpc(name))
    task = box()
    task.listen(80)
    await linux.attach("vpc-b", "eni-public", str(task.pid))
    await linux.remove("vpc-a")
    assert _reach(linux.reachable("vpc-b", "10.1.0.10"), 80)
    assert linux.reachable("vpc-a", "10.1.0.10") is None


async def test_a_vpc_without_interfaces_costs_nothing_until_it_gets_one(linux, box):
    plan = plans.vpc()
    await linux.apply(replace(plan, interfaces=()))
    spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert linux._names.instance_id not in spaces
    await linux.apply(plan)
    task = box()
    task.listen(80)
    await linux.attach("vpc-a", "eni-public", str(task.pid))
    assert _reach(linux.reachable("vpc-a", "10.1.0.10"), 80)
