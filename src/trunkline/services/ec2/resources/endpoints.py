"""CloudFormation's view of VPC endpoints, flow logs and prefix lists."""

import json
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, kept_only, own_tags

_LISTS = {
    "RouteTableIds": ("AddRouteTableIds", "RemoveRouteTableIds"),
    "SubnetIds": ("AddSubnetIds", "RemoveSubnetIds"),
    "SecurityGroupIds": ("AddSecurityGroupIds", "RemoveSecurityGroupIds"),
}


class VpcEndpoint(Tagged):
    name = "AWS::EC2::VPCEndpoint"
    honoured = frozenset(
        {
            *_LISTS,
            *("DnsOptions", "IpAddressType", "PolicyDocument", "PrivateDnsEnabled", "ServiceName", "ServiceRegion"),
            *("Tags", "VpcEndpointType", "VpcId"),
        }
    )
    kind = "vpc-endpoint"
    describe = ("DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId")
    missing = "InvalidVpcEndpointId.NotFound"

    async def create(self, on: Provision, wanted: Doc) -> str:
        given = {name: value for name, value in wanted.items() if name not in ("Tags", "PolicyDocument")}
        if given.get("VpcEndpointType") == "Interface":
            given.setdefault("PrivateDnsEnabled", False)
        answer = await on.call(
            "ec2",
            "CreateVpcEndpoint",
            ClientToken=on.token,
            PolicyDocument=_text(wanted.get("PolicyDocument")),
            TagSpecifications=self.tag_specifications(on, wanted),
            **given,
        )
        id = str(answer["VpcEndpoint"]["VpcEndpointId"])
        await on.made(id)

        async def stands() -> bool | None:
            found = await self.find(on, id)
            return True if found and found["State"] == "available" else None

        await on.until(stands, f"VPC endpoint {id} is not available yet", every_s=0.03)
        return id

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None or found["State"] in ("deleting", "deleted"):
            return None
        policy = found["PolicyDocument"]
        is_interface = found["VpcEndpointType"] == "Interface"
        return kept_only(
            {
                "Id": physical_id,
                **{name: found.get(name) for name in ("ServiceName", "VpcEndpointType", "VpcId", "IpAddressType")},
                "PolicyDocument": policy if isinstance(on.kept.get("PolicyDocument"), str) else json.loads(policy),
                "RouteTableIds": found["RouteTableIds"],
                "SubnetIds": found["SubnetIds"],
                "SecurityGroupIds": [one["GroupId"] for one in found["Groups"]],
                "PrivateDnsEnabled": found["PrivateDnsEnabled"] if is_interface else None,
                "DnsOptions": found.get("DnsOptions"),
                "ServiceRegion": found["ServiceRegion"],
                "CreationTimestamp": f"{found['CreationTimestamp']:%a %b %d %H:%M:%S UTC %Y}",
                "NetworkInterfaceIds": found["NetworkInterfaceIds"],
                "DnsEntries": [f"{one['HostedZoneId']}:{one['DnsName']}" for one in found["DnsEntries"]],
                "Tags": own_tags(found),
            }
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self.find(on, physical_id)
        if found is None:
            raise AwsError(self.missing, f"The Vpc Endpoint Id '{physical_id}' does not exist", status=400)
        present = {
            "RouteTableIds": found["RouteTableIds"],
            "SubnetIds": found["SubnetIds"],
            "SecurityGroupIds": [one["GroupId"] for one in found["Groups"]],
        }
        given: dict[str, Any] = {}
        for name, (add, remove) in _LISTS.items():
            if old.get(name) == new.get(name):
                continue
            wanted = new.get(name) or []
            given[add] = [one for one in wanted if one not in present[name]] or None
            given[remove] = [one for one in present[name] if one not in wanted] or None
        if old.get("PolicyDocument") != new.get("PolicyDocument"):
            given["PolicyDocument"] = _text(new.get("PolicyDocument"))
            given["ResetPolicy"] = True if given["PolicyDocument"] is None else None
        for name, default in (("PrivateDnsEnabled", False), ("DnsOptions", None), ("IpAddressType", None)):
            if old.get(name) != new.get(name):
                given[name] = new.get(name, default)
        if any(value is not None for value in given.values()):
            await on.call("ec2", "ModifyVpcEndpoint", VpcEndpointId=physical_id, **given)
        await self.retag(on, physical_id, found, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if await self.find(on, physical_id) is None:
            return
        await on.call("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[physical_id])

        async def is_gone() -> bool | None:
            return True if await self.find(on, physical_id) is None else None

        await on.until(is_gone, f"VPC endpoint {physical_id} is not deleted yet", every_s=0.03)


def _text(policy: Any) -> str | None:
    """Templates give a policy as a document or as its text."""
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)


_OF_FLOW_LOG = (
    *("DeliverCrossAccountRole", "DeliverLogsPermissionArn", "DestinationOptions", "LogDestination"),
    *("LogDestinationType", "LogFormat", "LogGroupName", "MaxAggregationInterval", "TrafficType"),
)


class FlowLog(Tagged):
    name = "AWS::EC2::FlowLog"
    honoured = frozenset({*_OF_FLOW_LOG, "ResourceId", "ResourceType", "Tags"})
    kind = "vpc-flow-log"
    describe = ("DescribeFlowLogs", "FlowLogs", "FlowLogId")
    missing = "InvalidFlowLogId.NotFound"
    filters = "Filter"

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "CreateFlowLogs",
            ClientToken=on.token,
            ResourceIds=[wanted["ResourceId"]],
            ResourceType=wanted["ResourceType"],
            TagSpecifications=self.tag_specifications(on, wanted),
            **{name: wanted[name] for name in _OF_FLOW_LOG if name in wanted},
        )
        return str(answer["FlowLogIds"][0])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        id = str(found["ResourceId"])
        kinds = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}
        read = {name: found.get(name) for name in _OF_FLOW_LOG}
        if "LogDestination" in on.kept and found.get("LogGroupName"):
            # The destination that was given, with the ":*" that GetAtt of a log group ends in.
            given = str(on.kept["LogDestination"])
            same = given.removesuffix(":*") == str(found["LogDestination"])
            read = {**read, "LogGroupName": None, "LogDestination": given if same else found["LogDestination"]}
        elif found.get("LogGroupName"):
            read["LogDestination"] = None
        tail = {"ResourceId": id, "ResourceType": kinds[id.partition("-")[0]], "Tags": own_tags(found)}
        return kept_only({"Id": physical_id, **read, **tail})

    async def delete(self, on: Provision, physical_id: str) -> None:
        await gone(on, "DeleteFlowLogs", self.missing, FlowLogIds=[physical_id])


