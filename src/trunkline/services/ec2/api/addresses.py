"""Elastic addresses."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding, paged, tags_for
from trunkline.services.ec2.described import gateways
from trunkline.services.ec2.errors import bad_value, combination, failed, invalid, missing, no_association
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import Address
from trunkline.services.ec2.placing import bind, public_address
from trunkline.services.ec2.store import ADDRESSES, INTERFACES, INTERNET_GATEWAYS, Edit, View, new_id
from trunkline.services.ec2.transitions import release

_ADDRESS: Properties = {
    "allocation-id": member("AllocationId"),
    "association-id": member("AssociationId"),
    "domain": member("Domain"),
    "instance-id": member("InstanceId"),
    "network-border-group": member("NetworkBorderGroup"),
    "network-interface-id": member("NetworkInterfaceId"),
    "network-interface-owner-id": member("NetworkInterfaceOwnerId"),
    "private-ip-address": member("PrivateIpAddress"),
    "public-ip": member("PublicIp"),
}
_ONE = "arn:aws:ec2:{region}:{account}:elastic-ip/{AllocationId}"


class Addresses(Finding):
    """Everything about them."""

    @operation()
    async def describe_addresses(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        found = [view.get(ADDRESSES, id) for id in req.get("AllocationIds") or ()]
        found += [_by_ip(view, ip) for ip in req.get("PublicIps") or ()]
        if not (req.get("AllocationIds") or req.get("PublicIps")):
            found = view.all(ADDRESSES)
        tags = view.tags()
        subnets = {one.id: one.subnet_id for one in view.all(INTERFACES)}
        items = [gateways.address(one, tags, subnets.get(one.interface_id, "")) for one in found]
        return {"Addresses": select(items, req.get("Filters"), _ADDRESS)}

    @operation("arn:aws:ec2:{region}:{account}:elastic-ip/*", writes_once=True)
    async def allocate_address(self, call: Call, req: Doc) -> Doc:
        for name in ("Address", "CustomerOwnedIpv4Pool", "IpamPoolId"):
            if name in req:
                raise invalid(f"Trunkline has no address pools: leave {name} out.")
        if req.get("PublicIpv4Pool", "amazon") != "amazon":
            raise failed("InvalidPublicIpv4PoolID.NotFound", f"The pool ID '{req['PublicIpv4Pool']}' does not exist")
        if req.get("Domain", "vpc") != "vpc":
            raise bad_value(req["Domain"], "domain", "EC2-Classic is no more.")
        if req.get("NetworkBorderGroup", call.region) != call.region:
            raise bad_value(req["NetworkBorderGroup"], "networkBorderGroup")
        tags = tags_for(req, "elastic-ip")

        def work(edit: Edit) -> Address:
            room("addresses", edit.all(ADDRESSES))
            made = Address(edit.account, edit.region, new_id("eipalloc"), public_address(edit), edit.region)
            edit.keep(ADDRESSES, made)
            edit.tag(made.id, tags)
            return made

        told = gateways.address(await self.change(call, req, work), {})
        return {
            key: told[key] for key in ("AllocationId", "PublicIp", "Domain", "PublicIpv4Pool", "NetworkBorderGroup")
        }

    @operation(_ONE, writes_once=True)
    async def release_address(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            address = _meant(edit, req)
            if address.association_id:
                raise failed("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
            edit.drop(ADDRESSES, address)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def associate_address(self, call: Call, req: Doc) -> Doc:
        if "InstanceId" in req:
            raise failed("InvalidInstanceID.NotFound", f"The instance ID '{req['InstanceId']}' does not exist")
        if "NetworkInterfaceId" not in req:
            raise missing("networkInterfaceId")

        def work(edit: Edit) -> str:
            address = _meant(edit, req)
            interface = edit.get(INTERFACES, req["NetworkInterfaceId"])
            private = req.get("PrivateIpAddress", interface.private_ip)
            if private not in interface.addresses:
                raise invalid(f"The address {private} is not assigned to the network interface {interface.id}.")
            if not edit.all(INTERNET_GATEWAYS, vpc_id=interface.vpc_id):
                raise failed(
                    "Gateway.NotAttached", f"Network {interface.vpc_id} is not attached to any internet gateway"
                )
            if (address.interface_id, address.private_ip) == (interface.id, private):
                return address.association_id
            if address.association_id:
                if not req.get("AllowReassociation"):
                    raise failed(
                        "Resource.AlreadyAssociated",
                        f"resource {address.id} is already associated with associate-id {address.association_id}",
                    )
                _let_go(edit, address)
            for other in edit.all(ADDRESSES, interface_id=interface.id, private_ip=private):
                release(edit, other.id)
            return bind(edit, address, interface, private)

        return {"AssociationId": await self.change(call, req, work)}

    @operation(writes_once=True)
    async def disassociate_address(self, call: Call, req: Doc) -> Doc:
        if "AssociationId" not in req and "PublicIp" not in req:
            raise missing("associationId")

        def work(edit: Edit) -> None:
            if "AssociationId" in req:
                found = edit.all(ADDRESSES, association_id=req["AssociationId"])
                if not found:
                    raise no_association(req["AssociationId"])
                address = found[0]
            else:
                address = _by_ip(edit, req["PublicIp"])
            interface = edit.find(INTERFACES, address.interface_id)
            if interface is not None and interface.kind != "interface":
                raise failed("AuthFailure", "You do not have permission to access the specified resource.")
            _let_go(edit, address)

        await self.change(call, req, work)
        return {}

    @operation()
    async def describe_addresses_attribute(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        ids = req.get("AllocationIds")
        found = [view.get(ADDRESSES, id) for id in ids] if ids else [one for one in view.all(ADDRESSES) if one.pointer]
        return paged(req, map(_attribute, found), member="Addresses", id_member="AllocationId")

    @operation(_ONE, writes_once=True)
    async def modify_address_attribute(self, call: Call, req: Doc) -> Doc:
        return await self._point(call, req, req.get("DomainName", ""))

    @operation(_ONE, writes_once=True)
    async def reset_address_attribute(self, call: Call, req: Doc) -> Doc:
        return await self._point(call, req, "")

    async def _point(self, call: Call, req: Doc, name: str) -> Doc:
        def work(edit: Edit) -> Address:
            address = edit.get(ADDRESSES, req["AllocationId"])
            address.pointer = name if not name or name.endswith(".") else f"{name}."
            edit.keep(ADDRESSES, address)
            return address

        return {"Address": _attribute(await self.change(call, req, work))}


def _attribute(one: Address) -> Doc:
    return {"AllocationId": one.id, "PublicIp": one.public_ip, "PtrRecord": one.pointer or None}


def _by_ip(view: View, ip: str) -> Address:
    for one in view.all(ADDRESSES, public_ip=ip):
        return one
    raise failed("InvalidAddress.NotFound", f"Address '{ip}' not found.")


def _meant(view: View, req: Doc) -> Address:
    """By allocation or by address."""
    if "AllocationId" in req and "PublicIp" in req:
        raise combination("You may specify public IP or allocation id, but not both in the same call")
    if "AllocationId" in req:
        return view.get(ADDRESSES, req["AllocationId"])
    if "PublicIp" not in req:
        raise missing("allocationId")
    return _by_ip(view, req["PublicIp"])


def _let_go(edit: Edit, address: Address) -> None:
    interface = edit.find(INTERFACES, address.interface_id) if address.interface_id else None
    release(edit, address.id)
    if interface is not None:
        edit.touch(interface.vpc_id)
