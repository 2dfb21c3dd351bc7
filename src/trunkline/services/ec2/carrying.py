"""From EC2's records to what the networks engine is to carry. Pure.

IPv6 is recorded and not carried. Routes to gateway endpoints are left out: how a container reaches AWS's API is not the
network's matter here.
"""

from dataclasses import dataclass, field

from trunkline.engines.networks import interface as networks
from trunkline.services.ec2.blocks import usable
from trunkline.services.ec2.model import (
    AclEntry,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)
from trunkline.services.ec2.store import (
    ACLS,
    ADDRESSES,
    GROUPS,
    INTERFACES,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    PEERINGS,
    PREFIX_LISTS,
    ROUTE_TABLES,
    SUBNETS,
    View,
)

_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


@dataclass
class Records:
    """All that concerns one VPC."""

    vpc: Vpc
    subnets: list[Subnet] = field(default_factory=list)
    tables: list[RouteTable] = field(default_factory=list)
    groups: list[SecurityGroup] = field(default_factory=list)
    acls: list[NetworkAcl] = field(default_factory=list)
    internet_gateways: list[InternetGateway] = field(default_factory=list)
    nat_gateways: list[NatGateway] = field(default_factory=list)
    interfaces: list[NetworkInterface] = field(default_factory=list)
    peerings: list[Peering] = field(default_factory=list)
    prefix_lists: list[PrefixList] = field(default_factory=list)
    elastic: set[str] = field(default_factory=set)
    """Interfaces with an elastic address."""


def records(view: View, vpc: Vpc) -> Records:
    """Read them."""
    inside = {"vpc_id": vpc.id}
    peerings = PEERINGS.find(view.reader)
    return Records(
        vpc,
        view.all(SUBNETS, **inside),
        view.all(ROUTE_TABLES, **inside),
        view.all(GROUPS, **inside),
        view.all(ACLS, **inside),
        view.all(INTERNET_GATEWAYS, **inside),
        view.all(NAT_GATEWAYS, **inside),
        view.all(INTERFACES, **inside),
        [one for one in peerings if vpc.id in (one.requester.vpc_id, one.accepter.vpc_id)],
        view.all(PREFIX_LISTS),
        {one.interface_id for one in view.all(ADDRESSES) if one.interface_id},
    )


def vpc(known: Records, instance: str = "") -> networks.Vpc:
    """The wanted state of the VPC."""
    own = known.vpc
    main = next((one for one in known.tables if one.is_main), None)
    by_subnet = {one.subnet_id: table for table in known.tables for one in table.associations if one.subnet_id}
    acls = {one.id: one for one in known.acls}
    subnets = {one.id: one.cidr for one in known.subnets}
    nats = [one for one in known.nat_gateways if one.stands and one.addresses]
    return networks.Vpc(
        own.id,
        tuple(own.cidrs),
        tuple(
            networks.Subnet(
                one.id,
                one.cidr,
                _routes(known, by_subnet.get(one.id, main)),
                _entries(acls.get(one.acl_id)),
            )
            for one in known.subnets
            if one.cidr
        ),
        tuple(
            networks.SecurityGroup(
                one.id,
                tuple(each for rule in one.rules if not rule.egress for each in _permissions(known, rule)),
                tuple(each for rule in one.rules if rule.egress for each in _permissions(known, rule)),
            )
            for one in known.groups
        ),
        tuple(networks.NatGateway(one.id, one.subnet_id, one.addresses[0].private_ip) for one in nats),
        tuple(
            networks.Interface(
                one.id,
                one.subnet_id,
                one.private_ip,
                one.mac,
                tuple(one.group_ids),
                bool(one.public_ip) or one.id in known.elastic,
                one.source_dest_check,
            )
            for one in known.interfaces
            if one.kind == "interface" and _inside(one, subnets)
        ),
        tuple(sorted(peer for one in known.peerings if one.status == "active" for peer in [_peer(one, own.id)])),
        {"trunkline.instance": instance, "trunkline.vpc": own.id} if instance else {},
    )


def _inside(one: NetworkInterface, subnets: dict[str, str]) -> bool:
    """Tasks started while the machine carried no networks have an address that is not of their subnet."""
    cidr = subnets.get(one.subnet_id)
    return bool(cidr) and usable(one.private_ip, cidr or "")


def _routes(known: Records, table: RouteTable | None) -> tuple[networks.Route, ...]:
    local = [networks.Route(cidr, "local") for cidr in known.vpc.cidrs]
    given = [] if table is None else table.routes
    return (
        *local,
        *(
            networks.Route(cidr, via)
            for one in given
            if (via := _via(known, one))
            for cidr in _cidrs(known, one.destination)
        ),
    )


def _via(known: Records, route: Route) -> str:
    """How the engine calls the target; empty for one that it does not carry."""
    if route.target.startswith("vpce-") or route.member == "EgressOnlyInternetGatewayId":
        return ""
    if route.member == "GatewayId":
        if route.target == "local":
            return "local"
        return "internet" if any(one.id == route.target for one in known.internet_gateways) else "blackhole"
    if route.member == "NatGatewayId":
        stands = any(one.id == route.target and one.stands for one in known.nat_gateways)
        return f"nat:{route.target}" if stands else "blackhole"
    if route.member == "VpcPeeringConnectionId":
        active = [one for one in known.peerings if one.id == route.target and one.status == "active"]
        return f"peer:{_peer(active[0], known.vpc.id)}" if active else "blackhole"
    if route.member == "NetworkInterfaceId":
        there = any(one.id == route.target for one in known.interfaces)
        return f"interface:{route.target}" if there else "blackhole"
    return "blackhole"


def _peer(peering: Peering, vpc_id: str) -> str:
    other = peering.accepter if peering.requester.vpc_id == vpc_id else peering.requester
    return other.vpc_id


def _cidrs(known: Records, destination: str) -> list[str]:
    """IPv4 blocks of a destination, which may be a prefix list."""
    if destination.startswith("pl-"):
        listed = [one for one in known.prefix_lists if one.id == destination and one.family == "IPv4"]
        return [entry.cidr for one in listed for entry in one.entries]
    return [] if ":" in destination else [destination]


def _permissions(known: Records, rule: Rule) -> list[networks.Permission]:
    ports = (-1 if rule.from_port is None else rule.from_port, -1 if rule.to_port is None else rule.to_port)
    if rule.kind == "group":
        return [networks.Permission(rule.protocol, *ports, group=rule.peer)]
    return [networks.Permission(rule.protocol, *ports, cidr=cidr) for cidr in _cidrs(known, rule.peer)]


def _entries(acl: NetworkAcl | None) -> tuple[networks.AclEntry, ...]:
    if acl is None:
        return ()
    ordered = sorted(acl.entries, key=lambda one: (one.egress, one.number))
    return tuple(_entry(one) for one in ordered if one.cidr)


def _entry(one: AclEntry) -> networks.AclEntry:
    def number(value: int | None) -> int:
        return -1 if value is None else value

    return networks.AclEntry(
        one.number,
        one.egress,
        one.action == "allow",
        _PROTOCOLS.get(one.protocol, one.protocol),
        one.cidr,
        number(one.from_port),
        number(one.to_port),
        number(one.icmp_type),
        number(one.icmp_code),
    )
