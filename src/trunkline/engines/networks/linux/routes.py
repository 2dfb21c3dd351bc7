"""Where packets go: one routing table per subnet, chosen by the mark of the packet. Pure.

The main table is asked first. It has each interface by its own address, so "local" needs no route, and nothing else in
the VPC's CIDRs exists.
"""

import ipaddress
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from trunkline.engines.networks.interface import Route, Vpc
from trunkline.engines.networks.linux.book import HOST, NAT, ROUTER, Place
from trunkline.engines.networks.linux.names import UPLINK, interface, peering

MAIN = 254
_FIRST_TABLE = 1000
_FIRST_PRIORITY = 40_000
"""Behind the main table, whose rule is 32766."""


@dataclass(frozen=True, slots=True)
class Way:
    """Nothing set: dropped, without a word as on AWS."""

    device: str = ""
    gateway: str = ""


Routes = dict[tuple[int, str], Way]
"""By table and destination."""


def wanted(vpc: Vpc, place: Place, services: str, links: Set[str], peers: Mapping[str, Place]) -> Routes:
    """`links`: the interfaces that are there now; `peers`: those VPCs to which there is a link."""
    host = place.at(HOST)
    routes: Routes = {
        (MAIN, host): Way(UPLINK),
        (MAIN, place.at(NAT)): Way(UPLINK),
        (MAIN, services): Way(UPLINK, host),
    }
    for one in vpc.interfaces:
        if one.id in place.held:
            routes[MAIN, one.address] = Way(UPLINK, host)
        elif interface(one.id) in links:
            routes[MAIN, one.address] = Way(interface(one.id))
    for peer, other in peers.items():
        routes[MAIN, other.at(ROUTER)] = Way(peering(peer))
    for subnet in vpc.subnets:
        table = _FIRST_TABLE + place.marks[subnet.id]
        routes[table, "default"] = Way()
        for cidr in vpc.cidrs:
            routes[table, destination(cidr)] = Way()
        for route in subnet.routes:
            if route.via != "local" and ":" not in route.cidr:
                routes[table, destination(route.cidr)] = _way(vpc, place, route, links, peers)
    return routes


def _way(vpc: Vpc, place: Place, route: Route, links: Set[str], peers: Mapping[str, Place]) -> Way:
    kind, _, name = route.via.partition(":")
    if kind == "internet":
        return Way(UPLINK, place.at(HOST))
    if kind == "nat":
        return Way(UPLINK, place.at(NAT)) if _leads_out(vpc, name, route.cidr) else Way()
    if kind == "peer" and name in peers:
        return Way(peering(name), peers[name].at(ROUTER))
    if kind == "interface":
        found = next((one for one in vpc.interfaces if one.id == name), None)
        if found is not None and interface(found.id) in links:
            return Way(interface(found.id), found.address)
    return Way()


def _leads_out(vpc: Vpc, gateway_id: str, cidr: str) -> bool:
    """A NAT gateway carries what its own subnet's routes send to an internet gateway."""
    gateway = next((one for one in vpc.nat_gateways if one.id == gateway_id), None)
    subnet = next((one for one in vpc.subnets if gateway and one.id == gateway.subnet), None)
    if subnet is None:
        return False
    target = ipaddress.IPv4Network(cidr)
    around = [one for one in subnet.routes if ":" not in one.cidr and target.subnet_of(ipaddress.IPv4Network(one.cidr))]
    best = max(around, key=lambda one: ipaddress.IPv4Network(one.cidr).prefixlen, default=None)
    return best is not None and best.via == "internet"


def destination(cidr: str) -> str:
    """As the kernel writes it."""
    network = ipaddress.IPv4Network(cidr, strict=False)
    if network.prefixlen == 0:
        return "default"
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def found(listed: list[dict[str, Any]]) -> Routes:
    """From `ip -4 -json route show table all`."""
    routes: Routes = {}
    for one in listed:
        table = one.get("table", MAIN)
        if table in ("local", "default") or one.get("type") in ("local", "broadcast"):
            continue
        number = MAIN if table in ("main", MAIN) else int(table)
        if one.get("type") == "blackhole":
            routes[number, one["dst"]] = Way()
        else:
            routes[number, one["dst"]] = Way(one.get("dev", ""), one.get("gateway", ""))
    return routes


def changes(now: Routes, then: Routes) -> list[str]:
    """Lines for `ip -batch`. New ways before old ones go."""
    lines = []
    # Ways without a gateway first: the others' gateways are reached by them.
    for (table, to), way in sorted(then.items(), key=lambda each: bool(each[1].gateway)):
        if now.get((table, to)) != way:
            lines.append(f"route replace {_line(to, way)} table {table}")
    for (table, to), way in now.items():
        if (table, to) not in then:
            lines.append(f"route del {'blackhole ' if way == Way() else ''}{to} table {table}")
    return lines


def _line(to: str, way: Way) -> str:
    if way == Way():
        return f"blackhole {to}"
    return f"{to} via {way.gateway} dev {way.device} onlink" if way.gateway else f"{to} dev {way.device}"


def rules(listed: list[dict[str, Any]], place: Place) -> list[str]:
    """Lines that make the rules found in `ip -json rule show` those of the subnets."""
    now = {int(one["priority"]) for one in listed if int(one["priority"]) >= _FIRST_PRIORITY}
    then = {_FIRST_PRIORITY + mark: mark for mark in place.marks.values()}
    lines = [
        f"rule add priority {priority} fwmark {mark} lookup {_FIRST_TABLE + mark}"
        for priority, mark in then.items()
        if priority not in now
    ]
    return lines + [f"rule del priority {priority}" for priority in sorted(now - set(then))]
