"""Route tables and what they are associated with."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import network
from trunkline.services.ec2.errors import combination, failed, in_use, invalid, missing, no_association
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import RouteAssociation, RouteTable
from trunkline.services.ec2.store import ENDPOINTS, INTERNET_GATEWAYS, ROUTE_TABLES, SUBNETS, VPCS, Edit, new_id

_ROUTE_TABLE: Properties = {
    "route-table-id": member("RouteTableId"),
    "vpc-id": member("VpcId"),
    "owner-id": member("OwnerId"),
    "association.main": each("Associations", "Main"),
    "association.subnet-id": each("Associations", "SubnetId"),
    "association.gateway-id": each("Associations", "GatewayId"),
    "association.route-table-id": each("Associations", "RouteTableId"),
    "association.route-table-association-id": each("Associations", "RouteTableAssociationId"),
    "route.gateway-id": each("Routes", "GatewayId"),
    "route.nat-gateway-id": each("Routes", "NatGatewayId"),
    "route.instance-id": each("Routes", "InstanceId"),
    "route.transit-gateway-id": each("Routes", "TransitGatewayId"),
    "route.vpc-peering-connection-id": each("Routes", "VpcPeeringConnectionId"),
    "route.egress-only-internet-gateway-id": each("Routes", "EgressOnlyInternetGatewayId"),
    "route.destination-cidr-block": each("Routes", "DestinationCidrBlock"),
    "route.destination-ipv6-cidr-block": each("Routes", "DestinationIpv6CidrBlock"),
    "route.destination-prefix-list-id": each("Routes", "DestinationPrefixListId"),
    "route.origin": each("Routes", "Origin"),
    "route.state": each("Routes", "State"),
}
_ONE = "arn:aws:ec2:{region}:{account}:route-table/{RouteTableId}"
_DONE = {"State": "associated"}


class RouteTables(Finding):
    """Everything about them but their routes."""

    @operation()
    async def describe_route_tables(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        standing = network.Standing(view)
        vpcs = {one.id: one for one in view.all(VPCS)}
        return listing(
            view,
            req,
            ROUTE_TABLES,
            lambda one, tags: network.route_table(one, tags, vpcs[one.vpc_id], standing),
            _ROUTE_TABLE,
            member="RouteTables",
            id_member="RouteTableId",
        )

    @operation("arn:aws:ec2:{region}:{account}:route-table/*", writes_once=True)
    async def create_route_table(self, call: Call, req: Doc) -> Doc:
        tags = tags_for(req, "route-table")

        def work(edit: Edit) -> list[str]:
            vpc = edit.get(VPCS, req["VpcId"])
            room("route tables", edit.all(ROUTE_TABLES, vpc_id=vpc.id))
            table = RouteTable(edit.account, edit.region, new_id("rtb"), vpc.id)
            edit.keep(ROUTE_TABLES, table)
            edit.tag(table.id, tags)
            return [table.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        table = view.get(ROUTE_TABLES, id)
        vpc = view.get(VPCS, table.vpc_id)
        told = network.route_table(table, view.tags([id]), vpc, network.Standing(view))
        return {"RouteTable": told, "ClientToken": req.get("ClientToken")}

    @operation(_ONE, writes_once=True)
    async def delete_route_table(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            table = edit.get(ROUTE_TABLES, req["RouteTableId"])
            if table.associations:
                raise in_use("routeTable", table.id)
            for endpoint in edit.all(ENDPOINTS, vpc_id=table.vpc_id):
                if table.id in endpoint.route_table_ids:
                    endpoint.route_table_ids.remove(table.id)
                    edit.keep(ENDPOINTS, endpoint)
            edit.drop(ROUTE_TABLES, table)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def associate_route_table(self, call: Call, req: Doc) -> Doc:
        if "PublicIpv4Pool" in req:
            raise invalid("Trunkline has no address pools: associate the route table with a subnet or a gateway.")
        if ("SubnetId" in req) == ("GatewayId" in req):
            raise (combination if "SubnetId" in req else lambda _: missing("subnetId"))(
                "The parameters subnetId and gatewayId cannot be used together"
            )

        def work(edit: Edit) -> str:
            table = edit.get(ROUTE_TABLES, req["RouteTableId"])
            what = _target(edit, table, req)
            for other in edit.all(ROUTE_TABLES, vpc_id=table.vpc_id):
                for one in other.associations:
                    if (one.subnet_id, one.gateway_id) == (what.subnet_id, what.gateway_id) and not one.main:
                        if other.id == table.id:
                            return one.id
                        raise failed(
                            "Resource.AlreadyAssociated",
                            f"the specified association for route table {table.id} conflicts with an existing "
                            "association",
                        )
            table.associations.append(what)
            edit.keep(ROUTE_TABLES, table)
            return what.id

        return {"AssociationId": await self.change(call, req, work), "AssociationState": _DONE}

    @operation(writes_once=True)
    async def disassociate_route_table(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            table, found = _association(edit, req["AssociationId"])
            if found.main:
                raise invalid(f"cannot disassociate the main route table association {found.id}")
            table.associations.remove(found)
            edit.keep(ROUTE_TABLES, table)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def replace_route_table_association(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> str:
            old, found = _association(edit, req["AssociationId"])
            table = edit.get(ROUTE_TABLES, req["RouteTableId"])
            if table.vpc_id != old.vpc_id:
                raise invalid(f"Route table {table.id} and association {found.id} belong to different networks")
            if table.id == old.id:
                return found.id
            old.associations.remove(found)
            found.id = new_id("rtbassoc")
            table.associations.append(found)
            edit.keep(ROUTE_TABLES, old, table)
            return found.id

        return {"NewAssociationId": await self.change(call, req, work), "AssociationState": _DONE}


def _target(edit: Edit, table: RouteTable, req: Doc) -> RouteAssociation:
    """What is to be associated, of the same VPC."""
    if "SubnetId" in req:
        subnet = edit.get(SUBNETS, req["SubnetId"])
        if subnet.vpc_id != table.vpc_id:
            raise invalid(f"Route table {table.id} and subnet {subnet.id} belong to different networks")
        return RouteAssociation(new_id("rtbassoc"), subnet_id=subnet.id)
    gateway = edit.get(INTERNET_GATEWAYS, req["GatewayId"])
    if gateway.vpc_id != table.vpc_id:
        raise invalid(f"Route table {table.id} and gateway {gateway.id} belong to different networks")
    return RouteAssociation(new_id("rtbassoc"), gateway_id=gateway.id)


def _association(edit: Edit, id: str) -> tuple[RouteTable, RouteAssociation]:
    for table in edit.all(ROUTE_TABLES):
        for one in table.associations:
            if one.id == id:
                return table, one
    raise no_association(id)
