"""Networks as stacks: how they are made, changed, taken back and looked up again."""

import json

import pytest
from tests.api.ec2.conftest import REGION
from tests.support.server import wait_until


@pytest.fixture
def stack(server, name):
    """`stack(resources)` makes the stack or brings it to these; its status."""
    cloudformation = server.client("cloudformation", region=REGION)
    made = []

    def settled():
        found = cloudformation.describe_stacks(StackName=made[0])["Stacks"][0]["StackStatus"]
        return None if found.endswith("IN_PROGRESS") else found

    def bring(resources, outputs=None):
        body = json.dumps({"Resources": resources, "Outputs": outputs or {}})
        call = cloudformation.update_stack if made else cloudformation.create_stack
        answer = call(StackName=name, TemplateBody=body)
        made[:] = [answer["StackId"]]
        return wait_until(settled, what="settled")

    bring.physical = lambda logical: cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=logical)[
        "StackResourceDetail"
    ]["PhysicalResourceId"]
    bring.outputs = lambda: {
        one["OutputKey"]: one["OutputValue"]
        for one in cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    }
    yield bring
    if made:
        cloudformation.delete_stack(StackName=name)
        assert wait_until(settled, what="deleted") == "DELETE_COMPLETE"


def _network(**more):
    """What the CDK's Vpc emits, for one zone."""
    vpc = {"Ref": "Vpc"}
    return {
        "Vpc": {
            "Type": "AWS::EC2::VPC",
            "Properties": {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True, "EnableDnsSupport": True},
        },
        "Igw": {"Type": "AWS::EC2::InternetGateway"},
        "Attached": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": vpc, "InternetGatewayId": {"Ref": "Igw"}},
        },
        "Public": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": vpc, "CidrBlock": "10.0.0.0/24", "MapPublicIpOnLaunch": True},
        },
        "Private": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}},
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": vpc}},
        "Association": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": {"Ref": "Public"}, "RouteTableId": {"Ref": "Table"}},
        },
        "Out": {
            "Type": "AWS::EC2::Route",
            "DependsOn": ["Attached"],
            "Properties": {
                "RouteTableId": {"Ref": "Table"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "Igw"},
            },
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "DependsOn": ["Out", "Association"],
            "Properties": {
                "SubnetId": {"Ref": "Public"},
                "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            },
        },
        **more,
    }


def test_a_network_stands_and_goes(ec2, stack):
    outputs = {
        "Address": {"Value": {"Ref": "Address"}},
        "Group": {"Value": {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}},
        "Route": {"Value": {"Ref": "Out"}},
    }
    assert stack(_network(), outputs) == "CREATE_COMPLETE"
    told = stack.outputs()
    assert ec2.describe_addresses(PublicIps=[told["Address"]])["Addresses"][0]["AssociationId"]
    assert told["Group"].startswith("sg-")
    assert told["Route"] == f"{stack.physical('Table')}|0.0.0.0/0"
    (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[stack.physical("Nat")])["NatGateways"]
    assert nat["State"] == "available"
    (vpc,) = ec2.describe_vpcs(VpcIds=[stack.physical("Vpc")])["Vpcs"]
    assert {tag["Key"] for tag in vpc["Tags"]} >= {"aws:cloudformation:stack-name", "aws:cloudformation:logical-id"}


