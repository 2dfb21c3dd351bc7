"""CloudFormation's view of route tables, routes and their associations."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, own_tags

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_TARGETS = (
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
)
_NO_TABLE = "InvalidRouteTableID.NotFound"


class RouteTable(Tagged):
    name = "AWS::EC2::RouteTable"
    honoured = frozenset({"Tags", "VpcId"})
    kind = "route-table"
    describe = ("DescribeRouteTables", "RouteTables", "RouteTableId")
    missing = _NO_TABLE
    remove = "DeleteRouteTable"

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "CreateRouteTable",
            VpcId=wanted["VpcId"],
            ClientToken=on.token,
            TagSpecifications=self.tag_specifications(on, wanted),
        )
        return str(answer["RouteTable"]["RouteTableId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        return {"RouteTableId": physical_id, "VpcId": found["VpcId"], "Tags": own_tags(found)}


class Route(ResourceType):
    """Its id is the table's and the destination."""

    name = "AWS::EC2::Route"
    honoured = frozenset({*_DESTINATIONS, *_TARGETS, "RouteTableId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        given = {name: wanted[name] for name in ("RouteTableId", *_DESTINATIONS, *_TARGETS) if name in wanted}
        try:
            await on.call("ec2", "CreateRoute", **given)
        except AwsError as error:
            if error.code != "RouteAlreadyExists" or not on.resumed:
                raise
            await on.call("ec2", "ReplaceRoute", **given)
        destination = next(str(wanted[name]) for name in _DESTINATIONS if name in wanted)
        return f"{wanted['RouteTableId']}|{destination}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        table, _, destination = physical_id.partition("|")
        found = await on.look("ec2", "DescribeRouteTables", _NO_TABLE, RouteTableIds=[table])
        for one in found["RouteTables"][0]["Routes"] if found else ():
            for name in _DESTINATIONS:
                if one.get(name) == destination and one.get("GatewayId") != "local":
                    targets = {key: one[key] for key in _TARGETS if one.get(key)}
                    return {"RouteTableId": table, "CidrBlock": destination, name: destination, **targets}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        given = {name: new[name] for name in ("RouteTableId", *_DESTINATIONS, *_TARGETS) if name in new}
        await on.call("ec2", "ReplaceRoute", **given)

    async def delete(self, on: Provision, physical_id: str) -> None:
        table, _, destination = physical_id.partition("|")
        ipv6 = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
        member = "DestinationPrefixListId" if destination.startswith("pl-") else ipv6
        await gone(on, "DeleteRoute", _NO_TABLE, "InvalidRoute.NotFound", RouteTableId=table, **{member: destination})

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for table in await on.pages("ec2", "DescribeRouteTables", "RouteTables"):
            for one in table["Routes"]:
                if not one.get("GatewayId", "").startswith(("local", "vpce-")):
                    destination = next(one[name] for name in _DESTINATIONS if one.get(name))
                    found.append(f"{table['RouteTableId']}|{destination}")
        return found


class _Association(ResourceType):
    """With a subnet or a gateway."""

    with_: ClassVar[str]
    id_name: ClassVar[str]

    async def create(self, on: Provision, wanted: Doc) -> str:
        table, target = wanted["RouteTableId"], {self.with_: wanted[self.with_]}
        try:
            answer = await on.call("ec2", "AssociateRouteTable", RouteTableId=table, **target)
        except AwsError as error:
            if error.code != "Resource.AlreadyAssociated":
                raise
            # An update that gives a subnet another table makes the new association before it deletes the old one.
            old = next(one for one in await self._all(on) if one.get(self.with_) == wanted[self.with_])
            answer = await on.call(
                "ec2",
                "ReplaceRouteTableAssociation",
                AssociationId=old["RouteTableAssociationId"],
                RouteTableId=table,
            )
            return str(answer["NewAssociationId"])
        return str(answer["AssociationId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for one in await self._all(on):
            if one["RouteTableAssociationId"] == physical_id:
                return {self.id_name: physical_id, "RouteTableId": one["RouteTableId"], self.with_: one[self.with_]}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Nothing of it changes in place."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        await gone(on, "DisassociateRouteTable", "InvalidAssociationID.NotFound", AssociationId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["RouteTableAssociationId"] for one in await self._all(on)]

    async def _all(self, on: Provision) -> list[Doc]:
        tables = await on.pages("ec2", "DescribeRouteTables", "RouteTables")
        return [one for table in tables for one in table["Associations"] if one.get(self.with_)]


class SubnetRouteTableAssociation(_Association):
    name = "AWS::EC2::SubnetRouteTableAssociation"
    honoured = frozenset({"RouteTableId", "SubnetId"})
    with_ = "SubnetId"
    id_name = "Id"


class GatewayRouteTableAssociation(_Association):
    name = "AWS::EC2::GatewayRouteTableAssociation"
    honoured = frozenset({"GatewayId", "RouteTableId"})
    with_ = "GatewayId"
    id_name = "AssociationId"
