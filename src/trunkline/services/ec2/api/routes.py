"""Routes: where packets for a destination go."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import blocks
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.errors import combination, failed, invalid, missing
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.managed import prefix_list_exists
from trunkline.services.ec2.model import Route, RouteTable
from trunkline.services.ec2.store import (
    EGRESS_ONLY_GATEWAYS,
    INTERFACES,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    PEERINGS,
    ROUTE_TABLES,
    VPCS,
    Edit,
)

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "TransitGatewayId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)
_NEVER = {
    "InstanceId": ("InvalidInstanceID.NotFound", "instance ID"),
    "TransitGatewayId": ("InvalidTransitGatewayID.NotFound", "transitGateway ID"),
    "VpcEndpointId": ("InvalidVpcEndpointId.NotFound", "gateway load balancer endpoint ID"),
    "LocalGatewayId": ("InvalidLocalGatewayID.NotFound", "localGateway ID"),
    "CarrierGatewayId": ("InvalidCarrierGatewayID.NotFound", "carrierGateway ID"),
    "CoreNetworkArn": ("InvalidCoreNetworkArn.NotFound", "core network ARN"),
    "OdbNetworkArn": ("InvalidOdbNetworkArn.NotFound", "ODB network ARN"),
}
"""Targets that nothing here can be."""
_ONE = "arn:aws:ec2:{region}:{account}:route-table/{RouteTableId}"


class Routes(Finding):
    """Making, replacing and deleting them."""

    @operation(_ONE, writes_once=True)
    async def create_route(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            table = edit.get(ROUTE_TABLES, req["RouteTableId"])
            wanted = _destination(edit, req)
            vpc = edit.get(VPCS, table.vpc_id)
            known = {*vpc.cidrs, *(one.cidr for one in vpc.ipv6_blocks), *(one.destination for one in table.routes)}
            if wanted in known:
                raise failed("RouteAlreadyExists", f"The route identified by {wanted} already exists.")
            room("routes", table.routes)
            table.routes.append(_route(edit, table, wanted, req))
            edit.keep(ROUTE_TABLES, table)

        await self.change(call, req, work)
        return {"Return": True}

    @operation(_ONE, writes_once=True)
    async def replace_route(self, call: Call, req: Doc) -> Doc:
        if req.get("LocalTarget"):
            raise invalid("Trunkline keeps local routes local: leave LocalTarget out.")

        def work(edit: Edit) -> None:
            table = edit.get(ROUTE_TABLES, req["RouteTableId"])
            place = table.routes.index(_known(table, _destination(edit, req)))
            table.routes[place] = _route(edit, table, table.routes[place].destination, req)
            edit.keep(ROUTE_TABLES, table)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def delete_route(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            table = edit.get(ROUTE_TABLES, req["RouteTableId"])
            wanted = _destination(edit, req)
            vpc = edit.get(VPCS, table.vpc_id)
            if wanted in (*vpc.cidrs, *(one.cidr for one in vpc.ipv6_blocks)):
                raise invalid(f"cannot remove local route {wanted} in route table {table.id}")
            table.routes.remove(_known(table, wanted))
            edit.keep(ROUTE_TABLES, table)

        await self.change(call, req, work)
        return {}


def _destination(edit: Edit, req: Doc) -> str:
    given = [name for name in _DESTINATIONS if name in req]
    if not given:
        raise missing("destinationCidrBlock")
    if len(given) > 1:
        raise combination(f"The parameters {' and '.join(given)} cannot be used together")
    text = req[given[0]]
    if given[0] == "DestinationCidrBlock":
        return str(blocks.v4(text, "destinationCidrBlock"))
    if given[0] == "DestinationIpv6CidrBlock":
        return str(blocks.v6(text, "destinationIpv6CidrBlock"))
    if not prefix_list_exists(edit, text):
        raise failed("InvalidPrefixListID.NotFound", f"The prefix list ID '{text}' does not exist")
    return str(text)


def _known(table: RouteTable, destination: str) -> Route:
    for one in table.routes:
        if one.destination == destination:
            return one
    raise failed(
        "InvalidRoute.NotFound", f"no route with destination-cidr-block {destination} in route table {table.id}"
    )


def _route(edit: Edit, table: RouteTable, destination: str, req: Doc) -> Route:
    """The route asked for, once its target is known to exist and to belong to the table's VPC."""
    given = [name for name in _TARGETS if name in req]
    if not given:
        raise failed(
            "MissingParameter",
            "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, "
            "vpcPeeringConnectionId, egressOnlyInternetGatewayId or instanceId",
        )
    if len(given) > 1:
        raise combination(f"The parameters {' and '.join(given)} cannot be used together")
    name, target = given[0], req[given[0]]
    if name in _NEVER:
        code, what = _NEVER[name]
        raise failed(code, f"The {what} '{target}' does not exist")
    if _CHECKS[name](edit, table, target, destination) not in ("", table.vpc_id):
        what = {"GatewayId": "network gateway", "NatGatewayId": "NAT gateway"}.get(name, "target")
        raise invalid(f"route table {table.id} and {what} {target} belong to different networks")
    return Route(destination, name, target)


def _gateway(edit: Edit, table: RouteTable, id: str, destination: str) -> str:
    if id.startswith("vgw-"):
        raise failed("InvalidVpnGatewayID.NotFound", f"The vpnGateway ID '{id}' does not exist")
    if id == "local":
        return table.vpc_id
    found = edit.find(INTERNET_GATEWAYS, id)
    if found is None:
        raise failed("InvalidGatewayID.NotFound", f"The gateway ID '{id}' does not exist")
    return found.vpc_id or "nowhere"


def _nat(edit: Edit, table: RouteTable, id: str, destination: str) -> str:
    found = edit.find(NAT_GATEWAYS, id)
    if found is None or not found.stands:
        raise failed("InvalidNatGatewayID.NotFound", f"The natGateway ID '{id}' does not exist")
    return found.vpc_id


def _egress_only(edit: Edit, table: RouteTable, id: str, destination: str) -> str:
    if ":" not in destination:
        raise invalid("Egress-only internet gateways carry IPv6 only: give DestinationIpv6CidrBlock.")
    return edit.get(EGRESS_ONLY_GATEWAYS, id).vpc_id


def _interface(edit: Edit, table: RouteTable, id: str, destination: str) -> str:
    return edit.get(INTERFACES, id).vpc_id


def _peering(edit: Edit, table: RouteTable, id: str, destination: str) -> str:
    for one in PEERINGS.find(edit.tx):
        if one.id == id and one.side(edit.account, edit.region) and one.status in ("active", "pending-acceptance"):
            own = table.vpc_id in (one.requester.vpc_id, one.accepter.vpc_id)
            return table.vpc_id if own else "elsewhere"
    raise failed("InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID '{id}' does not exist")


_CHECKS = {
    "GatewayId": _gateway,
    "NatGatewayId": _nat,
    "EgressOnlyInternetGatewayId": _egress_only,
    "NetworkInterfaceId": _interface,
    "VpcPeeringConnectionId": _peering,
}
