"""CloudFormation's view of VPCs, their further blocks and their DHCP options."""

from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, own_tags

_SWITCHES = ("EnableDnsSupport", "EnableDnsHostnames")


class Vpc(Tagged):
    """What is not given is as CreateVpc makes it."""

    name = "AWS::EC2::VPC"
    honoured = frozenset({"CidrBlock", "EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags"})
    live = frozenset({"CidrBlockAssociations", "Ipv6CidrBlocks"})
    kind = "vpc"
    describe = ("DescribeVpcs", "Vpcs", "VpcId")
    missing = "InvalidVpcID.NotFound"
    remove = "DeleteVpc"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            answer = await on.call(
                "ec2",
                "CreateVpc",
                CidrBlock=wanted.get("CidrBlock"),
                InstanceTenancy=wanted.get("InstanceTenancy"),
                TagSpecifications=self.tag_specifications(on, wanted),
            )
            found = answer["Vpc"]
        id = str(found["VpcId"])
        await on.made(id)
        await self._switch(on, id, {"EnableDnsSupport": True, "EnableDnsHostnames": False}, wanted)
        return id

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        inside = [{"Name": "vpc-id", "Values": [physical_id]}]
        default = [*inside, {"Name": "default", "Values": ["true"]}]
        acls = await on.call("ec2", "DescribeNetworkAcls", Filters=default)
        named = [*inside, {"Name": "group-name", "Values": ["default"]}]
        groups = await on.call("ec2", "DescribeSecurityGroups", Filters=named)
        return {
            "VpcId": physical_id,
            "CidrBlock": found["CidrBlock"],
            "CidrBlockAssociations": [one["AssociationId"] for one in found["CidrBlockAssociationSet"]],
            "Ipv6CidrBlocks": [one["Ipv6CidrBlock"] for one in found["Ipv6CidrBlockAssociationSet"]],
            "DefaultNetworkAcl": acls["NetworkAcls"][0]["NetworkAclId"],
            "DefaultSecurityGroup": groups["SecurityGroups"][0]["GroupId"],
            "InstanceTenancy": found["InstanceTenancy"],
            **{name: await self._is_on(on, physical_id, name) for name in _SWITCHES},
            "Tags": own_tags(found),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._switch(on, physical_id, {name: await self._is_on(on, physical_id, name) for name in _SWITCHES}, new)
        if new.get("InstanceTenancy", "default") != old.get("InstanceTenancy", "default"):
            await on.call("ec2", "ModifyVpcTenancy", VpcId=physical_id, InstanceTenancy="default")
        await super().update(on, physical_id, old, new)

    def replaces(self, old: Doc, new: Doc) -> bool:
        """A VPC can become one of default tenancy in place, and of no other."""
        before, after = old.get("InstanceTenancy", "default"), new.get("InstanceTenancy", "default")
        return after not in (before, "default")

    @staticmethod
    async def _is_on(on: Provision, id: str, name: str) -> bool:
        attribute = name[:1].lower() + name[1:]
        answer = await on.call("ec2", "DescribeVpcAttribute", VpcId=id, Attribute=attribute)
        return bool(answer[name]["Value"])

    @staticmethod
    async def _switch(on: Provision, id: str, current: dict[str, bool], wanted: Doc) -> None:
        defaults = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
        for name in _SWITCHES:
            value = bool(wanted.get(name, defaults[name]))
            if value != current[name]:
                await on.call("ec2", "ModifyVpcAttribute", VpcId=id, **{name: {"Value": value}})


class VpcCidrBlock(ResourceType):
    name = "AWS::EC2::VPCCidrBlock"
    honoured = frozenset({"AmazonProvidedIpv6CidrBlock", "CidrBlock", "Ipv6CidrBlockNetworkBorderGroup", "VpcId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        if on.resumed:
            for one in await self._all(on, wanted["VpcId"]):
                if one.get("CidrBlock") == wanted.get("CidrBlock"):
                    return str(one["AssociationId"])
        answer = await on.call(
            "ec2",
            "AssociateVpcCidrBlock",
            VpcId=wanted["VpcId"],
            CidrBlock=wanted.get("CidrBlock"),
            AmazonProvidedIpv6CidrBlock=wanted.get("AmazonProvidedIpv6CidrBlock"),
            Ipv6CidrBlockNetworkBorderGroup=wanted.get("Ipv6CidrBlockNetworkBorderGroup"),
        )
        made = answer.get("CidrBlockAssociation") or answer["Ipv6CidrBlockAssociation"]
        return str(made["AssociationId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for vpc in await on.pages("ec2", "DescribeVpcs", "Vpcs"):
            for one in _blocks(vpc):
                if one["AssociationId"] == physical_id:
                    read = {"Id": physical_id, "VpcId": vpc["VpcId"]}
                    if "CidrBlock" in one:
                        return {**read, "CidrBlock": one["CidrBlock"], "Ipv6AddressAttribute": "", "IpSource": ""}
                    return {
                        **read,
                        "AmazonProvidedIpv6CidrBlock": True,
                        "Ipv6CidrBlock": one["Ipv6CidrBlock"],
                        "Ipv6CidrBlockNetworkBorderGroup": one["NetworkBorderGroup"],
                        "Ipv6AddressAttribute": one["Ipv6AddressAttribute"],
                        "IpSource": one["IpSource"],
                    }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Nothing of it changes in place."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        absent = "InvalidVpcCidrBlockAssociationID.NotFound"
        await gone(on, "DisassociateVpcCidrBlock", absent, AssociationId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        vpcs = await on.pages("ec2", "DescribeVpcs", "Vpcs")
        return [one["AssociationId"] for vpc in vpcs for one in _blocks(vpc)]

    @staticmethod
    async def _all(on: Provision, vpc_id: str) -> list[Doc]:
        found = await on.call("ec2", "DescribeVpcs", VpcIds=[vpc_id])
        return _blocks(found["Vpcs"][0])


def _blocks(vpc: Doc) -> list[Doc]:
    """All but the first IPv4 block, which is the VPC's own."""
    return [*vpc["CidrBlockAssociationSet"][1:], *vpc["Ipv6CidrBlockAssociationSet"]]


_OPTIONS = {
    "DomainName": "domain-name",
    "DomainNameServers": "domain-name-servers",
    "Ipv6AddressPreferredLeaseTime": "ipv6-address-preferred-lease-time",
    "NetbiosNameServers": "netbios-name-servers",
    "NetbiosNodeType": "netbios-node-type",
    "NtpServers": "ntp-servers",
}
_LISTS = ("DomainNameServers", "NetbiosNameServers", "NtpServers")


class DhcpOptions(Tagged):
    name = "AWS::EC2::DHCPOptions"
    honoured = frozenset({*_OPTIONS, "Tags"})
    kind = "dhcp-options"
    describe = ("DescribeDhcpOptions", "DhcpOptions", "DhcpOptionsId")
    ids = "DhcpOptionsIds"
    missing = "InvalidDhcpOptionID.NotFound"
    remove = "DeleteDhcpOptions"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            given = [
                {"Key": key, "Values": wanted[name] if name in _LISTS else [str(wanted[name])]}
                for name, key in _OPTIONS.items()
                if name in wanted
            ]
            answer = await on.call(
                "ec2",
                "CreateDhcpOptions",
                DhcpConfigurations=given,
                TagSpecifications=self.tag_specifications(on, wanted),
            )
            found = answer["DhcpOptions"]
        return str(found["DhcpOptionsId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        read: Doc = {"DhcpOptionsId": physical_id, "Tags": own_tags(found)}
        names = {key: name for name, key in _OPTIONS.items()}
        for one in found["DhcpConfigurations"]:
            name, values = names[one["Key"]], [value["Value"] for value in one["Values"]]
            number = name in ("NetbiosNodeType", "Ipv6AddressPreferredLeaseTime")
            read[name] = values if name in _LISTS else int(values[0]) if number else values[0]
        return read


class VpcDhcpOptionsAssociation(ResourceType):
    """A VPC always has options: deleting the association gives it the region's own."""

    name = "AWS::EC2::VPCDHCPOptionsAssociation"
    honoured = frozenset({"DhcpOptionsId", "VpcId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await on.call("ec2", "AssociateDhcpOptions", DhcpOptionsId=wanted["DhcpOptionsId"], VpcId=wanted["VpcId"])
        return f"{wanted['DhcpOptionsId']}|{wanted['VpcId']}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        options, _, vpc_id = physical_id.partition("|")
        found = await on.look("ec2", "DescribeVpcs", "InvalidVpcID.NotFound", VpcIds=[vpc_id])
        if found is None or (options != "default" and found["Vpcs"][0]["DhcpOptionsId"] != options):
            return None
        return {"DhcpOptionsId": options, "VpcId": vpc_id}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Nothing of it changes in place."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await self.read(on, physical_id) is not None:
            _, _, vpc_id = physical_id.partition("|")
            await on.look("ec2", "AssociateDhcpOptions", "InvalidVpcID.NotFound", DhcpOptionsId="default", VpcId=vpc_id)

    async def existing(self, on: Provision) -> list[str]:
        return [f"{one['DhcpOptionsId']}|{one['VpcId']}" for one in await on.pages("ec2", "DescribeVpcs", "Vpcs")]
