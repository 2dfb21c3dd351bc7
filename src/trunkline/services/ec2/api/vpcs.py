"""VPCs and their attributes."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import blocks, store
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.api.vpc_blocks import add_ipv6
from trunkline.services.ec2.described import network
from trunkline.services.ec2.errors import bad_value, combination, failed, in_use, invalid, missing
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import Vpc
from trunkline.services.ec2.store import VPCS, Edit

_VPC: Properties = {
    "vpc-id": member("VpcId"),
    "is-default": member("IsDefault"),
    "isDefault": member("IsDefault"),
    "cidr": member("CidrBlock"),
    "cidr-block": member("CidrBlock"),
    "cidr-block-association.association-id": each("CidrBlockAssociationSet", "AssociationId"),
    "cidr-block-association.cidr-block": each("CidrBlockAssociationSet", "CidrBlock"),
    "cidr-block-association.state": each("CidrBlockAssociationSet", "CidrBlockState", "State"),
    "ipv6-cidr-block-association.association-id": each("Ipv6CidrBlockAssociationSet", "AssociationId"),
    "ipv6-cidr-block-association.ipv6-cidr-block": each("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock"),
    "ipv6-cidr-block-association.ipv6-pool": each("Ipv6CidrBlockAssociationSet", "Ipv6Pool"),
    "ipv6-cidr-block-association.state": each("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState", "State"),
    "state": member("State"),
    "owner-id": member("OwnerId"),
    "dhcp-options-id": member("DhcpOptionsId"),
    "dhcpOptionsId": member("DhcpOptionsId"),
}
_ATTRIBUTES = {
    "EnableDnsSupport": "dns_support",
    "EnableDnsHostnames": "dns_hostnames",
    "EnableNetworkAddressUsageMetrics": "usage_metrics",
}
_ONE = "arn:aws:ec2:{region}:{account}:vpc/{VpcId}"


class Vpcs(Finding):
    """Everything about them but their blocks."""

    @operation()
    async def describe_vpcs(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        return listing(view, req, VPCS, network.vpc, _VPC, member="Vpcs", id_member="VpcId")

    @operation("arn:aws:ec2:{region}:{account}:vpc/*", writes_once=True)
    async def create_vpc(self, call: Call, req: Doc) -> Doc:
        refuse_pools(req)
        if "CidrBlock" not in req:
            raise missing("cidrBlock")
        cidr = blocks.of_vpc(req["CidrBlock"])
        tenancy = req.get("InstanceTenancy", "default")
        if tenancy not in ("default", "dedicated"):
            raise bad_value(tenancy, "instanceTenancy")
        tags = tags_for(req, "vpc")

        def work(edit: Edit) -> Vpc:
            room("vpcs", edit.all(VPCS))
            vpc = store.new_vpc(edit, str(cidr), tenancy=tenancy)
            if req.get("AmazonProvidedIpv6CidrBlock"):
                add_ipv6(edit, vpc, req.get("Ipv6CidrBlockNetworkBorderGroup"))
            edit.keep(VPCS, vpc)
            edit.tag(vpc.id, tags)
            return vpc

        vpc = await self.change(call, req, work)
        return {"Vpc": network.vpc(vpc, {vpc.id: tags}, "pending")}

    @operation("arn:aws:ec2:{region}:{account}:vpc/*", writes_once=True)
    async def create_default_vpc(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> Vpc:
            if any(one.is_default for one in edit.all(VPCS)):
                raise failed("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
            return store.add_default_vpc(edit)

        return {"Vpc": network.vpc(await self.change(call, req, work), {}, "pending")}

    @operation(_ONE, writes_once=True)
    async def delete_vpc(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            vpc = edit.get(VPCS, req["VpcId"])
            inside = {"vpc_id": vpc.id}
            tables = edit.all(store.ROUTE_TABLES, **inside)
            acls = edit.all(store.ACLS, **inside)
            groups = edit.all(store.GROUPS, **inside)
            held = [
                *edit.all(store.SUBNETS, **inside),
                *edit.all(store.INTERNET_GATEWAYS, **inside),
                *edit.all(store.EGRESS_ONLY_GATEWAYS, **inside),
                *edit.all(store.ENDPOINTS, **inside),
                *edit.all(store.INTERFACES, **inside),
                *(one for one in edit.all(store.NAT_GATEWAYS, **inside) if one.stands or one.state == "deleting"),
                *(one for one in tables if not one.is_main),
                *(one for one in acls if not one.is_default),
                *(one for one in groups if one.name != "default"),
            ]
            if held:
                raise in_use("vpc", vpc.id)
            for peering in store.PEERINGS.find(edit.tx):
                sides = (peering.requester, peering.accepter)
                if vpc.id in (side.vpc_id for side in sides) and peering.status in ("active", "pending-acceptance"):
                    peering.status, peering.message = "deleted", f"Deleted by {edit.account}"
                    store.PEERINGS.put(edit.tx, peering)
                    for side in sides:
                        edit.touch(side.vpc_id, side.account, side.region)
            edit.drop(store.FLOW_LOGS, *(one for one in edit.all(store.FLOW_LOGS) if one.resource_id == vpc.id))
            edit.drop(store.ROUTE_TABLES, *tables)
            edit.drop(store.ACLS, *acls)
            edit.drop(store.GROUPS, *groups)
            edit.drop(VPCS, vpc)

        await self.change(call, req, work)
        return {}

    @operation(_ONE)
    async def describe_vpc_attribute(self, call: Call, req: Doc) -> Doc:
        vpc = (await self.view(call, req)).get(VPCS, req["VpcId"])
        name = req["Attribute"][:1].upper() + req["Attribute"][1:]
        return {"VpcId": vpc.id, name: {"Value": getattr(vpc, _ATTRIBUTES[name])}}

    @operation(_ONE, writes_once=True)
    async def modify_vpc_attribute(self, call: Call, req: Doc) -> Doc:
        given = {name: req[name].get("Value", False) for name in _ATTRIBUTES if name in req}
        if not given:
            raise failed("MissingParameter", "The request must contain exactly one attribute to modify.")
        if len(given) > 1:
            raise combination(f"Fields for multiple attribute types specified: {', '.join(given)}")

        def work(edit: Edit) -> None:
            vpc = edit.get(VPCS, req["VpcId"])
            for name, value in given.items():
                setattr(vpc, _ATTRIBUTES[name], value)
            edit.keep(VPCS, vpc)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def modify_vpc_tenancy(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            vpc = edit.get(VPCS, req["VpcId"])
            vpc.tenancy = req["InstanceTenancy"]
            edit.keep(VPCS, vpc)

        await self.change(call, req, work)
        return {"ReturnValue": True}


def refuse_pools(req: Doc) -> None:
    """Address pools of one's own."""
    for name in ("Ipv4IpamPoolId", "Ipv6IpamPoolId", "Ipv4NetmaskLength", "Ipv6NetmaskLength", "Ipv6Pool"):
        if name in req:
            raise invalid(f"Trunkline has no IPAM and no address pools: give a CIDR block instead of {name}.")
    if "VpcEncryptionControl" in req:
        raise invalid("Trunkline does not support VpcEncryptionControl: leave it out.")
