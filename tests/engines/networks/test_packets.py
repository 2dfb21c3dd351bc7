"""What is carried and what is not, each shown by packets between processes that have nothing but their interface."""

import socket
from dataclasses import replace

import pytest

from tests.engines.networks import plans
from tests.engines.networks.box import BLOCKED_AFTER_S
from tests.engines.networks.conftest import NEEDS_LINUX
from tests.engines.networks.plans import ANYWHERE, group, tcp
from trunkline.engines.networks import AclEntry, Permission, Route

pytestmark = [*NEEDS_LINUX, pytest.mark.timeout(60)]


@pytest.fixture
async def site(linux, box):
    """`await site(plan, "eni-a", …)`: the plan applied, a box at each of those interfaces, listening on 80 and 81."""

    async def make(plan, *interfaces):
        await linux.apply(plan)
        boxes = []
        for one in interfaces:
            made = box()
            made.listen(80)
            made.listen(81)
            await linux.attach(plan.id, one, str(made.pid))
            boxes.append(made)
        return boxes

    return make


async def test_interfaces_of_one_subnet_and_of_two_meet_by_their_private_addresses(site):
    public, other, closed = await site(plans.vpc(), "eni-public", "eni-unnamed", "eni-closed")
    assert public.reach("10.1.0.11", 80) == "10.1.0.10"
    assert closed.reach("10.1.0.10", 80) == "10.1.2.10"
    other.listen(53, "udp")
    assert closed.reach("10.1.0.11", 53, "udp") == "10.1.2.10"


async def test_a_port_that_no_rule_allows_is_closed_until_a_rule_allows_it(site, linux):
    plan = plans.with_groups(plans.vpc(), {"eni-public": ("sg-web",)}, group("sg-web", tcp(80)))
    _, closed = await site(plan, "eni-public", "eni-closed")
    assert closed.reach("10.1.0.10", 80)
    assert closed.is_kept_from("10.1.0.10", 81)
    await linux.apply(replace(plan, groups=(plans.OPEN, group("sg-web", tcp(80), tcp(81)))))
    assert closed.reach("10.1.0.10", 81)


async def test_groups_apply_between_interfaces_of_one_subnet(site):
    plan = plans.with_groups(plans.vpc(), {"eni-unnamed": ("sg-web",)}, group("sg-web", tcp(80)))
    public, _ = await site(plan, "eni-public", "eni-unnamed")
    assert public.reach("10.1.0.11", 80)
    assert public.is_kept_from("10.1.0.11", 81)


async def test_what_a_group_does_not_let_out_does_not_leave(site):
    only_80 = group("sg-out", egress=(tcp(80),))
    plan = plans.with_groups(plans.vpc(), {"eni-closed": ("sg-out",)}, only_80)
    _, closed = await site(plan, "eni-public", "eni-closed")
    assert closed.reach("10.1.0.10", 80)
    assert closed.is_kept_from("10.1.0.10", 81)


async def test_a_rule_may_name_a_group_of_senders(site):
    database = group("sg-database", tcp(80, of="sg-app"))
    app = group("sg-app")
    plan = plans.with_groups(
        plans.vpc(), {"eni-closed": ("sg-database",), "eni-nat": ("sg-app", "sg-open")}, database, app
    )
    _, sender, stranger = await site(plan, "eni-closed", "eni-nat", "eni-public")
    assert sender.reach("10.1.2.10", 80) == "10.1.1.10"
    assert stranger.is_kept_from("10.1.2.10", 80)


async def test_connections_live_on_when_their_rule_is_taken_away(site, linux):
    plan = plans.with_groups(plans.vpc(), {"eni-public": ("sg-web",)}, group("sg-web", tcp(80)))
    _, closed = await site(plan, "eni-public", "eni-closed")
    assert closed.connect("10.1.0.10", 80, "kept")
    await linux.apply(replace(plan, groups=(plans.OPEN, group("sg-web"))))
    assert closed.is_connected("kept")
    assert closed.is_kept_from("10.1.0.10", 80)


async def test_an_acl_denies_by_the_first_entry_that_matches(site, linux):
    plan = plans.vpc()
    _, closed, neighbour = await site(plan, "eni-public", "eni-closed", "eni-unnamed")
    acl = (AclEntry(90, False, False, "6", ANYWHERE, 81, 81), *plans.ALLOW_ALL)
    await linux.apply(plans.with_subnet(plan, "subnet-public", acl=acl))
    assert closed.reach("10.1.0.10", 80)
    assert closed.is_kept_from("10.1.0.10", 81)
    assert neighbour.reach("10.1.0.10", 81), "inside of a subnet its ACL does not apply"


async def test_an_acl_has_no_memory_answers_need_their_own_entry(site, linux):
    plan = plans.vpc()
    _, closed = await site(plan, "eni-public", "eni-closed")
    inward = (AclEntry(100, False, True, "6", ANYWHERE, 80, 80),)
    await linux.apply(plans.with_subnet(plan, "subnet-public", acl=inward))
    assert closed.is_kept_from("10.1.0.10", 80)
    outward = AclEntry(100, True, True, "6", ANYWHERE, 1024, 65535)
    await linux.apply(plans.with_subnet(plan, "subnet-public", acl=(*inward, outward)))
    assert closed.reach("10.1.0.10", 80)


async def test_only_public_interfaces_and_those_behind_nat_have_a_way_out(site, box, linux):
    outside = box(own_network=False)
    port = 20_000 + outside.pid % 10_000
    outside.listen(port)
    boxes = await site(plans.vpc(), "eni-public", "eni-unnamed", "eni-nat", "eni-closed")
    address = _address_of_this_host()
    public, unnamed, behind_nat, closed = boxes
    assert public.reach(address, port)
    assert behind_nat.reach(address, port)
    assert unnamed.is_kept_from(address, port)
    assert closed.is_kept_from(address, port)


