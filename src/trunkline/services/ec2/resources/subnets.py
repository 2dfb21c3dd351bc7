"""CloudFormation's view of subnets and what they are associated with."""

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, kept_only, own_tags

_SWITCHES = {
    "AssignIpv6AddressOnCreation": False,
    "EnableDns64": False,
    "MapPublicIpOnLaunch": False,
}
_ON_LAUNCH = {
    "EnableResourceNameDnsARecord": "EnableResourceNameDnsARecordOnLaunch",
    "EnableResourceNameDnsAAAARecord": "EnableResourceNameDnsAAAARecordOnLaunch",
}
_GIVEN = ("AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "Ipv6CidrBlock", "Ipv6Native", "VpcId")


class Subnet(Tagged):
    name = "AWS::EC2::Subnet"
    honoured = frozenset({*_GIVEN, *_SWITCHES, "PrivateDnsNameOptionsOnLaunch", "Tags"})
    live = frozenset({"Ipv6CidrBlocks", "NetworkAclAssociationId"})
    kind = "subnet"
    describe = ("DescribeSubnets", "Subnets", "SubnetId")
    missing = "InvalidSubnetID.NotFound"
    remove = "DeleteSubnet"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            answer = await on.call(
                "ec2",
                "CreateSubnet",
                TagSpecifications=self.tag_specifications(on, wanted),
                **{name: wanted[name] for name in _GIVEN if name in wanted},
            )
            found = answer["Subnet"]
        await on.made(str(found["SubnetId"]))
        await self._set(on, found, wanted)
        return str(found["SubnetId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        filters = [{"Name": "association.subnet-id", "Values": [physical_id]}]
        acls = (await on.call("ec2", "DescribeNetworkAcls", Filters=filters))["NetworkAcls"]
        mine = [one for acl in acls for one in acl["Associations"] if one["SubnetId"] == physical_id]
        ipv6 = [one["Ipv6CidrBlock"] for one in found["Ipv6CidrBlockAssociationSet"]]
        return kept_only(
            {
                "SubnetId": physical_id,
                **{name: found.get(name) for name in (*_GIVEN, *_SWITCHES, "PrivateDnsNameOptionsOnLaunch")},
                "Ipv6CidrBlock": ipv6[0] if ipv6 else None,
                "Ipv6CidrBlocks": ipv6,
                "NetworkAclAssociationId": mine[0]["NetworkAclAssociationId"] if mine else None,
                "BlockPublicAccessStates": found["BlockPublicAccessStates"],
                "Tags": own_tags(found),
            }
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self.find(on, physical_id)
        if found is None:
            raise AwsError(self.missing, f"The subnet ID '{physical_id}' does not exist", status=400)
        if old.get("Ipv6CidrBlock") != new.get("Ipv6CidrBlock"):
            for one in found["Ipv6CidrBlockAssociationSet"]:
                if one["Ipv6CidrBlock"] != new.get("Ipv6CidrBlock"):
                    await on.call("ec2", "DisassociateSubnetCidrBlock", AssociationId=one["AssociationId"])
            known = [one["Ipv6CidrBlock"] for one in found["Ipv6CidrBlockAssociationSet"]]
            if new.get("Ipv6CidrBlock") and new["Ipv6CidrBlock"] not in known:
                block = new["Ipv6CidrBlock"]
                await on.call("ec2", "AssociateSubnetCidrBlock", SubnetId=physical_id, Ipv6CidrBlock=block)
        await self._set(on, found, new)
        await self.retag(on, physical_id, found, new)

    @staticmethod
    async def _set(on: Provision, found: Doc, wanted: Doc) -> None:
        """Attributes, one call each, as AWS wants it."""
        id = found["SubnetId"]
        native = bool(wanted.get("Ipv6Native"))
        for name, default in _SWITCHES.items():
            value = wanted.get(name, native if name == "AssignIpv6AddressOnCreation" else default)
            if bool(value) != found[name]:
                await on.call("ec2", "ModifySubnetAttribute", SubnetId=id, **{name: {"Value": bool(value)}})
        options, current = wanted.get("PrivateDnsNameOptionsOnLaunch") or {}, found["PrivateDnsNameOptionsOnLaunch"]
        kind = options.get("HostnameType")
        if kind and kind != current["HostnameType"]:
            await on.call("ec2", "ModifySubnetAttribute", SubnetId=id, PrivateDnsHostnameTypeOnLaunch=kind)
        for name, attribute in _ON_LAUNCH.items():
            if name in options and bool(options[name]) != current[name]:
                value = {"Value": bool(options[name])}
                await on.call("ec2", "ModifySubnetAttribute", SubnetId=id, **{attribute: value})


class SubnetCidrBlock(ResourceType):
    name = "AWS::EC2::SubnetCidrBlock"
    honoured = frozenset({"Ipv6CidrBlock", "SubnetId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        if on.resumed:
            found = await on.call("ec2", "DescribeSubnets", SubnetIds=[wanted["SubnetId"]])
            for one in found["Subnets"][0]["Ipv6CidrBlockAssociationSet"]:
                if one["Ipv6CidrBlock"] == wanted.get("Ipv6CidrBlock"):
                    return str(one["AssociationId"])
        answer = await on.call(
            "ec2",
            "AssociateSubnetCidrBlock",
            SubnetId=wanted["SubnetId"],
            Ipv6CidrBlock=wanted.get("Ipv6CidrBlock"),
        )
        return str(answer["Ipv6CidrBlockAssociation"]["AssociationId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for subnet, one in await self._all(on):
            if one["AssociationId"] == physical_id:
                return {
                    "Id": physical_id,
                    "SubnetId": subnet["SubnetId"],
                    "Ipv6CidrBlock": one["Ipv6CidrBlock"],
                    "Ipv6AddressAttribute": one["Ipv6AddressAttribute"],
                    "IpSource": one["IpSource"],
                }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Nothing of it changes in place."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        await gone(on, "DisassociateSubnetCidrBlock", "InvalidAssociationID.NotFound", AssociationId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["AssociationId"] for _, one in await self._all(on)]

    @staticmethod
    async def _all(on: Provision) -> list[tuple[Doc, Doc]]:
        subnets = await on.pages("ec2", "DescribeSubnets", "Subnets")
        return [(subnet, one) for subnet in subnets for one in subnet["Ipv6CidrBlockAssociationSet"]]


class SubnetNetworkAclAssociation(ResourceType):
    """A subnet always has one network ACL: deleting the association gives it the VPC's default one."""

    name = "AWS::EC2::SubnetNetworkAclAssociation"
    honoured = frozenset({"NetworkAclId", "SubnetId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        current = await self._of(on, wanted["SubnetId"])
        answer = await on.call(
            "ec2",
            "ReplaceNetworkAclAssociation",
            AssociationId=current["NetworkAclAssociationId"],
            NetworkAclId=wanted["NetworkAclId"],
        )
        return str(answer["NewAssociationId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for acl in await self._acls(on, "association.association-id", physical_id):
            for one in acl["Associations"]:
                if one["NetworkAclAssociationId"] == physical_id:
                    return {
                        "AssociationId": physical_id,
                        "NetworkAclId": one["NetworkAclId"],
                        "SubnetId": one["SubnetId"],
                    }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Nothing of it changes in place."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        for acl in await self._acls(on, "association.association-id", physical_id):
            inside = [{"Name": "vpc-id", "Values": [acl["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
            default = (await on.call("ec2", "DescribeNetworkAcls", Filters=inside))["NetworkAcls"][0]
            await on.look(
                "ec2",
                "ReplaceNetworkAclAssociation",
                "InvalidAssociationID.NotFound",
                AssociationId=physical_id,
                NetworkAclId=default["NetworkAclId"],
            )

    async def existing(self, on: Provision) -> list[str]:
        acls = await on.pages("ec2", "DescribeNetworkAcls", "NetworkAcls")
        return [one["NetworkAclAssociationId"] for acl in acls for one in acl["Associations"]]

    async def _of(self, on: Provision, subnet_id: str) -> Doc:
        for acl in await self._acls(on, "association.subnet-id", subnet_id):
            for one in acl["Associations"]:
                if one["SubnetId"] == subnet_id:
                    return dict(one)
        raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist", status=400)

    @staticmethod
    async def _acls(on: Provision, name: str, value: str) -> list[Doc]:
        filters = [{"Name": name, "Values": [value]}]
        return list((await on.call("ec2", "DescribeNetworkAcls", Filters=filters))["NetworkAcls"])
