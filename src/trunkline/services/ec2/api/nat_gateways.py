"""NAT gateways: how private subnets reach out."""

from datetime import datetime, timedelta

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.api.nat_addresses import add_private, add_public
from trunkline.services.ec2.described import gateways
from trunkline.services.ec2.errors import combination, invalid, missing
from trunkline.services.ec2.filters import Properties, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import NatAddress, NatGateway, Subnet
from trunkline.services.ec2.placing import bind, place
from trunkline.services.ec2.store import ADDRESSES, INTERNET_GATEWAYS, NAT_GATEWAYS, SUBNETS, Edit, new_id

_NAT: Properties = {
    "nat-gateway-id": member("NatGatewayId"),
    "state": member("State"),
    "subnet-id": member("SubnetId"),
    "vpc-id": member("VpcId"),
    "connectivity-type": member("ConnectivityType"),
}
_REMEMBERED = timedelta(hours=1)
"""How long AWS shows gateways that are gone."""


class NatGateways(Finding):
    """Everything about them."""

    @operation()
    async def describe_nat_gateways(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        now = self.kit.clock.now()
        return listing(
            view,
            req,
            NAT_GATEWAYS,
            gateways.nat_gateway,
            _NAT,
            member="NatGateways",
            id_member="NatGatewayId",
            filters="Filter",
            shown=lambda one: one.deleted_at is None or now - one.deleted_at < _REMEMBERED,
        )

    @operation("arn:aws:ec2:{region}:{account}:natgateway/*", writes_once=True)
    async def create_nat_gateway(self, call: Call, req: Doc) -> Doc:
        connectivity = _checked(req)
        tags = tags_for(req, "natgateway")
        now = self.kit.clock.now()

        def work(edit: Edit) -> list[str]:
            subnet = edit.get(SUBNETS, req["SubnetId"])
            known = edit.all(NAT_GATEWAYS)
            room("nat gateways", [one for one in known if one.stands])
            old = [one for one in known if one.deleted_at is not None and now - one.deleted_at >= _REMEMBERED]
            edit.drop(NAT_GATEWAYS, *old)
            nat = _make(edit, subnet, connectivity, req, now)
            edit.keep(NAT_GATEWAYS, nat)
            edit.tag(nat.id, tags)
            return [nat.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        told = gateways.nat_gateway(view.get(NAT_GATEWAYS, id), view.tags([id]))
        return {"NatGateway": told, "ClientToken": req.get("ClientToken")}

    @operation("arn:aws:ec2:{region}:{account}:natgateway/{NatGatewayId}", writes_once=True)
    async def delete_nat_gateway(self, call: Call, req: Doc) -> Doc:
        now = self.kit.clock.now()

        def work(edit: Edit) -> None:
            nat = edit.get(NAT_GATEWAYS, req["NatGatewayId"])
            if nat.stands:
                nat.state = "deleting"
            elif nat.state == "failed":
                nat.state, nat.deleted_at = "deleted", now
            else:
                return
            edit.keep(NAT_GATEWAYS, nat)

        await self.change(call, req, work)
        return {"NatGatewayId": req["NatGatewayId"]}


def _checked(req: Doc) -> str:
    """The connectivity, once the members go together."""
    if req.get("AvailabilityMode", "zonal") != "zonal":
        raise invalid("Trunkline does not support regional NAT gateways: leave AvailabilityMode out and give SubnetId.")
    if req.get("AvailabilityZoneAddresses"):
        raise invalid("Trunkline does not support regional NAT gateways: leave AvailabilityZoneAddresses out.")
    if "SubnetId" not in req:
        raise missing("subnetId")
    connectivity: str = req.get("ConnectivityType", "public")
    if connectivity == "public" and "AllocationId" not in req:
        raise missing("AllocationId")
    if connectivity == "private" and "AllocationId" in req:
        raise combination("AllocationId cannot be specified with ConnectivityType private.")
    if connectivity == "private" and req.get("SecondaryAllocationIds"):
        raise combination("SecondaryAllocationIds cannot be specified with ConnectivityType private.")
    if connectivity == "public" and req.get("SecondaryPrivateIpAddressCount"):
        raise combination("SecondaryPrivateIpAddressCount cannot be specified with ConnectivityType public.")
    return connectivity


def _make(edit: Edit, subnet: Subnet, connectivity: str, req: Doc, now: datetime) -> NatGateway:
    """The gateway with its interface; as on AWS, one that cannot come up is made and fails."""
    nat = NatGateway(edit.account, edit.region, new_id("nat"), subnet.vpc_id, subnet.id, connectivity, "pending", now)
    address = edit.get(ADDRESSES, req["AllocationId"]) if connectivity == "public" else None
    if address is not None and address.association_id:
        nat.failure_code = "Resource.AlreadyAssociated"
        nat.failure_message = f"Elastic IP address [{address.id}] is already associated"
    elif address is not None and not edit.all(INTERNET_GATEWAYS, vpc_id=subnet.vpc_id):
        nat.failure_code = "Gateway.NotAttached"
        nat.failure_message = f"Network {subnet.vpc_id} has no Internet gateway attached"
    if nat.failure_code:
        nat.state = "failed"
        return nat
    interface = place(
        edit,
        subnet,
        now,
        kind="nat_gateway",
        description=f"Interface for NAT Gateway {nat.id}",
        requester="nat.ec2.amazonaws.com",
        address=req.get("PrivateIpAddress", ""),
    )
    one = NatAddress(interface.id, interface.private_ip)
    if address is not None:
        one.allocation_id, one.public_ip = address.id, address.public_ip
        one.association_id = bind(edit, address, interface)
    nat.addresses.append(one)
    ips = req.get("SecondaryPrivateIpAddresses") or []
    if connectivity == "public":
        add_public(edit, nat, req.get("SecondaryAllocationIds") or [], ips)
    else:
        add_private(edit, nat, ips, req.get("SecondaryPrivateIpAddressCount", 0))
    return nat
