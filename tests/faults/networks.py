"""A network of every kind of part, made and deleted as a stack: the crashes that show whether a handler finds again
what it made before, and whether gateways come up after the server died between a record and its effect.
"""

import json
from typing import Any

from tests.faults.kills import counts
from tests.faults.site import client, unfinished
from tests.support.server import Server

Doc = dict[str, Any]
NAME = "network"
_VPC = {"Ref": "Vpc"}
_PARTS = {
    "Vpcs": ("describe_vpcs", "VpcId"),
    "Subnets": ("describe_subnets", "SubnetId"),
    "RouteTables": ("describe_route_tables", "RouteTableId"),
    "InternetGateways": ("describe_internet_gateways", "InternetGatewayId"),
    "EgressOnlyInternetGateways": ("describe_egress_only_internet_gateways", "EgressOnlyInternetGatewayId"),
    "NatGateways": ("describe_nat_gateways", "NatGatewayId"),
    "Addresses": ("describe_addresses", "PublicIp"),
    "SecurityGroups": ("describe_security_groups", "GroupId"),
    "NetworkAcls": ("describe_network_acls", "NetworkAclId"),
    "NetworkInterfaces": ("describe_network_interfaces", "NetworkInterfaceId"),
    "VpcEndpoints": ("describe_vpc_endpoints", "VpcEndpointId"),
    "FlowLogs": ("describe_flow_logs", "FlowLogId"),
    "DhcpOptions": ("describe_dhcp_options", "DhcpOptionsId"),
    "PrefixLists": ("describe_managed_prefix_lists", "PrefixListId"),
    "VpcPeeringConnections": ("describe_vpc_peering_connections", "VpcPeeringConnectionId"),
}
_GONE = ("deleted", "deleting")


def _one(kind: str, properties: Doc | None = None, *after: str) -> Doc:
    made: Doc = {"Type": f"AWS::EC2::{kind}", "Properties": properties or {}}
    return {**made, "DependsOn": list(after)} if after else made


