"""Network interfaces: the one of each task, made and removed by ECS."""

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.ec2 import described, store
from trunkline.services.ec2.api.finding import Finding, chosen
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.model import NetworkInterface

_INTERFACE: Properties = {
    "network-interface-id": member("NetworkInterfaceId"),
    "subnet-id": member("SubnetId"),
    "vpc-id": member("VpcId"),
    "availability-zone": member("AvailabilityZone"),
    "description": member("Description"),
    "private-ip-address": member("PrivateIpAddress"),
    "addresses.private-ip-address": each("PrivateIpAddresses", "PrivateIpAddress"),
    "group-id": each("Groups", "GroupId"),
    "group-name": each("Groups", "GroupName"),
    "mac-address": member("MacAddress"),
    "owner-id": member("OwnerId"),
    "requester-id": member("RequesterId"),
    "requester-managed": member("RequesterManaged"),
    "status": member("Status"),
    "interface-type": member("InterfaceType"),
}


class Interfaces(Finding):
    """Everything about them."""

    @operation()
    async def describe_network_interfaces(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        groups = {one.id: one for one in store.GROUPS.find(self.kit.db, prefix=(call.account, call.region))}
        found = store.INTERFACES.find(self.kit.db, prefix=(call.account, call.region))
        return chosen(
            req,
            [described.interface(one, groups, tags) for one in found],
            _INTERFACE,
            member="NetworkInterfaces",
            id_member="NetworkInterfaceId",
            missing=("InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
        )

    @operation()
    async def create_network_interface(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        if call.caller.principal.kind != "service":
            raise Refused("Trunkline makes network interfaces for tasks only: run a task with ECS.")
        subnet = store.SUBNETS.get(self.kit.db, call.account, call.region, req["SubnetId"])
        if subnet is None:
            raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{req['SubnetId']}' does not exist", status=400)
        known = {one.id: one for one in store.GROUPS.find(self.kit.db, prefix=(call.account, call.region))}
        wanted = req.get("Groups") or [one.id for one in known.values() if one.name == "default"]
        for group in wanted:
            if group not in known:
                raise AwsError("InvalidGroup.NotFound", f"The security group '{group}' does not exist", status=400)
        made = NetworkInterface(
            call.account,
            call.region,
            store.new_id("eni"),
            subnet.id,
            subnet.vpc_id,
            subnet.zone,
            req.get("PrivateIpAddress", ""),
            ":".join(["02", *(ids.hex_id(2) for _ in range(5))]),
            req.get("Description", ""),
            call.caller.principal.name,
            f"eni-attach-0{ids.hex_id(16)}",
            self.kit.clock.now(),
            list(wanted),
        )
        await self.kit.db.write(lambda tx: store.INTERFACES.insert(tx, made))
        return {"NetworkInterface": described.interface(made, known, {})}

    @operation()
    async def delete_network_interface(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        interface_id = req["NetworkInterfaceId"]

        def write(tx: Tx) -> None:
            found = store.INTERFACES.get(tx, call.account, call.region, interface_id)
            if found is None:
                raise AwsError(
                    "InvalidNetworkInterfaceID.NotFound",
                    f"The networkInterface ID '{interface_id}' does not exist",
                    status=400,
                )
            if call.caller.principal.name != found.requester:
                raise AwsError(
                    "InvalidParameterValue",
                    f"Network interface '{interface_id}' is currently in use and managed by {found.requester}.",
                    status=400,
                )
            store.INTERFACES.delete(tx, call.account, call.region, interface_id)

        await self.kit.db.write(write)
        return {}
