"""VPCs, subnets, route tables and internet gateways."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import described, store
from trunkline.services.ec2.api.finding import Finding, chosen
from trunkline.services.ec2.filters import each, member
from trunkline.services.ec2.model import Vpc

_VPC = {
    "vpc-id": member("VpcId"),
    "is-default": member("IsDefault"),
    "isDefault": member("IsDefault"),
    "cidr": member("CidrBlock"),
    "cidr-block-association.cidr-block": member("CidrBlock"),
    "state": member("State"),
    "owner-id": member("OwnerId"),
    "dhcp-options-id": member("DhcpOptionsId"),
}
_SUBNET = {
    "subnet-id": member("SubnetId"),
    "subnet-arn": member("SubnetArn"),
    "vpc-id": member("VpcId"),
    "availability-zone": member("AvailabilityZone"),
    "availabilityZone": member("AvailabilityZone"),
    "availability-zone-id": member("AvailabilityZoneId"),
    "default-for-az": member("DefaultForAz"),
    "defaultForAz": member("DefaultForAz"),
    "cidr-block": member("CidrBlock"),
    "cidrBlock": member("CidrBlock"),
    "cidr": member("CidrBlock"),
    "map-public-ip-on-launch": member("MapPublicIpOnLaunch"),
    "state": member("State"),
    "owner-id": member("OwnerId"),
}
_ROUTE_TABLE = {
    "route-table-id": member("RouteTableId"),
    "vpc-id": member("VpcId"),
    "owner-id": member("OwnerId"),
    "association.main": each("Associations", "Main"),
    "association.subnet-id": each("Associations", "SubnetId"),
    "association.route-table-id": each("Associations", "RouteTableId"),
    "route.gateway-id": each("Routes", "GatewayId"),
    "route.destination-cidr-block": each("Routes", "DestinationCidrBlock"),
}
_GATEWAY = {
    "internet-gateway-id": member("InternetGatewayId"),
    "attachment.vpc-id": each("Attachments", "VpcId"),
    "attachment.state": each("Attachments", "State"),
    "owner-id": member("OwnerId"),
}


class Network(Finding):
    """Describing the network."""

    @operation()
    async def describe_vpcs(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        items = [described.vpc(one, tags) for one in store.VPCS.find(self.kit.db, prefix=(call.account, call.region))]
        return chosen(req, items, _VPC, member="Vpcs", id_member="VpcId", missing=("InvalidVpcID.NotFound", "vpc ID"))

    @operation()
    async def describe_subnets(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        found = store.SUBNETS.find(self.kit.db, prefix=(call.account, call.region))
        items = [described.subnet(one, tags) for one in found]
        missing = ("InvalidSubnetID.NotFound", "subnet ID")
        return chosen(req, items, _SUBNET, member="Subnets", id_member="SubnetId", missing=missing)

    @operation()
    async def describe_route_tables(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        found = store.VPCS.find(self.kit.db, prefix=(call.account, call.region))
        items = [described.route_table(one, tags) for one in found]
        missing = ("InvalidRouteTableID.NotFound", "routeTable ID")
        return chosen(req, items, _ROUTE_TABLE, member="RouteTables", id_member="RouteTableId", missing=missing)

    @operation()
    async def describe_internet_gateways(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        found = store.VPCS.find(self.kit.db, prefix=(call.account, call.region))
        items = [described.internet_gateway(one, tags) for one in found]
        missing = ("InvalidInternetGatewayID.NotFound", "internetGateway ID")
        return chosen(req, items, _GATEWAY, member="InternetGateways", id_member="InternetGatewayId", missing=missing)

    @operation()
    async def describe_vpc_attribute(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        self._vpc(call, req["VpcId"])
        answers = {
            "enableDnsSupport": {"EnableDnsSupport": {"Value": True}},
            "enableDnsHostnames": {"EnableDnsHostnames": {"Value": True}},
            "enableNetworkAddressUsageMetrics": {"EnableNetworkAddressUsageMetrics": {"Value": False}},
        }
        return {"VpcId": req["VpcId"], **answers[req["Attribute"]]}

    def _vpc(self, call: Call, vpc_id: str) -> Vpc:
        found = store.VPCS.get(self.kit.db, call.account, call.region, vpc_id)
        if found is None:
            raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist", status=400)
        return found
