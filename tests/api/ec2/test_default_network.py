"""EC2 as boto3 sees it: the default network and security groups."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def ec2(server):
    """A region in which nobody makes networks."""
    return server.client("ec2", region="ap-south-1")


def code(error) -> str:
    return error.value.response["Error"]["Code"]


def test_every_region_has_a_default_vpc_with_a_subnet_in_each_zone(aws):
    for client in (aws("ec2", region="us-west-1"), aws("ec2", region="us-west-2")):
        (vpc,) = client.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        assert vpc["CidrBlock"] == "172.31.0.0/16"
        subnets = client.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        zones = [zone["ZoneName"] for zone in client.describe_availability_zones()["AvailabilityZones"]]
        assert sorted(subnet["AvailabilityZone"] for subnet in subnets) == zones
        assert all(subnet["DefaultForAz"] and subnet["AvailableIpAddressCount"] == 4091 for subnet in subnets)


def test_the_default_network_stays_the_same_and_its_parts_refer_to_each_other(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}])["RouteTables"]
    (gateway,) = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])[
        "InternetGateways"
    ]
    assert table["Routes"][1]["GatewayId"] == gateway["InternetGatewayId"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["def*"]}])["SecurityGroups"]
    assert [group["VpcId"] for group in groups] == [vpc]
    assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"] == {"Value": True}
    attributes = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    assert attributes[0]["AttributeValues"] == [{"AttributeValue": vpc}]


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("describe_vpcs", {"VpcIds": ["vpc-00000000"]}, "InvalidVpcID.NotFound"),
        ("describe_subnets", {"SubnetIds": ["subnet-00000000"]}, "InvalidSubnetID.NotFound"),
        ("describe_security_groups", {"GroupIds": ["sg-00000000"]}, "InvalidGroup.NotFound"),
        ("describe_vpcs", {"Filters": [{"Name": "colour", "Values": ["blue"]}]}, "InvalidParameterValue"),
        ("describe_vpcs", {"NextToken": "nonsense"}, "InvalidPaginationToken"),
        ("describe_vpcs", {"DryRun": True}, "DryRunOperation"),
        ("create_security_group", {"GroupName": "default", "Description": "d"}, "InvalidParameterValue"),
        ("create_tags", {"Resources": ["vpc-1"], "Tags": [{"Key": "k", "Value": "v"}]}, "InvalidVpcID.NotFound"),
        ("create_tags", {"Resources": ["i-1"], "Tags": [{"Key": "k", "Value": "v"}]}, "InvalidID"),
    ],
)
def test_errors_are_aws_s(ec2, call, arguments, expected):
    with pytest.raises(ClientError) as error:
        getattr(ec2, call)(**arguments)
    assert code(error) == expected


def test_rules_of_a_security_group(ec2, name):
    group = ec2.create_security_group(GroupName=name, Description="for a test")["GroupId"]
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    (made,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web])["SecurityGroupRules"]
    assert (made["CidrIpv4"], made["FromPort"], made["IsEgress"]) == ("0.0.0.0/0", 80, False)
    with pytest.raises(ClientError) as error:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web])
    assert code(error) == "InvalidPermission.Duplicate"
    peer = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[peer])
    (seen,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert [permission["IpProtocol"] for permission in seen["IpPermissions"]] == ["tcp", "-1"]
    assert seen["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    listed = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    assert len(listed["SecurityGroupRules"]) == 3
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])
    told = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[web])["UnknownIpPermissions"]
    assert [one["IpProtocol"] for one in told] == ["tcp"], "in a default VPC AWS tells what was not there"
    ec2.delete_security_group(GroupId=group)
    with pytest.raises(ClientError) as error:
        ec2.describe_security_groups(GroupIds=[group])
    assert code(error) == "InvalidGroup.NotFound"


def test_tags_are_found_by_filters(ec2, name):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": name, "Value": "here"}])
    for wanted in ({"Name": f"tag:{name}", "Values": ["h?re"]}, {"Name": "tag-key", "Values": [name]}):
        assert [one["SubnetId"] for one in ec2.describe_subnets(Filters=[wanted])["Subnets"]] == [subnet]
    (tag,) = ec2.describe_tags(Filters=[{"Name": "key", "Values": [name]}])["Tags"]
    assert (tag["ResourceId"], tag["ResourceType"], tag["Value"]) == (subnet, "subnet", "here")
    ec2.delete_tags(Resources=[subnet], Tags=[{"Key": name}])
    assert ec2.describe_tags(Filters=[{"Name": "key", "Values": [name]}])["Tags"] == []


def test_pages(ec2):
    pages = list(ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 5}))
    assert sum(len(page["Subnets"]) for page in pages) == 3
