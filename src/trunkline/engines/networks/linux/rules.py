"""The whole of a VPC as one nftables ruleset, replaced in one transaction. Pure: from a Vpc to text.

The way of a packet: the uplink translates between the VPC's own addresses and those at which the host meets them, one
to one and without state, so that everything else here sees private addresses only. Then: is it from whom it says; its
subnet becomes its mark (routing goes by it); the ACLs of the subnets that it leaves and enters, without state; what
belongs to a connection is carried; what begins one has to pass its sender's groups (chains `out_…`), then `arriving`,
its receiver's groups (`in_…`). `goto` never comes back, so that the last word is always said by one accept or drop.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trunkline.engines.networks.addresses import short
from trunkline.engines.networks.interface import Interface, SecurityGroup, Subnet, Vpc
from trunkline.engines.networks.linux import matches
from trunkline.engines.networks.linux.book import HOST, NAT, POOL, Place
from trunkline.engines.networks.linux.names import TABLE, UPLINK, interface

RESOLVER = "169.254.169.253"
METADATA = "169.254.170.2"
"""Credentials and metadata of ECS tasks."""
_INTERFACES = '"e*"'
_PEERS = '"p*"'


@dataclass(frozen=True, slots=True)
class Outside:
    """What the VPC meets on this host: load balancers in `services`, and the AWS endpoint with its X-Ray daemon."""

    services: str
    endpoint: str
    port: int
    xray_port: int


def ruleset(vpc: Vpc, place: Place, outside: Outside, members: Mapping[str, Sequence[str]]) -> str:
    """`members`: addresses by security group, those of peered VPCs too."""
    held = [one for one in vpc.interfaces if one.id in place.held]
    carried = [one for one in vpc.interfaces if one.id not in place.held]
    combinations = {groups: number for number, groups in enumerate(sorted({one.groups for one in vpc.interfaces}))}
    parts = [
        *_translations(vpc, place, held),
        *_senders(vpc, place, carried),
        *_names(vpc, outside),
        *_forward(vpc, place, outside, held, carried),
        *_groups(vpc, place, outside, members, combinations),
        *_verdicts("egress", carried, held, combinations, "out"),
        *_verdicts("ingress", carried, held, combinations, "in"),
    ]
    for subnet in vpc.subnets:
        parts += _acl(subnet, place.marks[subnet.id])
    return f"table ip {TABLE}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n" + "\n".join(parts) + "\n}\n"


def _chain(name: str, rules: Iterable[str], hook: str = "") -> str:
    lines = [f"  {rule}" for rule in ([hook] if hook else []) + list(rules)]
    return "\n".join([f" chain {name} {{", *lines, " }"])


def _set(kind: str, name: str, of: str, elements: Iterable[str], flags: str = "") -> str:
    found = list(elements)
    lines = [f" {kind} {name} {{", f"  type {of}"]
    if flags:
        lines.append(f"  flags {flags}")
    if found:
        lines.append(f"  elements = {{ {', '.join(found)} }}")
    return "\n".join([*lines, " }"])


def _translations(vpc: Vpc, place: Place, held: list[Interface]) -> list[str]:
    pairs = [(place.at(number), address) for address, number in place.numbers.items()]
    host = [(place.mapped(one.address), one.address) for one in held]
    of = "ipv4_addr : ipv4_addr"
    return [
        _set("map", "private", of, (f"{ours} : {theirs}" for ours, theirs in pairs)),
        _set("map", "met", of, (f"{theirs} : {ours}" for ours, theirs in pairs)),
        _set("map", "held_private", of, (f"{ours} : {theirs}" for ours, theirs in host)),
        _set("map", "held_met", of, (f"{theirs} : {ours}" for ours, theirs in host)),
        _chain(
            "from_host",
            [
                f"iifname {UPLINK} ip daddr set ip daddr map @private",
                f"iifname {UPLINK} ip saddr set ip saddr map @held_private",
            ],
            "type filter hook prerouting priority -350;",
        ),
        _chain(
            "to_host",
            [
                f"oifname {UPLINK} ip saddr set ip saddr map @met",
                f"oifname {UPLINK} ip daddr set ip daddr map @held_met",
            ],
            "type filter hook postrouting priority 350;",
        ),
    ]


def _senders(vpc: Vpc, place: Place, carried: list[Interface]) -> list[str]:
    marks = (f'"{interface(one.id)}" : {place.marks[one.subnet]}' for one in carried)
    return [
        _set("set", "own", "ifname . ipv4_addr", (f'"{interface(one.id)}" . {one.address}' for one in carried)),
        _set("set", "unchecked", "ifname", (f'"{interface(one.id)}"' for one in carried if not one.source_dest_check)),
        _set("map", "subnet_of", "ifname : mark", marks),
        _set(
            "map",
            "subnet_at",
            "ipv4_addr : mark",
            (f"{one.cidr} : {place.marks[one.id]}" for one in vpc.subnets),
            "interval",
        ),
        _chain(
            "senders",
            [
                f"iifname {_INTERFACES} iifname . ip saddr != @own iifname != @unchecked drop",
                f"iifname {_INTERFACES} meta mark set iifname map @subnet_of",
                f"iifname {UPLINK} meta mark set ip saddr map @subnet_at",
            ],
            "type filter hook prerouting priority -150;",
        ),
    ]


def _names(vpc: Vpc, outside: Outside) -> list[str]:
    """The name server of the VPC, at its three addresses, and the tasks' metadata are on this host."""
    servers = [RESOLVER, *(str(ipaddress.IPv4Network(cidr)[2]) for cidr in vpc.cidrs)]
    at = f"iifname {_INTERFACES} ip daddr {{ {', '.join(servers)} }}"
    return [
        _chain(
            "names",
            [
                f"{at} udp dport 53 dnat to {outside.endpoint}",
                f"{at} tcp dport 53 dnat to {outside.endpoint}",
                f"iifname {_INTERFACES} ip daddr {METADATA} tcp dport 80 dnat to {outside.endpoint}:{outside.port}",
            ],
            "type nat hook prerouting priority -100;",
        )
    ]


