"""Further addresses of network interfaces."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import placing
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.api.interfaces import ipv6_of
from trunkline.services.ec2.errors import invalid
from trunkline.services.ec2.store import ADDRESSES, INTERFACES, SUBNETS, Edit

_PREFIXES = ("Ipv4Prefixes", "Ipv4PrefixCount", "Ipv6Prefixes", "Ipv6PrefixCount", "AllowReassignment")
_ONE = "arn:aws:ec2:{region}:{account}:network-interface/{NetworkInterfaceId}"


class InterfaceAddresses(Finding):
    """Giving them and taking them away."""

    @operation(_ONE, writes_once=True)
    async def assign_private_ip_addresses(self, call: Call, req: Doc) -> Doc:
        _refuse(req)

        def work(edit: Edit) -> list[str]:
            one = edit.get(INTERFACES, req["NetworkInterfaceId"])
            subnet = edit.get(SUBNETS, one.subnet_id)
            taken = placing.taken_in(edit, subnet.id)
            wanted = req.get("PrivateIpAddresses") or [""] * req.get("SecondaryPrivateIpAddressCount", 0)
            made: list[str] = []
            for address in wanted:
                if address and address in one.addresses:
                    continue
                made.append(placing.pick(subnet, taken | set(made), address))
            one.secondary_ips += made
            edit.keep(INTERFACES, one)
            return made

        made = await self.change(call, req, work)
        told = [{"PrivateIpAddress": address} for address in made]
        return {"NetworkInterfaceId": req["NetworkInterfaceId"], "AssignedPrivateIpAddresses": told}

    @operation(_ONE, writes_once=True)
    async def unassign_private_ip_addresses(self, call: Call, req: Doc) -> Doc:
        _refuse(req)

        def work(edit: Edit) -> None:
            one = edit.get(INTERFACES, req["NetworkInterfaceId"])
            for address in req.get("PrivateIpAddresses") or ():
                if address not in one.secondary_ips:
                    raise invalid(f"Some of the specified addresses are not assigned to interface {one.id}")
                if edit.all(ADDRESSES, interface_id=one.id, private_ip=address):
                    raise invalid(f"The address {address} has an elastic address associated.")
                one.secondary_ips.remove(address)
            edit.keep(INTERFACES, one)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def assign_ipv6_addresses(self, call: Call, req: Doc) -> Doc:
        _refuse(req)

        def work(edit: Edit) -> list[str]:
            one = edit.get(INTERFACES, req["NetworkInterfaceId"])
            given = [{"Ipv6Address": address} for address in req.get("Ipv6Addresses") or ()]
            wanted = {"Ipv6Addresses": given, "Ipv6AddressCount": req.get("Ipv6AddressCount", 0)}
            made = ipv6_of(edit, edit.get(SUBNETS, one.subnet_id), wanted)
            one.ipv6 = list(dict.fromkeys([*one.ipv6, *made]))
            edit.keep(INTERFACES, one)
            return made

        made = await self.change(call, req, work)
        return {"NetworkInterfaceId": req["NetworkInterfaceId"], "AssignedIpv6Addresses": made}

    @operation(_ONE, writes_once=True)
    async def unassign_ipv6_addresses(self, call: Call, req: Doc) -> Doc:
        _refuse(req)

        def work(edit: Edit) -> list[str]:
            one = edit.get(INTERFACES, req["NetworkInterfaceId"])
            gone: list[str] = req.get("Ipv6Addresses") or []
            for address in gone:
                if address not in one.ipv6:
                    raise invalid(f"Some of the specified addresses are not assigned to interface {one.id}")
                one.ipv6.remove(address)
            edit.keep(INTERFACES, one)
            return gone

        gone = await self.change(call, req, work)
        return {"NetworkInterfaceId": req["NetworkInterfaceId"], "UnassignedIpv6Addresses": gone}


def _refuse(req: Doc) -> None:
    for name in _PREFIXES:
        if req.get(name):
            raise invalid(f"Trunkline does not support {name} of network interfaces: leave it out.")