class PrefixList(Tagged):
    name = "AWS::EC2::PrefixList"
    honoured = frozenset({"AddressFamily", "Entries", "MaxEntries", "PrefixListName", "Tags"})
    kind = "prefix-list"
    describe = ("DescribeManagedPrefixLists", "PrefixLists", "PrefixListId")
    missing = "InvalidPrefixListID.NotFound"
    remove = "DeleteManagedPrefixList"

    async def create(self, on: Provision, wanted: Doc) -> str:
        entries = wanted.get("Entries") or []
        answer = await on.call(
            "ec2",
            "CreateManagedPrefixList",
            ClientToken=on.token,
            PrefixListName=wanted["PrefixListName"],
            AddressFamily=wanted["AddressFamily"],
            MaxEntries=wanted.get("MaxEntries") or max(len(entries), 1),
            Entries=entries or None,
            TagSpecifications=self.tag_specifications(on, wanted),
        )
        return str(answer["PrefixList"]["PrefixListId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        return {
            "PrefixListId": physical_id,
            "Arn": found["PrefixListArn"],
            "OwnerId": found["OwnerId"],
            "Version": found.get("Version", 1),
            "PrefixListName": found["PrefixListName"],
            "AddressFamily": found["AddressFamily"],
            "MaxEntries": found.get("MaxEntries", 0),
            "Entries": await self._entries(on, physical_id),
            "Tags": own_tags(found),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self.find(on, physical_id)
        if found is None:
            raise AwsError(self.missing, f"The prefix list ID '{physical_id}' does not exist", status=400)
        modify = {"PrefixListId": physical_id}
        wanted = new.get("Entries") or []
        most = new.get("MaxEntries") or max(len(wanted), 1)
        if most > found["MaxEntries"]:
            await on.call("ec2", "ModifyManagedPrefixList", **modify, MaxEntries=most)
        if new["PrefixListName"] != found["PrefixListName"]:
            await on.call("ec2", "ModifyManagedPrefixList", **modify, PrefixListName=new["PrefixListName"])
        present = await self._entries(on, physical_id)
        cidrs = {one["Cidr"] for one in wanted}
        added = [one for one in wanted if one not in present] or None
        removed = [{"Cidr": one["Cidr"]} for one in present if one["Cidr"] not in cidrs] or None
        if added or removed:
            version = found["Version"]
            await on.call(
                "ec2",
                "ModifyManagedPrefixList",
                **modify,
                CurrentVersion=version,
                AddEntries=added,
                RemoveEntries=removed,
            )
        if most < found["MaxEntries"]:
            await on.call("ec2", "ModifyManagedPrefixList", **modify, MaxEntries=most)
        await self.retag(on, physical_id, found, new)

    async def existing(self, on: Provision) -> list[str]:
        """Those of customers: AWS's own are nobody's resource."""
        found = await on.pages("ec2", "DescribeManagedPrefixLists", "PrefixLists")
        return [one["PrefixListId"] for one in found if one["OwnerId"] != "AWS"]

    def replaces(self, old: Doc, new: Doc) -> bool:
        return bool(old.get("AddressFamily") != new.get("AddressFamily"))

    @staticmethod
    async def _entries(on: Provision, id: str) -> list[Doc]:
        found = await on.pages("ec2", "GetManagedPrefixListEntries", "Entries", PrefixListId=id)
        return [kept_only({"Cidr": one["Cidr"], "Description": one.get("Description")}) for one in found]
