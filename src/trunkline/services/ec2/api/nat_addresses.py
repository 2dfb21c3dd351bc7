"""Further addresses of NAT gateways. They are kept; what leaves the VPC leaves it from the first one."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import placing
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.described import gateways
from trunkline.services.ec2.errors import combination, failed, invalid, no_association
from trunkline.services.ec2.model import NatAddress, NatGateway
from trunkline.services.ec2.store import ADDRESSES, INTERFACES, NAT_GATEWAYS, SUBNETS, Edit
from trunkline.services.ec2.transitions import release

_ONE = "arn:aws:ec2:{region}:{account}:natgateway/{NatGatewayId}"
_MOST_PUBLIC, _MOST_PRIVATE = 8, 8


class NatAddresses(Finding):
    """Giving them and taking them away."""

    @operation(_ONE, writes_once=True)
    async def associate_nat_gateway_address(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> NatGateway:
            nat = _standing(edit, req["NatGatewayId"], "public")
            add_public(edit, nat, req["AllocationIds"], req.get("PrivateIpAddresses") or [])
            edit.keep(NAT_GATEWAYS, nat)
            return nat

        return _told(await self.change(call, req, work))

    @operation(_ONE, writes_once=True)
    async def assign_private_nat_gateway_address(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> NatGateway:
            nat = _standing(edit, req["NatGatewayId"], "private")
            add_private(edit, nat, req.get("PrivateIpAddresses") or [], req.get("PrivateIpAddressCount", 0))
            edit.keep(NAT_GATEWAYS, nat)
            return nat

        return _told(await self.change(call, req, work))

    @operation(_ONE, writes_once=True)
    async def disassociate_nat_gateway_address(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> NatGateway:
            nat = _standing(edit, req["NatGatewayId"], "public")
            for id in req["AssociationIds"]:
                found = next((one for one in nat.addresses if one.association_id == id), None)
                if found is None:
                    raise no_association(id)
                _remove(edit, nat, found)
            edit.keep(NAT_GATEWAYS, nat)
            return nat

        return _told(await self.change(call, req, work))

    @operation(_ONE, writes_once=True)
    async def unassign_private_nat_gateway_address(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> NatGateway:
            nat = _standing(edit, req["NatGatewayId"], "private")
            for ip in req["PrivateIpAddresses"]:
                found = next((one for one in nat.addresses if one.private_ip == ip), None)
                if found is None:
                    raise invalid(f"The address {ip} is not assigned to {nat.id}.")
                _remove(edit, nat, found)
            edit.keep(NAT_GATEWAYS, nat)
            return nat

        return _told(await self.change(call, req, work))


def add_public(edit: Edit, nat: NatGateway, allocations: list[str], ips: list[str]) -> None:
    """Elastic addresses, each with a private address of the gateway's own."""
    if ips and len(ips) != len(allocations):
        raise combination("There must be as many private IP addresses as allocation IDs.")
    if len(nat.addresses) + len(allocations) > _MOST_PUBLIC:
        raise failed("NatGatewayAddressLimitExceeded", f"A NAT gateway has at most {_MOST_PUBLIC} public addresses.")
    for allocation, ip in zip(allocations, ips or [""] * len(allocations), strict=True):
        address = edit.get(ADDRESSES, allocation)
        if address.association_id:
            raise failed("Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
        made = _another(edit, nat, ip)
        made.allocation_id, made.public_ip = address.id, address.public_ip
        made.association_id = placing.bind(edit, address, edit.get(INTERFACES, made.interface_id), made.private_ip)


def add_private(edit: Edit, nat: NatGateway, ips: list[str], count: int) -> None:
    """Private addresses, by themselves or by their number."""
    if ips and count:
        raise combination("Private IP addresses and their number cannot be given together.")
    if len(nat.addresses) + len(ips) + count > _MOST_PRIVATE:
        raise failed("NatGatewayAddressLimitExceeded", f"A NAT gateway has at most {_MOST_PRIVATE} private addresses.")
    for ip in ips or [""] * count:
        _another(edit, nat, ip)


def _another(edit: Edit, nat: NatGateway, ip: str) -> NatAddress:
    """One more private address on the gateway's interface."""
    interface = edit.get(INTERFACES, nat.addresses[0].interface_id)
    subnet = edit.get(SUBNETS, nat.subnet_id)
    found = placing.pick(subnet, placing.taken_in(edit, subnet.id), ip)
    interface.secondary_ips.append(found)
    edit.keep(INTERFACES, interface)
    made = NatAddress(interface.id, found, primary=False)
    nat.addresses.append(made)
    return made


def _remove(edit: Edit, nat: NatGateway, address: NatAddress) -> None:
    if address.primary:
        raise invalid(f"The primary address of {nat.id} stays as long as the gateway does.")
    interface = edit.get(INTERFACES, address.interface_id)
    release(edit, address.allocation_id)
    interface.secondary_ips.remove(address.private_ip)
    edit.keep(INTERFACES, interface)
    nat.addresses.remove(address)


def _standing(edit: Edit, id: str, connectivity: str) -> NatGateway:
    nat = edit.get(NAT_GATEWAYS, id)
    if not nat.stands:
        raise failed("InvalidStateTransition", f"The NAT gateway {id} is {nat.state}.")
    if nat.connectivity != connectivity:
        raise invalid(f"The NAT gateway {id} is {nat.connectivity}, not {connectivity}.")
    return nat


def _told(nat: NatGateway) -> Doc:
    return {"NatGatewayId": nat.id, "NatGatewayAddresses": gateways.nat_gateway(nat, {})["NatGatewayAddresses"]}