async def test_a_nat_gateway_in_a_subnet_without_a_way_out_has_none(site, box, linux):
    outside = box(own_network=False)
    port = 20_000 + outside.pid % 10_000
    outside.listen(port)
    plan = plans.vpc()
    (behind,) = await site(plan, "eni-nat")
    assert behind.reach(_address_of_this_host(), port)
    await linux.apply(plans.with_subnet(plan, "subnet-public", routes=()))
    assert behind.is_kept_from(_address_of_this_host(), port)


async def test_two_vpcs_do_not_see_each_other_even_by_the_addresses_the_host_uses(site, linux):
    (one,) = await site(plans.vpc("vpc-a", "10.1"), "eni-public")
    (two,) = await site(plans.vpc("vpc-b", "10.2"), "eni-public")
    assert one.is_kept_from("10.2.0.10", 80)
    assert two.is_kept_from("10.1.0.10", 80)
    met = linux.reachable("vpc-b", "10.2.0.10")
    assert one.is_kept_from(met, 80)


async def test_two_vpcs_with_the_same_cidr_work_side_by_side(site, linux, box):
    _, closed_one = await site(plans.vpc("vpc-a", "10.1"), "eni-public", "eni-closed")
    two, closed_two = await site(plans.vpc("vpc-b", "10.1"), "eni-public", "eni-closed")
    two.listen(82)
    assert closed_one.reach("10.1.0.10", 80)
    assert closed_two.reach("10.1.0.10", 82)
    assert closed_one.is_kept_from("10.1.0.10", 82)
    host = box(own_network=False)
    assert linux.reachable("vpc-a", "10.1.0.10") != linux.reachable("vpc-b", "10.1.0.10")
    assert host.reach(linux.reachable("vpc-b", "10.1.0.10"), 82)


async def test_a_peering_carries_where_both_sides_have_routes(site, linux):
    a, b = plans.vpc("vpc-a", "10.1"), plans.vpc("vpc-b", "10.2")
    (one,) = await site(a, "eni-closed")
    (two,) = await site(b, "eni-closed")
    assert one.is_kept_from("10.2.2.10", 80)
    a = plans.with_subnet(replace(a, peers=("vpc-b",)), "subnet-closed", routes=(Route("10.2.0.0/16", "peer:vpc-b"),))
    b = replace(b, peers=("vpc-a",))
    await linux.apply(a)
    await linux.apply(b)
    assert one.is_kept_from("10.2.2.10", 80), "the other side has no way back"
    b = plans.with_subnet(b, "subnet-closed", routes=(Route("10.1.0.0/16", "peer:vpc-a"),))
    await linux.apply(b)
    assert one.reach("10.2.2.10", 80) == "10.1.2.10"
    assert two.reach("10.1.2.10", 80) == "10.2.2.10"
    await linux.apply(replace(a, peers=()))
    assert one.is_kept_from("10.2.2.10", 80)


async def test_a_rule_may_name_a_group_of_a_peer(site, linux):
    a, b = plans.vpc("vpc-a", "10.1"), plans.vpc("vpc-b", "10.2")
    a = plans.with_subnet(replace(a, peers=("vpc-b",)), "subnet-closed", routes=(Route("10.2.0.0/16", "peer:vpc-b"),))
    a = plans.with_groups(a, {"eni-closed": ("sg-app",)}, group("sg-app"))
    b = plans.with_subnet(replace(b, peers=("vpc-a",)), "subnet-closed", routes=(Route("10.1.0.0/16", "peer:vpc-a"),))
    b = plans.with_groups(b, {"eni-closed": ("sg-db",)}, group("sg-db", tcp(80, of="sg-app")))
    await linux.apply(b)
    (one,) = await site(a, "eni-closed")
    await site(b, "eni-closed")
    assert one.reach("10.2.2.10", 80)
    assert one.is_kept_from("10.2.2.10", 81)


async def test_an_interface_that_was_detached_carries_nothing(site, linux):
    _, closed = await site(plans.vpc(), "eni-public", "eni-closed")
    assert closed.reach("10.1.0.10", 80)
    await linux.detach("vpc-a", "eni-public")
    assert closed.is_kept_from("10.1.0.10", 80)


async def test_nobody_sends_as_somebody_else(site, linux):
    plan = plans.with_groups(plans.vpc(), {}, group("sg-none"))
    _, closed = await site(plan, "eni-public", "eni-closed")
    # The closed one's groups would let it in; the address is another's.
    changed = replace(
        plan,
        interfaces=tuple(
            replace(one, address="10.1.2.77") if one.id == "eni-closed" else one for one in plan.interfaces
        ),
    )
    assert closed.reach("10.1.0.10", 80)
    await linux.apply(changed)
    assert closed.is_kept_from("10.1.0.10", 80)


async def test_icmp_is_a_permission_of_its_own(site, linux):
    ping = Permission("icmp", 8, -1, cidr=ANYWHERE)
    plan = plans.with_groups(plans.vpc(), {"eni-public": ("sg-ping",)}, group("sg-ping", ping))
    _, closed = await site(plan, "eni-public", "eni-closed")
    assert closed.ping("10.1.0.10")
    assert closed.is_kept_from("10.1.0.10", 80)
    refused = plans.with_groups(plans.vpc(), {"eni-public": ("sg-web",)}, group("sg-web", tcp(80)))
    await linux.apply(refused)
    assert not closed.ping("10.1.0.10", BLOCKED_AFTER_S)


def _address_of_this_host() -> str:
    """One that is no private network's of ours: as good as the internet to a container."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return probe.getsockname()[0]
