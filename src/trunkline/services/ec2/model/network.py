"""VPCs, subnets and how packets find their way between them."""

import ipaddress
from dataclasses import dataclass, field

RESERVED = 5
"""AWS keeps the first four addresses and the last of every subnet."""


@dataclass
class Block:
    """A block of addresses that belongs to a VPC or subnet beside its first one."""

    association_id: str
    cidr: str
    pool: str = "Amazon"
    border_group: str = ""


@dataclass
class Vpc:
    account: str
    region: str
    id: str
    cidr: str
    is_default: bool
    dhcp_options_id: str
    cidr_association_id: str
    tenancy: str = "default"
    blocks: list[Block] = field(default_factory=list)
    """Secondary IPv4 blocks."""
    ipv6_blocks: list[Block] = field(default_factory=list)
    dns_support: bool = True
    dns_hostnames: bool = False
    usage_metrics: bool = False

    @property
    def cidrs(self) -> list[str]:
        """All IPv4 blocks."""
        return [self.cidr, *(block.cidr for block in self.blocks)]


@dataclass
class Subnet:
    account: str
    region: str
    id: str
    vpc_id: str
    cidr: str
    """Empty in a subnet with IPv6 only."""
    zone: str
    """The letter behind the region's name."""
    is_default: bool = False
    public_ip_on_launch: bool = False
    acl_id: str = ""
    acl_association_id: str = ""
    ipv6_blocks: list[Block] = field(default_factory=list)
    ipv6_on_creation: bool = False
    dns64: bool = False
    ipv6_native: bool = False
    hostname_type: str = "ip-name"
    dns_a: bool = False
    dns_aaaa: bool = False

    @property
    def addresses(self) -> int:
        """How many there are for interfaces."""
        return ipaddress.ip_network(self.cidr).num_addresses - RESERVED if self.cidr else 0


@dataclass
class Route:
    """`member` is the request member that named the target: GatewayId, NatGatewayId, NetworkInterfaceId …"""

    destination: str
    member: str
    target: str


@dataclass
class RouteAssociation:
    """With a subnet or a gateway; the main one with neither."""

    id: str
    main: bool = False
    subnet_id: str = ""
    gateway_id: str = ""


@dataclass
class RouteTable:
    """Routes within the VPC (`local`) are not kept: they follow from its blocks."""

    account: str
    region: str
    id: str
    vpc_id: str
    associations: list[RouteAssociation] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)

    @property
    def is_main(self) -> bool:
        return any(one.main for one in self.associations)


@dataclass
class DhcpOptions:
    account: str
    region: str
    id: str
    options: dict[str, list[str]] = field(default_factory=dict)
