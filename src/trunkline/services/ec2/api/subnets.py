"""Subnets."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import blocks, store
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import network
from trunkline.services.ec2.errors import bad_value, combination, failed, in_use, invalid, missing
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import Block, Subnet, Vpc, zone_id, zones
from trunkline.services.ec2.store import ACLS, INTERFACES, NAT_GATEWAYS, ROUTE_TABLES, SUBNETS, VPCS, Edit, new_id

_SUBNET: Properties = {
    "subnet-id": member("SubnetId"),
    "subnet-arn": member("SubnetArn"),
    "vpc-id": member("VpcId"),
    "availability-zone": member("AvailabilityZone"),
    "availabilityZone": member("AvailabilityZone"),
    "availability-zone-id": member("AvailabilityZoneId"),
    "availabilityZoneId": member("AvailabilityZoneId"),
    "available-ip-address-count": member("AvailableIpAddressCount"),
    "default-for-az": member("DefaultForAz"),
    "defaultForAz": member("DefaultForAz"),
    "cidr-block": member("CidrBlock"),
    "cidrBlock": member("CidrBlock"),
    "cidr": member("CidrBlock"),
    "enable-dns64": member("EnableDns64"),
    "ipv6-native": member("Ipv6Native"),
    "ipv6-cidr-block-association.association-id": each("Ipv6CidrBlockAssociationSet", "AssociationId"),
    "ipv6-cidr-block-association.ipv6-cidr-block": each("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock"),
    "ipv6-cidr-block-association.state": each("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState", "State"),
    "map-public-ip-on-launch": member("MapPublicIpOnLaunch"),
    "map-customer-owned-ip-on-launch": member("MapCustomerOwnedIpOnLaunch"),
    "outpost-arn": member("OutpostArn"),
    "private-dns-name-options-on-launch.hostname-type": member("PrivateDnsNameOptionsOnLaunch", "HostnameType"),
    "state": member("State"),
    "owner-id": member("OwnerId"),
}
_SWITCHES = {
    "AssignIpv6AddressOnCreation": "ipv6_on_creation",
    "MapPublicIpOnLaunch": "public_ip_on_launch",
    "EnableDns64": "dns64",
    "EnableResourceNameDnsARecordOnLaunch": "dns_a",
    "EnableResourceNameDnsAAAARecordOnLaunch": "dns_aaaa",
}
_OTHERS = ("MapCustomerOwnedIpOnLaunch", "CustomerOwnedIpv4Pool", "EnableLniAtDeviceIndex", "DisableLniAtDeviceIndex")
_ONE = "arn:aws:ec2:{region}:{account}:subnet/{SubnetId}"


class Subnets(Finding):
    """Everything about them."""

    @operation()
    async def describe_subnets(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        taken = network.taken(view)
        return listing(
            view,
            req,
            SUBNETS,
            lambda one, tags: network.subnet(one, tags, taken),
            _SUBNET,
            member="Subnets",
            id_member="SubnetId",
        )

    @operation("arn:aws:ec2:{region}:{account}:subnet/*", writes_once=True)
    async def create_subnet(self, call: Call, req: Doc) -> Doc:
        if "OutpostArn" in req:
            raise invalid("Trunkline has no Outposts: leave OutpostArn out.")
        for name in ("Ipv4IpamPoolId", "Ipv6IpamPoolId", "Ipv4NetmaskLength", "Ipv6NetmaskLength"):
            if name in req:
                raise invalid(f"Trunkline has no IPAM: give a CIDR block instead of {name}.")
        native = bool(req.get("Ipv6Native"))
        if native and "CidrBlock" in req:
            raise combination("The parameters ipv6Native and cidrBlock cannot be used together")
        if not native and "CidrBlock" not in req:
            raise missing("cidrBlock")
        if native and "Ipv6CidrBlock" not in req:
            raise missing("ipv6CidrBlock")
        tags = tags_for(req, "subnet")

        def work(edit: Edit) -> Subnet:
            vpc = edit.get(VPCS, req["VpcId"])
            others = edit.all(SUBNETS, vpc_id=vpc.id)
            room("subnets", others)
            subnet = Subnet(edit.account, edit.region, new_id("subnet"), vpc.id, "", _zone(edit, req, others))
            if not native:
                taken = [one.cidr for one in others if one.cidr]
                subnet.cidr = str(blocks.of_subnet(req["CidrBlock"], vpc.cidrs, taken))
            if "Ipv6CidrBlock" in req:
                subnet.ipv6_blocks.append(_ipv6(vpc, others, req["Ipv6CidrBlock"]))
            subnet.ipv6_native = subnet.ipv6_on_creation = native
            if native:
                subnet.hostname_type = "resource-name"
            subnet.acl_id = next(one.id for one in edit.all(ACLS, vpc_id=vpc.id) if one.is_default)
            subnet.acl_association_id = new_id("aclassoc")
            edit.keep(SUBNETS, subnet)
            edit.tag(subnet.id, tags)
            return subnet

        subnet = await self.change(call, req, work)
        return {"Subnet": network.subnet(subnet, {subnet.id: tags}, {})}

    @operation("arn:aws:ec2:{region}:{account}:subnet/*", writes_once=True)
    async def create_default_subnet(self, call: Call, req: Doc) -> Doc:
        if req.get("Ipv6Native"):
            raise invalid("Trunkline makes default subnets with IPv4 only: leave Ipv6Native out.")

        def work(edit: Edit) -> Subnet:
            vpc = next((one for one in edit.all(VPCS) if one.is_default), None)
            if vpc is None:
                raise failed("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
            if not {"AvailabilityZone", "AvailabilityZoneId"} & req.keys():
                raise missing("availabilityZone")
            zone = _zone(edit, req, [])
            if any(one.zone == zone and one.is_default for one in edit.all(SUBNETS, vpc_id=vpc.id)):
                raise failed(
                    "DefaultSubnetAlreadyExistsInAvailabilityZone",
                    f"A default subnet already exists in {edit.region}{zone}.",
                )
            made = store.add_default_subnets(edit, vpc, (zone,))
            if not made:
                raise failed("InvalidSubnet.Conflict", "The default VPC has no free /20 block.")
            return made[0]

        return {"Subnet": network.subnet(await self.change(call, req, work), {}, {})}

    @operation(_ONE, writes_once=True)
    async def delete_subnet(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            subnet = edit.get(SUBNETS, req["SubnetId"])
            held = edit.all(INTERFACES, subnet_id=subnet.id)
            nats = [one for one in edit.all(NAT_GATEWAYS, subnet_id=subnet.id) if one.stands]
            if held or nats:
                raise in_use("subnet", subnet.id)
            for table in edit.all(ROUTE_TABLES, vpc_id=subnet.vpc_id):
                kept = [one for one in table.associations if one.subnet_id != subnet.id]
                if len(kept) < len(table.associations):
                    table.associations = kept
                    edit.keep(ROUTE_TABLES, table)
            edit.drop(store.FLOW_LOGS, *(one for one in edit.all(store.FLOW_LOGS) if one.resource_id == subnet.id))
            edit.drop(SUBNETS, subnet)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def modify_subnet_attribute(self, call: Call, req: Doc) -> Doc:
        for name in _OTHERS:
            if name in req:
                raise invalid(f"Trunkline has no Outposts: leave {name} out.")
        given = {attribute: bool(req[name].get("Value")) for name, attribute in _SWITCHES.items() if name in req}

        def work(edit: Edit) -> None:
            subnet = edit.get(SUBNETS, req["SubnetId"])
            if given.get("ipv6_on_creation") and not subnet.ipv6_blocks:
                raise invalid(
                    f"Invalid value 'true' for assignIpv6AddressOnCreation. Subnet '{subnet.id}' has no IPv6 CIDR "
                    "block associated."
                )
            for attribute, value in given.items():
                setattr(subnet, attribute, value)
            subnet.hostname_type = req.get("PrivateDnsHostnameTypeOnLaunch", subnet.hostname_type)
            edit.keep(SUBNETS, subnet)

        await self.change(call, req, work)
        return {}


def _zone(edit: Edit, req: Doc, others: list[Subnet]) -> str:
    """The letter of the zone asked for; without one, that with the fewest subnets."""
    letters = zones(edit.region)
    by_name = {edit.region + letter: letter for letter in letters}
    by_id = {zone_id(edit.region, letter): letter for letter in letters}
    if "AvailabilityZone" in req and "AvailabilityZoneId" in req:
        raise combination("The parameters availabilityZone and availabilityZoneId cannot be used together")
    for name, parameter, known in (
        ("AvailabilityZone", "availabilityZone", by_name),
        ("AvailabilityZoneId", "availabilityZoneId", by_id),
    ):
        if name in req:
            if req[name] not in known:
                why = f"Subnets can currently only be created in the following availability zones: {', '.join(known)}."
                raise bad_value(req[name], parameter, why)
            return known[req[name]]
    return min(letters, key=lambda letter: sum(one.zone == letter for one in others))


def _ipv6(vpc: Vpc, others: list[Subnet], text: str) -> Block:
    taken = [block.cidr for one in others for block in one.ipv6_blocks]
    cidr = blocks.of_subnet_v6(text, [one.cidr for one in vpc.ipv6_blocks], taken)
    return Block(new_id("subnet-cidr-assoc"), str(cidr))
