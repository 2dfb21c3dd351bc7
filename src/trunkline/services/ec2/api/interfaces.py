"""Network interfaces: those that users make, and those of tasks and load balancers, made by their services."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.services.ec2 import blocks, placing
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import interfaces
from trunkline.services.ec2.errors import combination, failed, invalid
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import NetworkInterface, Subnet
from trunkline.services.ec2.store import ADDRESSES, GROUPS, INTERFACES, SUBNETS, Edit, new_id
from trunkline.services.ec2.transitions import release

_INTERFACE: Properties = {
    "network-interface-id": member("NetworkInterfaceId"),
    "subnet-id": member("SubnetId"),
    "vpc-id": member("VpcId"),
    "availability-zone": member("AvailabilityZone"),
    "availability-zone-id": member("AvailabilityZoneId"),
    "description": member("Description"),
    "private-ip-address": member("PrivateIpAddress"),
    "private-dns-name": member("PrivateDnsName"),
    "addresses.private-ip-address": each("PrivateIpAddresses", "PrivateIpAddress"),
    "addresses.primary": each("PrivateIpAddresses", "Primary"),
    "addresses.association.public-ip": each("PrivateIpAddresses", "Association", "PublicIp"),
    "association.allocation-id": member("Association", "AllocationId"),
    "association.association-id": member("Association", "AssociationId"),
    "association.public-ip": member("Association", "PublicIp"),
    "association.ip-owner-id": member("Association", "IpOwnerId"),
    "attachment.attachment-id": member("Attachment", "AttachmentId"),
    "attachment.status": member("Attachment", "Status"),
    "attachment.instance-id": member("Attachment", "InstanceId"),
    "attachment.instance-owner-id": member("Attachment", "InstanceOwnerId"),
    "attachment.device-index": member("Attachment", "DeviceIndex"),
    "attachment.delete-on-termination": member("Attachment", "DeleteOnTermination"),
    "group-id": each("Groups", "GroupId"),
    "group-name": each("Groups", "GroupName"),
    "ipv6-addresses.ipv6-address": each("Ipv6Addresses", "Ipv6Address"),
    "mac-address": member("MacAddress"),
    "owner-id": member("OwnerId"),
    "requester-id": member("RequesterId"),
    "requester-managed": member("RequesterManaged"),
    "source-dest-check": member("SourceDestCheck"),
    "status": member("Status"),
    "interface-type": member("InterfaceType"),
}
_UNSUPPORTED = (
    "Ipv4Prefixes",
    "Ipv4PrefixCount",
    "Ipv6Prefixes",
    "Ipv6PrefixCount",
    "ConnectionTrackingSpecification",
    "EnablePrimaryIpv6",
    "Operator",
)
_ONE = "arn:aws:ec2:{region}:{account}:network-interface/{NetworkInterfaceId}"


class Interfaces(Finding):
    """Making, describing and deleting them."""

    @operation()
    async def describe_network_interfaces(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        around = interfaces.Surroundings(view)
        return listing(
            view,
            req,
            INTERFACES,
            lambda one, tags: interfaces.interface(one, tags, around),
            _INTERFACE,
            member="NetworkInterfaces",
            id_member="NetworkInterfaceId",
        )

    @operation("arn:aws:ec2:{region}:{account}:network-interface/*", writes_once=True)
    async def create_network_interface(self, call: Call, req: Doc) -> Doc:
        for name in _UNSUPPORTED:
            if name in req:
                raise invalid(f"Trunkline does not support {name} of network interfaces: leave it out.")
        if req.get("InterfaceType", "interface") != "interface":
            raise invalid(f"Trunkline has no network interfaces of type {req['InterfaceType']}.")
        tags = tags_for(req, "network-interface")
        principal = call.caller.principal
        requester = principal.name if principal.kind == "service" else ""
        now = self.kit.clock.now()

        def work(edit: Edit) -> list[str]:
            subnet = edit.get(SUBNETS, req["SubnetId"])
            room("interfaces", edit.all(INTERFACES))
            first, others = _addresses(edit, subnet, req, lenient=bool(requester))
            made = NetworkInterface(
                edit.account,
                edit.region,
                new_id("eni"),
                subnet.id,
                subnet.vpc_id,
                subnet.zone,
                first,
                placing.new_mac(),
                req.get("Description", ""),
                requester,
                new_id("eni-attach") if requester else "",
                now,
                groups_of(edit, subnet.vpc_id, req.get("Groups")),
                others,
                ipv6_of(edit, subnet, req),
            )
            edit.keep(INTERFACES, made)
            edit.tag(made.id, tags)
            return [made.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        told = interfaces.interface(view.get(INTERFACES, id), view.tags([id]), interfaces.Surroundings(view))
        return {"NetworkInterface": told, "ClientToken": req.get("ClientToken")}

    @operation(_ONE, writes_once=True)
    async def delete_network_interface(self, call: Call, req: Doc) -> Doc:
        caller = call.caller.principal.name

        def work(edit: Edit) -> None:
            found = edit.get(INTERFACES, req["NetworkInterfaceId"])
            if found.requester and found.requester != caller:
                raise invalid(f"Network interface '{found.id}' is currently in use and managed by {found.requester}.")
            if found.attachment_id and not found.requester:
                raise invalid(f"Network interface '{found.id}' is currently in use.")
            for address in edit.all(ADDRESSES, interface_id=found.id):
                release(edit, address.id)
            edit.drop(INTERFACES, found)

        await self.change(call, req, work)
        return {}


def groups_of(edit: Edit, vpc_id: str, wanted: list[str] | None) -> list[str]:
    """The groups asked for, of the same VPC; its default group where none is."""
    if not wanted:
        return [one.id for one in edit.all(GROUPS, vpc_id=vpc_id) if one.name == "default"]
    room("groups of an interface", [], len(wanted))
    for id in wanted:
        if edit.get(GROUPS, id).vpc_id != vpc_id:
            raise invalid(f"You have specified two resources that belong to different networks: {id}, {vpc_id}")
    return list(dict.fromkeys(wanted))


def ipv6_of(edit: Edit, subnet: Subnet, req: Doc) -> list[str]:
    """IPv6 addresses asked for by themselves or by their number."""
    wanted = [one["Ipv6Address"] for one in req.get("Ipv6Addresses") or ()]
    count = req.get("Ipv6AddressCount", 1 if subnet.ipv6_on_creation and not wanted else 0)
    if not wanted and not count:
        return []
    if not subnet.ipv6_blocks:
        raise invalid(f"The subnet '{subnet.id}' has no IPv6 CIDR block.")
    block = blocks.V6(subnet.ipv6_blocks[0].cidr)
    for address in wanted:
        if blocks.v6(f"{address}/128", "ipv6Addresses").network_address not in block:
            raise invalid(f"The address {address} does not fall within the subnet's address range")
    return [*wanted, *(str(block[int(ids.hex_id(15), 16)]) for _ in range(count))]


def _addresses(edit: Edit, subnet: Subnet, req: Doc, *, lenient: bool) -> tuple[str, list[str]]:
    """The primary address and the others.

    lenient: a service may say where what it runs is really reached, which lies outside of the subnet on a machine that
    carries no networks.
    """
    given = req.get("PrivateIpAddresses") or []
    if given and "SecondaryPrivateIpAddressCount" in req:
        raise combination("SecondaryPrivateIpAddressCount cannot be used together with PrivateIpAddresses.")
    primary = req.get("PrivateIpAddress", "")
    named = [one["PrivateIpAddress"] for one in given if one.get("Primary")]
    if len(named) > 1 or (named and primary and primary not in named):
        raise failed("InvalidParameterCombination", "Only one primary private IP address can be specified")
    primary = primary or (named[0] if named else "")
    if lenient and primary and not blocks.usable(primary, subnet.cidr):
        return primary, []
    if subnet.ipv6_native:
        return "", []
    taken = placing.taken_in(edit, subnet.id)
    found = [placing.pick(subnet, taken, primary)]
    for wanted in (one["PrivateIpAddress"] for one in given if one["PrivateIpAddress"] != primary):
        found.append(placing.pick(subnet, taken | set(found), wanted))
    for _ in range(req.get("SecondaryPrivateIpAddressCount", 0)):
        found.append(placing.pick(subnet, taken | set(found)))
    return found[0], found[1:]
