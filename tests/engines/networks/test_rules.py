"""Permissions and entries as matches, routes as the kernel's: without a kernel."""

import pytest

from tests.engines.networks import plans
from trunkline.engines.networks import AclEntry, Permission, Route
from trunkline.engines.networks.linux import matches, routes
from trunkline.engines.networks.linux.book import Place
from trunkline.engines.networks.linux.names import interface
from trunkline.engines.networks.linux.routes import MAIN, Way

ANY = "0.0.0.0/0"


@pytest.mark.parametrize(
    ("rule", "match"),
    [
        (Permission("-1", cidr=ANY), ""),
        (Permission("tcp", 80, 80, cidr=ANY), "tcp dport 80"),
        (Permission("tcp", 80, 90, cidr="10.0.0.0/8"), "ip saddr 10.0.0.0/8 tcp dport 80-90"),
        (Permission("tcp", 0, 65535, cidr=ANY), "ip protocol tcp"),
        (Permission("17", 53, 53, group="sg-1"), "ip saddr @members udp dport 53"),
        (Permission("icmp", -1, -1, cidr=ANY), "ip protocol icmp"),
        (Permission("icmp", 8, -1, cidr=ANY), "icmp type 8"),
        (Permission("icmp", 3, 4, cidr=ANY), "icmp type 3 icmp code 4"),
        (Permission("50", cidr=ANY), "ip protocol 50"),
        (Permission("icmpv6", cidr=ANY), None),
        (Permission("tcp", 80, 80, cidr="::/0"), None),
    ],
)
def test_a_permission_is_a_match(rule, match):
    assert matches.permission(rule, "saddr", "members") == match


def test_an_entry_looks_at_the_far_side():
    assert matches.entry(AclEntry(1, True, True, "6", "10.0.0.0/8", 22, 22)) == "ip daddr 10.0.0.0/8 tcp dport 22"
    assert matches.entry(AclEntry(1, False, True, "6", "10.0.0.0/8", 22, 22)) == "ip saddr 10.0.0.0/8 tcp dport 22"
    assert matches.entry(AclEntry(1, False, True, "6", "::/0", 22, 22)) is None


def _wanted(plan, **more):
    place = Place("100.64.0.0/20")
    place.fit(plan)
    links = {interface(one.id) for one in plan.interfaces}
    return place, routes.wanted(plan, place, "100.65.0.0/20", links, more.get("peers", {}))


def test_a_subnet_without_a_way_out_drops_and_one_with_nat_goes_its_own_way():
    plan = plans.vpc()
    place, wanted = _wanted(plan)
    table = {one.id: 1000 + place.marks[one.id] for one in plan.subnets}
    assert wanted[table["subnet-closed"], "default"] == Way()
    assert wanted[table["subnet-public"], "default"] == Way("uplink", "100.64.0.1")
    assert wanted[table["subnet-nat"], "default"] == Way("uplink", "100.64.0.3")
    assert wanted[MAIN, "10.1.2.10"] == Way(interface("eni-closed"))


def test_a_nat_gateway_follows_the_longest_prefix_of_its_own_subnet():
    blocked = (plans.INTERNET, Route("203.0.113.0/24", "blackhole"))
    plan = plans.with_subnet(plans.vpc(), "subnet-public", routes=blocked)
    through = (Route(ANY, "nat:nat-1"), Route("203.0.113.0/25", "nat:nat-1"))
    place, wanted = _wanted(plans.with_subnet(plan, "subnet-nat", routes=through))
    table = 1000 + place.marks["subnet-nat"]
    assert wanted[table, "default"].device == "uplink"
    assert wanted[table, "203.0.113.0/25"] == Way()


def test_only_what_differs_is_changed_and_gateways_come_before_what_uses_them():
    then = {
        (MAIN, "10.0.0.9"): Way("uplink", "100.64.0.1"),
        (MAIN, "100.64.0.1"): Way("uplink"),
        (1001, "default"): Way(),
    }
    now = {(1001, "default"): Way(), (1002, "default"): Way(), (MAIN, "10.0.0.8"): Way("e1")}
    assert routes.changes(now, then) == [
        "route replace 100.64.0.1 dev uplink table 254",
        "route replace 10.0.0.9 via 100.64.0.1 dev uplink onlink table 254",
        "route del blackhole default table 1002",
        "route del 10.0.0.8 table 254",
    ]
    assert routes.changes(then, then) == []


def test_numbers_rest_before_they_are_given_again():
    plan = plans.vpc()
    place = Place("100.64.0.0/20")
    place.fit(plan)
    first = dict(place.numbers)
    place.fit(plans.vpc("vpc-a", "10.2"))
    assert not set(first.values()) & set(place.numbers.values())
