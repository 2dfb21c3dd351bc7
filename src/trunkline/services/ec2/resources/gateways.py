"""CloudFormation's view of internet and egress-only gateways, and of elastic addresses."""

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, own_tags


class InternetGateway(Tagged):
    name = "AWS::EC2::InternetGateway"
    honoured = frozenset({"Tags"})
    kind = "internet-gateway"
    describe = ("DescribeInternetGateways", "InternetGateways", "InternetGatewayId")
    missing = "InvalidInternetGatewayID.NotFound"
    remove = "DeleteInternetGateway"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            specifications = self.tag_specifications(on, wanted)
            found = (await on.call("ec2", "CreateInternetGateway", TagSpecifications=specifications))["InternetGateway"]
        return str(found["InternetGatewayId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        return None if found is None else {"InternetGatewayId": physical_id, "Tags": own_tags(found)}


class VpcGatewayAttachment(ResourceType):
    """Of an internet gateway; there are no VPN gateways."""

    name = "AWS::EC2::VPCGatewayAttachment"
    honoured = frozenset({"InternetGatewayId", "VpcId"})
    _ABSENT = ("InvalidVpcID.NotFound", "InvalidInternetGatewayID.NotFound", "Gateway.NotAttached")

    async def create(self, on: Provision, wanted: Doc) -> str:
        vpc_id, gateway = wanted["VpcId"], wanted.get("InternetGatewayId")
        if not (on.resumed and await self._attached(on, vpc_id) == gateway):
            await on.call("ec2", "AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc_id)
        return f"IGW|{vpc_id}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        _, _, vpc_id = physical_id.partition("|")
        gateway = await self._attached(on, vpc_id)
        return {"AttachmentType": "IGW", "InternetGatewayId": gateway, "VpcId": vpc_id} if gateway else None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        vpc_id, wanted = new["VpcId"], new.get("InternetGatewayId")
        current = await self._attached(on, vpc_id)
        if current == wanted:
            return
        if current:
            await gone(on, "DetachInternetGateway", *self._ABSENT, InternetGatewayId=current, VpcId=vpc_id)
        await on.call("ec2", "AttachInternetGateway", InternetGatewayId=wanted, VpcId=vpc_id)

    async def delete(self, on: Provision, physical_id: str) -> None:
        _, _, vpc_id = physical_id.partition("|")
        gateway = await self._attached(on, vpc_id)
        if gateway:
            await gone(on, "DetachInternetGateway", *self._ABSENT, InternetGatewayId=gateway, VpcId=vpc_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ec2", "DescribeInternetGateways", "InternetGateways")
        return [f"IGW|{one['VpcId']}" for gateway in found for one in gateway["Attachments"]]

    @staticmethod
    async def _attached(on: Provision, vpc_id: str) -> str | None:
        filters = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
        found = (await on.call("ec2", "DescribeInternetGateways", Filters=filters))["InternetGateways"]
        return str(found[0]["InternetGatewayId"]) if found else None


class EgressOnlyInternetGateway(Tagged):
    name = "AWS::EC2::EgressOnlyInternetGateway"
    honoured = frozenset({"Tags", "VpcId"})
    kind = "egress-only-internet-gateway"
    describe = ("DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId")
    missing = "InvalidEgressOnlyInternetGatewayId.NotFound"
    remove = "DeleteEgressOnlyInternetGateway"

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "CreateEgressOnlyInternetGateway",
            VpcId=wanted["VpcId"],
            ClientToken=on.token,
            TagSpecifications=self.tag_specifications(on, wanted),
        )
        return str(answer["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        return {"Id": physical_id, "VpcId": found["Attachments"][0]["VpcId"], "Tags": own_tags(found)}


class Address(Tagged):
    """Ref gives the address itself, not its allocation."""

    name = "AWS::EC2::EIP"
    honoured = frozenset({"Domain", "NetworkBorderGroup", "Tags"})
    kind = "elastic-ip"
    describe = ("DescribeAddresses", "Addresses", "PublicIp")
    missing = "InvalidAddress.NotFound"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            found = await on.call(
                "ec2",
                "AllocateAddress",
                Domain="vpc",
                NetworkBorderGroup=wanted.get("NetworkBorderGroup"),
                TagSpecifications=self.tag_specifications(on, wanted),
            )
        return str(found["PublicIp"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        return {
            "AllocationId": found["AllocationId"],
            "PublicIp": physical_id,
            "Domain": found["Domain"],
            "NetworkBorderGroup": found["NetworkBorderGroup"],
            "Tags": own_tags(found),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self.find(on, physical_id)
        if found is None:
            raise AwsError(self.missing, f"Address '{physical_id}' not found.", status=400)
        await self.retag(on, found["AllocationId"], found, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = await self.find(on, physical_id)
        if found is not None:
            absent = ("InvalidAllocationID.NotFound", self.missing)
            await gone(on, "ReleaseAddress", *absent, AllocationId=found["AllocationId"])


class AddressAssociation(ResourceType):
    name = "AWS::EC2::EIPAssociation"
    honoured = frozenset({"AllocationId", "EIP", "NetworkInterfaceId", "PrivateIpAddress"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "AssociateAddress",
            AllocationId=wanted.get("AllocationId"),
            PublicIp=wanted.get("EIP"),
            NetworkInterfaceId=wanted.get("NetworkInterfaceId"),
            PrivateIpAddress=wanted.get("PrivateIpAddress"),
            AllowReassociation=True,
        )
        return str(answer["AssociationId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        filters = [{"Name": "association-id", "Values": [physical_id]}]
        for one in (await on.call("ec2", "DescribeAddresses", Filters=filters))["Addresses"]:
            return {
                "Id": physical_id,
                "AllocationId": one["AllocationId"],
                "EIP": one["PublicIp"],
                "NetworkInterfaceId": one["NetworkInterfaceId"],
                "PrivateIpAddress": one["PrivateIpAddress"],
            }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Nothing of it changes in place."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        await gone(on, "DisassociateAddress", "InvalidAssociationID.NotFound", AssociationId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ec2", "DescribeAddresses", "Addresses")
        return [one["AssociationId"] for one in found if one.get("AssociationId")]
