"""What a network consists of, and the rules of security groups."""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime

VPC_CIDR = "172.31.0.0/16"
ZONES = ("a", "b", "c")
_DIRECTIONS = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "southeast": "se",
    "northwest": "nw",
    "southwest": "sw",
}


@dataclass
class Vpc:
    """A VPC together with what exists once in it."""

    account: str
    region: str
    id: str
    cidr: str
    is_default: bool
    dhcp_options_id: str
    cidr_association_id: str
    route_table_id: str
    route_association_id: str
    internet_gateway_id: str


@dataclass
class Subnet:
    account: str
    region: str
    id: str
    vpc_id: str
    cidr: str
    zone: str
    """The letter behind the region's name."""
    is_default: bool = True
    public_ip_on_launch: bool = True

    @property
    def free_addresses(self) -> int:
        """AWS keeps five of each subnet."""
        return ipaddress.ip_network(self.cidr).num_addresses - 5


@dataclass
class Rule:
    """One source or destination of one port range. `kind`: ipv4, ipv6, prefix_list or group."""

    id: str
    egress: bool
    protocol: str
    from_port: int | None
    to_port: int | None
    kind: str
    peer: str
    description: str | None = None

    def same_as(self, other: "Rule") -> bool:
        """What AWS calls a duplicate: everything equal but id and description."""
        return self.matter == other.matter

    @property
    def matter(self) -> tuple[object, ...]:
        return (self.egress, self.protocol, self.from_port, self.to_port, self.kind, self.peer)


@dataclass
class SecurityGroup:
    account: str
    region: str
    id: str
    vpc_id: str
    name: str
    description: str
    rules: list[Rule] = field(default_factory=list)


@dataclass
class NetworkInterface:
    """Of one task. Its address is where the task is really reached, which lies outside of the subnet's range."""

    account: str
    region: str
    id: str
    subnet_id: str
    vpc_id: str
    zone: str
    private_ip: str
    mac: str
    description: str
    requester: str
    attachment_id: str
    created_at: datetime
    group_ids: list[str] = field(default_factory=list)


@dataclass
class Tag:
    account: str
    region: str
    resource_id: str
    name: str
    value: str


def zone_id(region: str, zone: str) -> str:
    """use1-az1 for us-east-1a."""
    area, direction, number = region.rsplit("-", 2) if region.count("-") >= 2 else (region, "", "1")
    return f"{area.replace('-', '')}{_DIRECTIONS.get(direction, direction)}{number}-az{ZONES.index(zone) + 1}"


_KINDS = {
    "vpc": "vpc",
    "subnet": "subnet",
    "sg": "security-group",
    "rtb": "route-table",
    "igw": "internet-gateway",
    "sgr": "security-group-rule",
    "dopt": "dhcp-options",
    "eni": "network-interface",
}


def resource_type(resource_id: str) -> str | None:
    """AWS's name of the type, from the prefix of an id."""
    return _KINDS.get(resource_id.partition("-")[0])
