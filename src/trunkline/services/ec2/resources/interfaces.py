"""CloudFormation's view of network interfaces and peering connections."""

from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import NotStabilized, Provision
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, kept_only, own_tags

_GIVEN = (
    *("Description", "Ipv6AddressCount", "Ipv6Addresses", "PrivateIpAddress", "PrivateIpAddresses"),
    *("SecondaryPrivateIpAddressCount", "SubnetId", "InterfaceType"),
)


class NetworkInterface(Tagged):
    name = "AWS::EC2::NetworkInterface"
    honoured = frozenset({*_GIVEN, "GroupSet", "SourceDestCheck", "Tags"})
    kind = "network-interface"
    describe = ("DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId")
    missing = "InvalidNetworkInterfaceID.NotFound"
    remove = "DeleteNetworkInterface"

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "CreateNetworkInterface",
            ClientToken=on.token,
            Groups=wanted.get("GroupSet"),
            TagSpecifications=self.tag_specifications(on, wanted),
            **{name: wanted[name] for name in _GIVEN if name in wanted},
        )
        id = str(answer["NetworkInterface"]["NetworkInterfaceId"])
        await on.made(id)
        if wanted.get("SourceDestCheck") is False:
            await self._modify(on, id, SourceDestCheck={"Value": False})
        return id

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        addresses = found["PrivateIpAddresses"]
        return kept_only(
            {
                "Id": physical_id,
                "Description": found["Description"],
                "GroupSet": [one["GroupId"] for one in found["Groups"]],
                "InterfaceType": found["InterfaceType"],
                "Ipv6Addresses": [{"Ipv6Address": one["Ipv6Address"]} for one in found["Ipv6Addresses"]],
                "Ipv6AddressCount": len(found["Ipv6Addresses"]),
                "PrimaryIpv6Address": found.get("Ipv6Address", ""),
                "PublicIpDnsNameOptions": {},
                "PrimaryPrivateIpAddress": found["PrivateIpAddress"],
                "PrivateIpAddress": found["PrivateIpAddress"],
                "PrivateIpAddresses": [
                    {"PrivateIpAddress": one["PrivateIpAddress"], "Primary": one["Primary"]} for one in addresses
                ],
                "SecondaryPrivateIpAddresses": [one["PrivateIpAddress"] for one in addresses if not one["Primary"]],
                "SecondaryPrivateIpAddressCount": len(addresses) - 1,
                "SourceDestCheck": found["SourceDestCheck"],
                "SubnetId": found["SubnetId"],
                "VpcId": found["VpcId"],
                "Tags": own_tags(found),
            }
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self.find(on, physical_id)
        if found is None:
            raise AwsError(self.missing, f"The networkInterface ID '{physical_id}' does not exist", status=400)
        if old.get("Description") != new.get("Description"):
            await self._modify(on, physical_id, Description={"Value": new.get("Description", "")})
        if old.get("SourceDestCheck", True) != new.get("SourceDestCheck", True):
            await self._modify(on, physical_id, SourceDestCheck={"Value": new.get("SourceDestCheck", True)})
        if new.get("GroupSet") and old.get("GroupSet") != new["GroupSet"]:
            await self._modify(on, physical_id, Groups=new["GroupSet"])
        await self._addresses(on, physical_id, found, old, new)
        await self.retag(on, physical_id, found, new)

    def replaces(self, old: Doc, new: Doc) -> bool:
        """The primary address stays as long as the interface does."""
        return _primary(old) != _primary(new)

    async def _addresses(self, on: Provision, id: str, found: Doc, old: Doc, new: Doc) -> None:
        here = [one["PrivateIpAddress"] for one in found["PrivateIpAddresses"] if not one["Primary"]]
        names = ("PrivateIpAddresses", "SecondaryPrivateIpAddressCount")
        if any(old.get(name) != new.get(name) for name in names):
            given = new.get("PrivateIpAddresses") or []
            wanted = [one["PrivateIpAddress"] for one in given if not one.get("Primary")]
            count = new.get("SecondaryPrivateIpAddressCount", len(wanted))
            dropped = [one for one in here if one not in wanted][max(count - len(wanted), 0) :]
            if dropped:
                await on.call("ec2", "UnassignPrivateIpAddresses", NetworkInterfaceId=id, PrivateIpAddresses=dropped)
            added = [one for one in wanted if one not in here]
            if added:
                await on.call("ec2", "AssignPrivateIpAddresses", NetworkInterfaceId=id, PrivateIpAddresses=added)
            more = count - len(here) + len(dropped) - len(added)
            if more > 0:
                await on.call(
                    "ec2", "AssignPrivateIpAddresses", NetworkInterfaceId=id, SecondaryPrivateIpAddressCount=more
                )
        if any(old.get(name) != new.get(name) for name in ("Ipv6Addresses", "Ipv6AddressCount")):
            here = [one["Ipv6Address"] for one in found["Ipv6Addresses"]]
            wanted = [one["Ipv6Address"] for one in new.get("Ipv6Addresses") or []]
            count = new.get("Ipv6AddressCount", len(wanted))
            dropped = [one for one in here if one not in wanted][max(count - len(wanted), 0) :]
            if dropped:
                await on.call("ec2", "UnassignIpv6Addresses", NetworkInterfaceId=id, Ipv6Addresses=dropped)
            added = [one for one in wanted if one not in here]
            more = max(count - len(here) + len(dropped) - len(added), 0)
            if added or more:
                await on.call(
                    "ec2",
                    "AssignIpv6Addresses",
                    NetworkInterfaceId=id,
                    Ipv6Addresses=added or None,
                    Ipv6AddressCount=more or None,
                )

    @staticmethod
    async def _modify(on: Provision, id: str, **attribute: Any) -> None:
        await on.call("ec2", "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=id, **attribute)


def _primary(properties: Doc) -> str:
    named = [one["PrivateIpAddress"] for one in properties.get("PrivateIpAddresses") or [] if one.get("Primary")]
    return str(properties.get("PrivateIpAddress") or (named[0] if named else ""))


class VpcPeeringConnection(Tagged):
    """Accepted by itself within an account; in another account by the role that the template names."""

    name = "AWS::EC2::VPCPeeringConnection"
    honoured = frozenset({"AssumeRoleRegion", "PeerOwnerId", "PeerRegion", "PeerRoleArn", "PeerVpcId", "Tags", "VpcId"})
    kind = "vpc-peering-connection"
    describe = ("DescribeVpcPeeringConnections", "VpcPeeringConnections", "VpcPeeringConnectionId")
    missing = "InvalidVpcPeeringConnectionID.NotFound"
    remove = "DeleteVpcPeeringConnection"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            answer = await on.call(
                "ec2",
                "CreateVpcPeeringConnection",
                VpcId=wanted["VpcId"],
                PeerVpcId=wanted["PeerVpcId"],
                PeerOwnerId=wanted.get("PeerOwnerId"),
                PeerRegion=wanted.get("PeerRegion"),
                TagSpecifications=self.tag_specifications(on, wanted),
            )
            found = answer["VpcPeeringConnection"]
        id = str(found["VpcPeeringConnectionId"])
        await on.made(id)
        if found["Status"]["Code"] == "failed":
            raise NotStabilized(f"VpcPeeringConnection {id} failed to stabilize: {found['Status']['Message']}")
        if found["Status"]["Code"] == "pending-acceptance":
            await self._accept(on, id, wanted)
        return id

    async def _accept(self, on: Provision, id: str, wanted: Doc) -> None:
        region = wanted.get("PeerRegion", on.region)
        own = wanted.get("PeerOwnerId", on.account) == on.account
        if own and region == on.region:
            await on.call("ec2", "AcceptVpcPeeringConnection", VpcPeeringConnectionId=id)
            return
        caller = on.caller
        if not own:
            if "PeerRoleArn" not in wanted:
                return  # its owner accepts it
            session = await on.call(
                "sts", "AssumeRole", RoleArn=wanted["PeerRoleArn"], RoleSessionName="cloudformation-peering"
            )
            caller = on.client.caller(session["Credentials"]["AccessKeyId"], region)
        else:
            caller = type(caller)(
                caller.account, region, caller.principal, caller.source_ip, caller.user_agent, caller.access_key_id
            )
        await on.client("ec2", "AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": id}, as_=caller)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None or found["Status"]["Code"] in ("deleted", "rejected", "failed", "expired"):
            return None
        peer = found["AccepterVpcInfo"]
        return {
            "Id": physical_id,
            "VpcId": found["RequesterVpcInfo"]["VpcId"],
            "PeerVpcId": peer["VpcId"],
            "PeerOwnerId": peer["OwnerId"],
            "PeerRegion": peer["Region"],
            **{name: on.kept[name] for name in ("PeerRoleArn", "AssumeRoleRegion") if name in on.kept},
            "Tags": own_tags(found),
        }

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await self.read(on, physical_id) is not None:
            await super().delete(on, physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ec2", *self.describe[:2])
        stand = ("active", "pending-acceptance")
        return [one["VpcPeeringConnectionId"] for one in found if one["Status"]["Code"] in stand]