def template() -> str:
    """One of each."""
    everywhere = {"RouteTableId": {"Ref": "Table"}, "DestinationCidrBlock": "0.0.0.0/0"}
    s3 = {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}
    resources = {
        "Vpc": _one("VPC", {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True}),
        "Peer": _one("VPC", {"CidrBlock": "10.1.0.0/16"}),
        "Ipv6": _one("VPCCidrBlock", {"VpcId": _VPC, "AmazonProvidedIpv6CidrBlock": True}),
        "Public": _one("Subnet", {"VpcId": _VPC, "CidrBlock": "10.0.0.0/24", "MapPublicIpOnLaunch": True}),
        "Private": _one("Subnet", {"VpcId": _VPC, "CidrBlock": "10.0.1.0/24"}),
        "Gateway": _one("InternetGateway"),
        "Attached": _one("VPCGatewayAttachment", {"VpcId": _VPC, "InternetGatewayId": {"Ref": "Gateway"}}),
        "Table": _one("RouteTable", {"VpcId": _VPC}),
        "Associated": _one(
            "SubnetRouteTableAssociation", {"SubnetId": {"Ref": "Public"}, "RouteTableId": {"Ref": "Table"}}
        ),
        "Out": _one("Route", {**everywhere, "GatewayId": {"Ref": "Gateway"}}, "Attached"),
        "Egress": _one("EgressOnlyInternetGateway", {"VpcId": _VPC}),
        "Address": _one("EIP", {"Domain": "vpc"}),
        "Nat": _one(
            "NatGateway",
            {"SubnetId": {"Ref": "Public"}, "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}},
            "Out",
        ),
        "Group": _one("SecurityGroup", {"VpcId": _VPC, "GroupDescription": "g", "SecurityGroupIngress": [rule]}),
        "Rule": _one("SecurityGroupIngress", {**rule, "GroupId": {"Ref": "Group"}, "FromPort": 22, "ToPort": 22}),
        "Acl": _one("NetworkAcl", {"VpcId": _VPC}),
        "Entry": _one(
            "NetworkAclEntry",
            {
                "NetworkAclId": {"Ref": "Acl"},
                "RuleNumber": 100,
                "Protocol": -1,
                "RuleAction": "allow",
                "CidrBlock": "0.0.0.0/0",
            },
        ),
        "Guarded": _one(
            "SubnetNetworkAclAssociation", {"SubnetId": {"Ref": "Private"}, "NetworkAclId": {"Ref": "Acl"}}
        ),
        "ToS3": _one("VPCEndpoint", {"VpcId": _VPC, "ServiceName": s3, "RouteTableIds": [{"Ref": "Table"}]}),
        "ToLogs": _one(
            "VPCEndpoint",
            {
                "VpcId": _VPC,
                "VpcEndpointType": "Interface",
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.logs"},
                "SubnetIds": [{"Ref": "Private"}],
                "SecurityGroupIds": [{"Ref": "Group"}],
            },
        ),
        "Card": _one("NetworkInterface", {"SubnetId": {"Ref": "Private"}, "GroupSet": [{"Ref": "Group"}]}),
        "Options": _one("DHCPOptions", {"DomainName": "example.internal"}),
        "Given": _one("VPCDHCPOptionsAssociation", {"VpcId": _VPC, "DhcpOptionsId": {"Ref": "Options"}}),
        "Flows": _one(
            "FlowLog",
            {
                "ResourceId": _VPC,
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestinationType": "s3",
                "LogDestination": "arn:aws:s3:::flows",
            },
        ),
        "List": _one(
            "PrefixList",
            {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 2, "Entries": [{"Cidr": "10.9.0.0/16"}]},
        ),
        "Joined": _one("VPCPeeringConnection", {"VpcId": _VPC, "PeerVpcId": {"Ref": "Peer"}}),
    }
    return json.dumps({"Resources": resources})


class Create:
    """`ends`: the statuses at which the run is over."""

    name = "network-create"
    timeout_s = 60.0
    ends: tuple[str, ...] = ("CREATE_COMPLETE", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")

    def __init__(self) -> None:
        self.settings: Doc = {"containers": "fake", "proxy": "fake", "log_level": "info"}

    def prepare(self, server: Server) -> None:
        client(server, "ec2").describe_vpcs()  # the default network stands

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").create_stack(StackName=NAME, TemplateBody=template())

    def has_begun(self, server: Server) -> bool:
        return bool(self.status(server))

    def has_ended(self, server: Server) -> bool:
        return self.status(server) in self.ends and not unfinished(server)

    def status(self, server: Server) -> str:
        found = client(server, "cloudformation").list_stacks()["StackSummaries"]
        return next((str(one["StackStatus"]) for one in found if one["StackName"] == NAME), "")

    def end(self, server: Server) -> Doc:
        cfn, ec2 = client(server, "cloudformation"), client(server, "ec2")
        stack = next(one["StackId"] for one in cfn.list_stacks()["StackSummaries"] if one["StackName"] == NAME)
        listed = cfn.list_stack_resources(StackName=stack)["StackResourceSummaries"]
        living = [one for one in listed if one["ResourceStatus"] != "DELETE_COMPLETE"]
        owned = {one["PhysicalResourceId"] for one in living}
        there: Doc = {}
        orphans = []
        for member, (operation, id) in _PARTS.items():
            found = [one for one in getattr(ec2, operation)()[member] if not _is_gone(one)]
            there[member] = len(found)
            orphans += [one[id] for one in found if _of_stack(one) and one[id] not in owned]
        rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
        return {
            "status": self.status(server),
            "resources": counts(one["LogicalResourceId"] for one in living),
            "there": there,
            "rules": len(rules),
            "orphans": orphans,
            "unfinished_workflows": unfinished(server),
        }


class Delete(Create):
    name = "network-delete"
    ends = ("DELETE_COMPLETE", "DELETE_FAILED")

    def prepare(self, server: Server) -> None:
        super().prepare(server)
        super().begin(server)
        client(server, "cloudformation").get_waiter("stack_create_complete").wait(
            StackName=NAME, WaiterConfig={"Delay": 0.1}
        )

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").delete_stack(StackName=NAME)

    def has_begun(self, server: Server) -> bool:
        return self.status(server) not in ("", "CREATE_COMPLETE")


def _is_gone(one: Doc) -> bool:
    status = one.get("Status")
    code = status.get("Code") if isinstance(status, dict) else None
    return one.get("State") in _GONE or code in _GONE


def _of_stack(one: Doc) -> bool:
    tags = one.get("Tags") or one.get("TagSet") or ()
    return any(tag["Key"] == "aws:cloudformation:stack-id" for tag in tags)


SCENARIOS = {one.name: one for one in (Create, Delete)}
