"""CloudFormation's view of network ACLs and their entries."""

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, kept_only, own_tags

_NO_ACL = "InvalidNetworkAclID.NotFound"
_LAST = 32767


class NetworkAcl(Tagged):
    name = "AWS::EC2::NetworkAcl"
    honoured = frozenset({"Tags", "VpcId"})
    kind = "network-acl"
    describe = ("DescribeNetworkAcls", "NetworkAcls", "NetworkAclId")
    missing = _NO_ACL
    remove = "DeleteNetworkAcl"

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "CreateNetworkAcl",
            VpcId=wanted["VpcId"],
            ClientToken=on.token,
            TagSpecifications=self.tag_specifications(on, wanted),
        )
        return str(answer["NetworkAcl"]["NetworkAclId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        return None if found is None else {"Id": physical_id, "VpcId": found["VpcId"], "Tags": own_tags(found)}


class NetworkAclEntry(ResourceType):
    """Its id is the ACL's, its number and its direction."""

    name = "AWS::EC2::NetworkAclEntry"
    honoured = frozenset(
        {
            *("CidrBlock", "Egress", "Icmp", "Ipv6CidrBlock", "NetworkAclId"),
            *("PortRange", "Protocol", "RuleAction", "RuleNumber"),
        }
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        try:
            await on.call("ec2", "CreateNetworkAclEntry", **_entry(wanted))
        except AwsError as error:
            if error.code != "NetworkAclEntryAlreadyExists" or not on.resumed:
                raise
            await on.call("ec2", "ReplaceNetworkAclEntry", **_entry(wanted))
        egress = str(bool(wanted.get("Egress"))).lower()
        return f"{wanted['NetworkAclId']}|{wanted['RuleNumber']}|{egress}"

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        acl, number, egress = physical_id.split("|")
        found = await on.look("ec2", "DescribeNetworkAcls", _NO_ACL, NetworkAclIds=[acl])
        for one in found["NetworkAcls"][0]["Entries"] if found else ():
            if one["RuleNumber"] == int(number) and one["Egress"] is (egress == "true"):
                return kept_only(
                    {
                        "Id": physical_id,
                        "NetworkAclId": acl,
                        "RuleNumber": one["RuleNumber"],
                        "Egress": one["Egress"],
                        "RuleAction": one["RuleAction"],
                        "Protocol": int(one["Protocol"]),
                        "CidrBlock": one.get("CidrBlock"),
                        "Ipv6CidrBlock": one.get("Ipv6CidrBlock"),
                        # Ports and types given to a protocol that has none are not kept, as on AWS.
                        "PortRange": one.get("PortRange") or _idle(on, "PortRange", one["Protocol"] in ("6", "17")),
                        "Icmp": one.get("IcmpTypeCode") or _idle(on, "Icmp", one["Protocol"] in ("1", "58")),
                    }
                )
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call("ec2", "ReplaceNetworkAclEntry", **_entry(new))

    async def delete(self, on: Provision, physical_id: str) -> None:
        acl, number, egress = physical_id.split("|")
        await gone(
            on,
            "DeleteNetworkAclEntry",
            _NO_ACL,
            "InvalidNetworkAclEntry.NotFound",
            NetworkAclId=acl,
            RuleNumber=int(number),
            Egress=egress == "true",
        )

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ec2", "DescribeNetworkAcls", "NetworkAcls")
        return [
            f"{acl['NetworkAclId']}|{one['RuleNumber']}|{str(one['Egress']).lower()}"
            for acl in found
            for one in acl["Entries"]
            if one["RuleNumber"] != _LAST
        ]


def _idle(on: Provision, name: str, has_them: bool) -> Doc | None:
    return None if has_them else on.kept.get(name)


def _entry(wanted: Doc) -> Doc:
    return kept_only(
        {
            "NetworkAclId": wanted["NetworkAclId"],
            "RuleNumber": wanted["RuleNumber"],
            "Egress": bool(wanted.get("Egress")),
            "RuleAction": wanted["RuleAction"],
            "Protocol": str(wanted["Protocol"]),
            "CidrBlock": wanted.get("CidrBlock"),
            "Ipv6CidrBlock": wanted.get("Ipv6CidrBlock"),
            "PortRange": wanted.get("PortRange"),
            "IcmpTypeCode": wanted.get("Icmp"),
        }
    )
