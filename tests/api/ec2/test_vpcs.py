"""VPCs, their blocks and DHCP options."""

import ipaddress

import pytest


def _one(ec2, vpc):
    return ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]


def test_a_new_vpc_comes_with_its_main_table_default_acl_and_default_group(ec2, vpc):
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    (table,) = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    assert [one["Main"] for one in table["Associations"]] == [True]
    assert table["Routes"] == [
        {
            "DestinationCidrBlock": "10.0.0.0/16",
            "GatewayId": "local",
            "Origin": "CreateRouteTable",
            "State": "active",
        }
    ]
    (acl,) = ec2.describe_network_acls(Filters=inside)["NetworkAcls"]
    assert acl["IsDefault"] and [one["RuleNumber"] for one in acl["Entries"]] == [100, 32767, 100, 32767]
    (group,) = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert not _one(ec2, vpc)["IsDefault"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
        ({"CidrBlock": "10.0.0.0/29"}, "InvalidVpc.Range"),
        ({"CidrBlock": "ten"}, "InvalidParameterValue"),
        ({}, "MissingParameter"),
        ({"CidrBlock": "10.0.0.0/16", "DryRun": True}, "DryRunOperation"),
        ({"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "host"}, "InvalidParameterValue"),
        (
            {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "subnet", "Tags": []}]},
            "InvalidParameterValue",
        ),
    ],
)
def test_what_a_vpc_cannot_be(ec2, refused, arguments, code):
    refused(code, ec2.create_vpc, **arguments)


def test_the_block_is_kept_in_its_canonical_form(ec2):
    made = ec2.create_vpc(CidrBlock="10.9.8.7/16")["Vpc"]
    assert (made["CidrBlock"], made["State"]) == ("10.9.0.0/16", "pending")
    ec2.get_waiter("vpc_available").wait(VpcIds=[made["VpcId"]])


def test_attributes_change_one_at_a_time(ec2, vpc, refused):
    def value(name):
        return ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[name[:1].upper() + name[1:]]["Value"]

    assert (value("enableDnsSupport"), value("enableDnsHostnames")) == (True, False)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert value("enableDnsHostnames") is True
    both = {"EnableDnsSupport": {"Value": False}, "EnableDnsHostnames": {"Value": False}}
    refused("InvalidParameterCombination", ec2.modify_vpc_attribute, VpcId=vpc, **both)


def test_a_vpc_in_use_is_not_deleted(ec2, vpc, subnet, refused):
    assert "has dependencies" in refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])
    assert ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"] == []


def test_secondary_blocks_come_and_go(ec2, vpc, refused):
    refused("InvalidParameterValue", ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="10.0.128.0/20")
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")
    assert [one["CidrBlock"] for one in _one(ec2, vpc)["CidrBlockAssociationSet"]] == ["10.0.0.0/16", "10.1.0.0/16"]
    refused("DependencyViolation", ec2.disassociate_vpc_cidr_block, AssociationId=made["AssociationId"])
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])
    (first,) = _one(ec2, vpc)["CidrBlockAssociationSet"]
    refused("OperationNotPermitted", ec2.disassociate_vpc_cidr_block, AssociationId=first["AssociationId"])
    for number in range(1, 5):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.{number}.0.0/16")
    refused("CidrLimitExceeded", ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="10.9.0.0/16")


def test_ipv6_blocks_are_provided_and_divided(ec2, vpc, refused):
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
    block = made["Ipv6CidrBlock"]
    part = str(list(ipaddress.ip_network(block).subnets(new_prefix=64))[1])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=part)["Subnet"]
    assert subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] == part
    outside = {"CidrBlock": "10.0.2.0/24", "Ipv6CidrBlock": "2001:db8::/64"}
    refused("InvalidSubnet.Range", ec2.create_subnet, VpcId=vpc, **outside)
    refused("InvalidSubnet.Conflict", ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.2.0/24", Ipv6CidrBlock=part)
    routes = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["Routes"]
    assert {"10.0.0.0/16", block} == {
        one.get("DestinationCidrBlock") or one.get("DestinationIpv6CidrBlock") for one in routes
    }


def test_dhcp_options_of_a_vpc(ec2, vpc, refused):
    configurations = [{"Key": "domain-name", "Values": ["example.internal"]}]
    options = ec2.create_dhcp_options(DhcpConfigurations=configurations)["DhcpOptions"]["DhcpOptionsId"]
    before = _one(ec2, vpc)["DhcpOptionsId"]
    ec2.associate_dhcp_options(VpcId=vpc, DhcpOptionsId=options)
    refused("DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=options)
    ec2.associate_dhcp_options(VpcId=vpc, DhcpOptionsId="default")
    assert _one(ec2, vpc)["DhcpOptionsId"] == before
    ec2.delete_dhcp_options(DhcpOptionsId=options)
    refused("InvalidDhcpOptionID.NotFound", ec2.describe_dhcp_options, DhcpOptionsIds=[options])
    unknown = [{"Key": "colour", "Values": ["blue"]}]
    refused("InvalidParameterValue", ec2.create_dhcp_options, DhcpConfigurations=unknown)


def test_tags_given_at_birth_are_found_by_filters(ec2, name):
    specification = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}]
    made = ec2.create_vpc(CidrBlock="10.5.0.0/16", TagSpecifications=specification)["Vpc"]
    assert made["Tags"] == [{"Key": "Name", "Value": name}]
    (found,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]
    assert found["VpcId"] == made["VpcId"]
    assert ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.5.*"]}])["Vpcs"]


def test_a_default_vpc_can_be_deleted_and_made_again(server, refused):
    ec2 = server.client("ec2", region="sa-east-1")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    refused("DefaultVpcAlreadyExists", ec2.create_default_vpc)
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
    ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    assert ec2.describe_vpcs()["Vpcs"] == []
    refused("VPCIdNotSpecified", ec2.create_security_group, GroupName="g", Description="d")
    assert ec2.create_default_vpc()["Vpc"]["IsDefault"]
    zone = ec2.describe_subnets()["Subnets"][0]["AvailabilityZone"]
    refused("DefaultSubnetAlreadyExistsInAvailabilityZone", ec2.create_default_subnet, AvailabilityZone=zone)


def test_there_are_no_machines(ec2, refused):
    assert ec2.describe_instances()["Reservations"] == []
    assert ec2.describe_images(Owners=["amazon"])["Images"] == []
    assert ec2.describe_vpn_gateways()["VpnGateways"] == []
    told = refused("NotImplemented", ec2.run_instances, ImageId="ami-12345678", MinCount=1, MaxCount=1)
    assert "ECS" in told
