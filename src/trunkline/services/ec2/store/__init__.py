"""EC2's records: tables, how they are read and changed, and the network every region begins with."""

from trunkline.services.ec2.store.default_network import (
    add_default_subnets,
    add_default_vpc,
    everywhere,
    has_network,
    make_default_network,
    new_vpc,
)
from trunkline.services.ec2.store.steps import STEPS
from trunkline.services.ec2.store.tables import (
    ACLS,
    ADDRESSES,
    DHCP_OPTIONS,
    EGRESS_ONLY_GATEWAYS,
    ENDPOINTS,
    FLOW_LOGS,
    GROUPS,
    INTERFACES,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    PEERINGS,
    PREFIX_LISTS,
    ROUTE_TABLES,
    SUBNETS,
    VPCS,
    new_id,
)
from trunkline.services.ec2.store.view import Edit, Record, View

__all__ = [
    "ACLS",
    "ADDRESSES",
    "DHCP_OPTIONS",
    "EGRESS_ONLY_GATEWAYS",
    "ENDPOINTS",
    "FLOW_LOGS",
    "GROUPS",
    "INTERFACES",
    "INTERNET_GATEWAYS",
    "NAT_GATEWAYS",
    "PEERINGS",
    "PREFIX_LISTS",
    "ROUTE_TABLES",
    "STEPS",
    "SUBNETS",
    "VPCS",
    "Edit",
    "Record",
    "View",
    "add_default_subnets",
    "add_default_vpc",
    "everywhere",
    "has_network",
    "make_default_network",
    "new_id",
    "new_vpc",
]
