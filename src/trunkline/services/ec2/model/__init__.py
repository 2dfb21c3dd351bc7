"""What a network consists of: records only, as they are kept."""

from trunkline.services.ec2.model.addresses import Address, NetworkInterface
from trunkline.services.ec2.model.gateways import (
    EgressOnlyInternetGateway,
    InternetGateway,
    NatAddress,
    NatGateway,
)
from trunkline.services.ec2.model.keys import KeyPair
from trunkline.services.ec2.model.links import Endpoint, FlowLog, Peering, PeeringSide, PrefixList, PrefixListEntry
from trunkline.services.ec2.model.network import (
    Block,
    DhcpOptions,
    Route,
    RouteAssociation,
    RouteTable,
    Subnet,
    Vpc,
)
from trunkline.services.ec2.model.places import VPC_CIDR, domain_of, resource_type, zone_id, zones
from trunkline.services.ec2.model.security import AclEntry, NetworkAcl, Rule, SecurityGroup

__all__ = [
    "VPC_CIDR",
    "AclEntry",
    "Address",
    "Block",
    "DhcpOptions",
    "EgressOnlyInternetGateway",
    "Endpoint",
    "FlowLog",
    "InternetGateway",
    "KeyPair",
    "NatAddress",
    "NatGateway",
    "NetworkAcl",
    "NetworkInterface",
    "Peering",
    "PeeringSide",
    "PrefixList",
    "PrefixListEntry",
    "Route",
    "RouteAssociation",
    "RouteTable",
    "Rule",
    "SecurityGroup",
    "Subnet",
    "Vpc",
    "domain_of",
    "resource_type",
    "zone_id",
    "zones",
]