def test_a_subnet_is_given_another_table(ec2, stack):
    assert stack(_network()) == "CREATE_COMPLETE"
    changed = _network(Other={"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}})
    changed["Association"]["Properties"]["RouteTableId"] = {"Ref": "Other"}
    assert stack(changed) == "UPDATE_COMPLETE"
    filters = [{"Name": "association.subnet-id", "Values": [stack.physical("Public")]}]
    (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    assert table["RouteTableId"] == stack.physical("Other")


def test_rules_follow_the_template_and_nothing_else(ec2, stack):
    def group(*rules, egress=()):
        properties = {"GroupDescription": "web", "VpcId": {"Ref": "Vpc"}, "SecurityGroupIngress": list(rules)}
        return {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {**properties, **({"SecurityGroupEgress": list(egress)} if egress else {})},
        }

    def seen(permissions="IpPermissions"):
        (found,) = ec2.describe_security_groups(GroupIds=[stack.physical("Group")])["SecurityGroups"]
        return sorted(
            (one["IpProtocol"], one.get("FromPort"), item["CidrIp"])
            for one in found[permissions]
            for item in one["IpRanges"]
        )

    network = {"Vpc": _network()["Vpc"]}
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
    alone = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": {"Ref": "Group"}, **web, "FromPort": 22, "ToPort": 22},
    }
    assert stack({**network, "Group": group(web), "Alone": alone}) == "CREATE_COMPLETE"
    assert seen() == [("tcp", 22, "0.0.0.0/0"), ("tcp", 80, "0.0.0.0/0")]
    assert seen("IpPermissionsEgress") == [("-1", None, "0.0.0.0/0")]
    ours = {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 9, "IpRanges": [{"CidrIp": "10.9.9.9/32"}]}
    ec2.authorize_security_group_ingress(GroupId=stack.physical("Group"), IpPermissions=[ours])
    tls = {**web, "FromPort": 443, "ToPort": 443}
    changed = group(tls, egress=[{**tls, "CidrIp": "10.0.0.0/8"}])
    assert stack({**network, "Group": changed, "Alone": alone}) == "UPDATE_COMPLETE"
    assert seen() == [("tcp", 9, "10.9.9.9/32"), ("tcp", 22, "0.0.0.0/0"), ("tcp", 443, "0.0.0.0/0")]
    assert seen("IpPermissionsEgress") == [("tcp", 443, "10.0.0.0/8")]
    assert stack({**network, "Group": group(tls), "Alone": alone}) == "UPDATE_COMPLETE"
    assert seen("IpPermissionsEgress") == [("-1", None, "0.0.0.0/0")]


def test_a_network_that_cannot_be_is_taken_back_whole(ec2, stack):
    overlapping = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.128/25"}
    network = _network(Clash={"Type": "AWS::EC2::Subnet", "DependsOn": ["Private", "Nat"], "Properties": overlapping})
    before = {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]}
    addresses = len(ec2.describe_addresses()["Addresses"])
    assert stack(network) == "ROLLBACK_COMPLETE"
    assert {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]} == before
    assert len(ec2.describe_addresses()["Addresses"]) == addresses


def test_a_nat_gateway_that_cannot_come_up_leaves_nothing(ec2, stack):
    network = _network()
    del network["Attached"], network["Out"]
    network["Nat"]["DependsOn"] = ["Association"]
    assert stack(network) == "ROLLBACK_COMPLETE"
    here = [{"Name": "state", "Values": ["pending", "available", "failed"]}]
    failed = [one for one in ec2.describe_nat_gateways(Filter=here)["NatGateways"] if one["Tags"]]
    assert not failed, "a failed gateway that the stack made is deleted with the rest"


def test_a_group_whose_rules_are_refused_leaves_nothing(ec2, stack, name):
    properties = {
        "GroupName": name,
        "GroupDescription": "web",
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80, "CidrIp": "0.0.0.0/0"}],
    }
    assert stack({"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}}) == "ROLLBACK_COMPLETE"
    named = [{"Name": "group-name", "Values": [name]}]
    assert ec2.describe_security_groups(Filters=named)["SecurityGroups"] == []


def test_subnets_divide_the_ipv6_block_that_came_after_the_vpc(ec2, stack):
    blocks = {"Fn::Cidr": [{"Fn::Select": [0, {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}, 4, "64"]}
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Block": {
            "Type": "AWS::EC2::VPCCidrBlock",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "AmazonProvidedIpv6CidrBlock": True},
        },
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "DependsOn": ["Block"],
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": {"Fn::Select": [1, {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 4, "8"]}]},
                "Ipv6CidrBlock": {"Fn::Select": [2, blocks]},
                "AssignIpv6AddressOnCreation": True,
            },
        },
    }
    assert stack(resources) == "CREATE_COMPLETE"
    (subnet,) = ec2.describe_subnets(SubnetIds=[stack.physical("Subnet")])["Subnets"]
    (block,) = subnet["Ipv6CidrBlockAssociationSet"]
    assert (subnet["CidrBlock"], subnet["AssignIpv6AddressOnCreation"]) == ("10.0.1.0/24", True)
    assert block["Ipv6CidrBlock"].endswith("/64")


def test_the_calls_by_which_the_cdk_looks_up_a_vpc(ec2, vpc, gateway, subnet, name):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": name}])
    (found,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [found["VpcId"]]}]
    (table,) = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    assert any(one["Main"] for one in table["Associations"])
    assert [one["SubnetId"] for one in ec2.describe_subnets(Filters=inside)["Subnets"]] == [subnet]
    attached = [
        {"Name": "attachment.vpc-id", "Values": [vpc]},
        {"Name": "attachment.state", "Values": ["attached"]},
        {"Name": "state", "Values": ["available"]},
    ]
    assert ec2.describe_vpn_gateways(Filters=attached)["VpnGateways"] == []
