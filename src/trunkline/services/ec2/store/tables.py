"""The tables. Every record has an account, a region and an id, and these are its key."""

from dataclasses import dataclass

from trunkline.core import ids
from trunkline.core.db import Table
from trunkline.services.ec2.model import (
    Address,
    DhcpOptions,
    EgressOnlyInternetGateway,
    Endpoint,
    FlowLog,
    InternetGateway,
    KeyPair,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    Peering,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)

KEY = ("account", "region", "id")


@dataclass
class Tag:
    account: str
    region: str
    resource_id: str
    name: str
    value: str


@dataclass
class Place:
    """A region of an account whose default network was made; it is made once only, deleted or not."""

    account: str
    region: str


@dataclass
class Token:
    """A ClientToken: what was asked with it, and the ids of what was made."""

    account: str
    region: str
    operation: str
    token: str
    asked: str
    made: list[str]


@dataclass
class Dirty:
    """A VPC whose state the machine is yet to be brought to. `mark` changes with every change of the VPC."""

    account: str
    region: str
    id: str
    mark: str


VPCS = Table("ec2_vpcs", Vpc, key=KEY)
SUBNETS = Table("ec2_subnets", Subnet, key=KEY)
GROUPS = Table("ec2_security_groups", SecurityGroup, key=KEY)
INTERFACES = Table("ec2_network_interfaces", NetworkInterface, key=KEY)
ROUTE_TABLES = Table("ec2_route_tables", RouteTable, key=KEY)
INTERNET_GATEWAYS = Table("ec2_internet_gateways", InternetGateway, key=KEY)
EGRESS_ONLY_GATEWAYS = Table("ec2_egress_only_gateways", EgressOnlyInternetGateway, key=KEY)
NAT_GATEWAYS = Table("ec2_nat_gateways", NatGateway, key=KEY)
ADDRESSES = Table("ec2_addresses", Address, key=KEY)
ACLS = Table("ec2_network_acls", NetworkAcl, key=KEY)
DHCP_OPTIONS = Table("ec2_dhcp_options", DhcpOptions, key=KEY)
ENDPOINTS = Table("ec2_endpoints", Endpoint, key=KEY)
PREFIX_LISTS = Table("ec2_prefix_lists", PrefixList, key=KEY)
FLOW_LOGS = Table("ec2_flow_logs", FlowLog, key=KEY)
PEERINGS = Table("ec2_peerings", Peering, key=KEY)
KEY_PAIRS = Table("ec2_key_pairs", KeyPair, key=KEY)
TAGS = Table("ec2_tags", Tag, key=("account", "region", "resource_id", "name"))
PLACES = Table("ec2_places", Place, key=("account", "region"))
TOKENS = Table("ec2_client_tokens", Token, key=("account", "region", "operation", "token"))
DIRTY = Table("ec2_dirty_vpcs", Dirty, key=KEY)


def new_id(kind: str) -> str:
    """vpc-0123456789abcdef0"""
    return f"{kind}-0{ids.hex_id(16)}"
