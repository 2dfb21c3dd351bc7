"""VPCs, subnets, route tables and DHCP options as EC2 describes them."""

from collections.abc import Mapping

from trunkline.aws.arn import arn
from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.managed import prefix_list_of
from trunkline.services.ec2.model import Block, DhcpOptions, RouteTable, Subnet, Vpc, zone_id
from trunkline.services.ec2.store import (
    EGRESS_ONLY_GATEWAYS,
    ENDPOINTS,
    INTERFACES,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    PEERINGS,
    View,
)
from trunkline.services.ec2.store.view import Tags


def block(one: Block, state: str = "associated") -> Doc:
    return {"AssociationId": one.association_id, "CidrBlock": one.cidr, "CidrBlockState": {"State": state}}


def ipv6_block(one: Block, state: str = "associated", *, of_vpc: bool = True) -> Doc:
    doc: Doc = {
        "AssociationId": one.association_id,
        "Ipv6CidrBlock": one.cidr,
        "Ipv6CidrBlockState": {"State": state},
        "Ipv6AddressAttribute": "public",
        "IpSource": "amazon",
    }
    if of_vpc:
        doc |= {"NetworkBorderGroup": one.border_group, "Ipv6Pool": one.pool}
    return doc


def vpc(one: Vpc, tags: Tags, state: str = "available") -> Doc:
    return {
        "VpcId": one.id,
        "OwnerId": one.account,
        "State": state,
        "CidrBlock": one.cidr,
        "CidrBlockAssociationSet": [block(Block(one.cidr_association_id, one.cidr)), *map(block, one.blocks)],
        "Ipv6CidrBlockAssociationSet": [ipv6_block(each) for each in one.ipv6_blocks],
        "DhcpOptionsId": one.dhcp_options_id,
        "InstanceTenancy": one.tenancy,
        "IsDefault": one.is_default,
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "Tags": pairs(tags.get(one.id, {})),
    }


def subnet(one: Subnet, tags: Tags, taken: Mapping[str, int]) -> Doc:
    """`taken`: how many addresses of each subnet interfaces have."""
    return {
        "SubnetId": one.id,
        "SubnetArn": arn("ec2", one.region, one.account, f"subnet/{one.id}"),
        "VpcId": one.vpc_id,
        "OwnerId": one.account,
        "State": "available",
        "CidrBlock": one.cidr or None,
        "AvailabilityZone": one.region + one.zone,
        "AvailabilityZoneId": zone_id(one.region, one.zone),
        "AvailableIpAddressCount": one.addresses - taken.get(one.id, 0),
        "DefaultForAz": one.is_default,
        "MapPublicIpOnLaunch": one.public_ip_on_launch,
        "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": one.ipv6_on_creation,
        "Ipv6CidrBlockAssociationSet": [ipv6_block(each, of_vpc=False) for each in one.ipv6_blocks],
        "EnableDns64": one.dns64,
        "Ipv6Native": one.ipv6_native,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": one.hostname_type,
            "EnableResourceNameDnsARecord": one.dns_a,
            "EnableResourceNameDnsAAAARecord": one.dns_aaaa,
        },
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "Tags": pairs(tags.get(one.id, {})),
    }


def taken(view: View) -> dict[str, int]:
    """How many addresses of each subnet are in use."""
    found: dict[str, int] = {}
    for one in view.all(INTERFACES):
        found[one.subnet_id] = found.get(one.subnet_id, 0) + len(one.addresses)
    return found


class Standing:
    """What routes may lead to, looked at once for many routes."""

    def __init__(self, view: View) -> None:
        self._ids = {one.id for one in view.all(EGRESS_ONLY_GATEWAYS)}
        self._ids |= {one.id for one in view.all(INTERNET_GATEWAYS) if one.vpc_id}
        self._ids |= {one.id for one in view.all(NAT_GATEWAYS) if one.stands}
        self._ids |= {one.id for one in view.all(INTERFACES) if one.attachment_id}
        self._region = view.region
        self._endpoints = view.all(ENDPOINTS)
        self._ids |= {one.id for one in PEERINGS.find(view.reader) if one.status in ("active", "pending-acceptance")}

    def state(self, target: str) -> str:
        return "active" if target == "local" or target in self._ids else "blackhole"

    def to_services(self, table_id: str) -> list[Doc]:
        """The routes that gateway endpoints put into a table."""
        routes: list[Doc] = []
        for one in self._endpoints:
            listed = prefix_list_of(self._region, one.service) if table_id in one.route_table_ids else None
            if listed is not None:
                told = {"GatewayId": one.id, "Origin": "CreateRoute", "State": "active"}
                routes.append({"DestinationPrefixListId": listed.id, **told})
        return routes


def destination(text: str) -> Doc:
    """The member that a destination is told in."""
    if text.startswith("pl-"):
        return {"DestinationPrefixListId": text}
    return {"DestinationIpv6CidrBlock" if ":" in text else "DestinationCidrBlock": text}


def route_table(one: RouteTable, tags: Tags, vpc: Vpc, standing: Standing) -> Doc:
    local = [*vpc.cidrs, *(each.cidr for each in vpc.ipv6_blocks)]
    routes: list[Doc] = [
        {**destination(cidr), "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"} for cidr in local
    ]
    for each in one.routes:
        routes.append(
            {
                **destination(each.destination),
                each.member: each.target,
                "Origin": "CreateRoute",
                "State": standing.state(each.target),
            }
        )
    routes += standing.to_services(one.id)
    return {
        "RouteTableId": one.id,
        "VpcId": one.vpc_id,
        "OwnerId": one.account,
        "Associations": [
            {
                "Main": each.main,
                "RouteTableAssociationId": each.id,
                "RouteTableId": one.id,
                "SubnetId": each.subnet_id or None,
                "GatewayId": each.gateway_id or None,
                "AssociationState": {"State": "associated"},
            }
            for each in one.associations
        ],
        "PropagatingVgws": [],
        "Routes": routes,
        "Tags": pairs(tags.get(one.id, {})),
    }


def dhcp_options(one: DhcpOptions, tags: Tags) -> Doc:
    return {
        "DhcpOptionsId": one.id,
        "OwnerId": one.account,
        "DhcpConfigurations": [
            {"Key": key, "Values": [{"Value": value} for value in values]} for key, values in one.options.items()
        ],
        "Tags": pairs(tags.get(one.id, {})),
    }