def _forward(vpc: Vpc, place: Place, outside: Outside, held: list[Interface], carried: list[Interface]) -> list[str]:
    leaving = (
        f"{place.marks[one.id]} : jump leave_{place.marks[one.id]}" for one in vpc.subnets if _entries(one, True)
    )
    entering = (f"{one.cidr} : jump enter_{place.marks[one.id]}" for one in vpc.subnets if _entries(one, False))
    public = (one.address for one in vpc.interfaces if one.public)
    served = f"{outside.port}, {outside.xray_port}"
    return [
        _set("map", "acl_leave", "mark : verdict", leaving),
        _set("map", "acl_enter", "ipv4_addr : verdict", entering, "interval"),
        _set("set", "public", "ipv4_addr", public),
        _chain(
            "forward",
            [
                f"iifname {_INTERFACES} ip daddr {outside.endpoint} tcp dport {{ 53, {served} }} accept",
                f"iifname {_INTERFACES} ip daddr {outside.endpoint} udp dport {{ 53, {outside.xray_port} }} accept",
                f"oifname {_INTERFACES} ip saddr {outside.endpoint} ct state established accept",
                f"oifname {_INTERFACES} oifname . ip daddr != @own oifname != @unchecked drop",
                "meta mark vmap @acl_leave",
                "ip daddr vmap @acl_enter",
                "ct state vmap { established : accept, related : accept, invalid : drop }",
                "iifname vmap @egress",
                f"iifname {UPLINK} ip saddr vmap @held_egress",
                "goto arriving",
            ],
            "type filter hook forward priority 0; policy drop;",
        ),
    ]


def _groups(
    vpc: Vpc,
    place: Place,
    outside: Outside,
    members: Mapping[str, Sequence[str]],
    combinations: Mapping[tuple[str, ...], int],
) -> list[str]:
    known = {one.id: one for one in vpc.groups}
    named = {rule.group for one in vpc.groups for rule in (*one.ingress, *one.egress) if rule.group}
    parts = [_set("set", _members(group), "ipv4_addr", members.get(group, ())) for group in sorted(named)]
    arriving = _chain(
        "arriving", ["oifname vmap @ingress", f"oifname {UPLINK} goto leaving", f"oifname {_PEERS} accept", "drop"]
    )
    leaving = _chain(
        "leaving",
        [
            "ip daddr vmap @held_ingress",
            f"ip daddr {outside.services} accept",
            # Interfaces of other VPCs are met there: none of ours.
            f"ip daddr {POOL} drop",
            f"rt ip nexthop {place.at(NAT)} accept",
            f"rt ip nexthop {place.at(HOST)} ip saddr @public accept",
            "drop",
        ],
    )
    # In the order of use, last first: a chain has to be there before a rule names it.
    inward = [_group(one, "sgi", one.ingress, "saddr", "accept") for one in vpc.groups]
    outward = [_group(one, "sgo", one.egress, "daddr", "goto arriving") for one in vpc.groups]
    both = []
    for groups, number in combinations.items():
        present = [short(group, 12) for group in groups if group in known]
        both.append(_chain(f"in_{number}", [*(f"jump sgi_{one}" for one in present), "drop"]))
        both.append(_chain(f"out_{number}", [*(f"jump sgo_{one}" for one in present), "drop"]))
    return [*parts, *inward, *outward, leaving, arriving, *both]


def _members(group: str) -> str:
    return f"members_{short(group, 12)}"


def _group(group: SecurityGroup, kind: str, rules: Iterable[object], side: str, verdict: str) -> str:
    found = []
    for rule in rules:
        match = matches.permission(rule, side, _members(rule.group))  # type: ignore[arg-type, attr-defined]
        if match is not None:
            found.append(f"{match} {verdict}".strip())
    return _chain(f"{kind}_{short(group.id, 12)}", found)


def _verdicts(
    name: str, carried: list[Interface], held: list[Interface], combinations: Mapping[tuple[str, ...], int], chain: str
) -> list[str]:
    by_interface = (f'"{interface(one.id)}" : goto {chain}_{combinations[one.groups]}' for one in carried)
    by_address = (f"{one.address} : goto {chain}_{combinations[one.groups]}" for one in held)
    return [
        _set("map", name, "ifname : verdict", by_interface),
        _set("map", f"held_{name}", "ipv4_addr : verdict", by_address),
    ]


def _acl(subnet: Subnet, mark: int) -> list[str]:
    """What stays inside of the subnet never meets its ACL."""
    parts = []
    for name, egress, inside in (("leave", True, f"ip daddr {subnet.cidr}"), ("enter", False, f"meta mark {mark}")):
        entries = _entries(subnet, egress)
        if entries:
            parts.append(_chain(f"{name}_{mark}", [f"{inside} return", *entries, "drop"]))
    return parts


def _entries(subnet: Subnet, egress: bool) -> list[str]:
    """In order; none when everything is allowed anyway."""
    mine = sorted((one for one in subnet.acl if one.egress == egress), key=lambda one: one.number)
    if mine and mine[0].allow and matches.meets_all(mine[0]):
        return []
    found = []
    for one in mine:
        match = matches.entry(one)
        if match is not None:
            found.append(f"{match} {'return' if one.allow else 'drop'}".strip())
    return found or ["drop"]
