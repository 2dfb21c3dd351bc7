"""Subnets, network interfaces and their addresses."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"CidrBlock": "10.1.0.0/24"}, "InvalidSubnet.Range"),
        ({"CidrBlock": "10.0.0.0/30"}, "InvalidSubnet.Range"),
        ({"CidrBlock": "10.0.1.128/25"}, "InvalidSubnet.Conflict"),
        ({"CidrBlock": "10.0.2.0/24", "AvailabilityZone": "eu-west-2z"}, "InvalidParameterValue"),
        ({"CidrBlock": "10.0.2.0/24", "OutpostArn": "arn:aws:outposts:a:b:c"}, "InvalidParameterValue"),
        ({}, "MissingParameter"),
        ({"CidrBlock": "10.0.2.0/24", "VpcId": "vpc-00000000"}, "InvalidVpcID.NotFound"),
    ],
)
def test_what_a_subnet_cannot_be(ec2, vpc, subnet, refused, arguments, code):
    refused(code, ec2.create_subnet, **{"VpcId": vpc, **arguments})


def test_a_subnet_is_in_the_zone_asked_for_or_the_emptiest(ec2, vpc):
    blocks = [f"10.0.{number}.0/24" for number in range(3)]
    zones = [ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["AvailabilityZone"] for block in blocks]
    assert sorted(zones) == ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZoneId="euw2-az2")["Subnet"]
    assert (made["AvailabilityZone"], made["MapPublicIpOnLaunch"]) == ("eu-west-2b", False)


def test_attributes(ec2, subnet, refused):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    (seen,) = ec2.describe_subnets(Filters=[{"Name": "subnet-id", "Values": [subnet]}])["Subnets"]
    assert seen["MapPublicIpOnLaunch"]
    assert seen["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    no_block = {"AssignIpv6AddressOnCreation": {"Value": True}}
    refused("InvalidParameterValue", ec2.modify_subnet_attribute, SubnetId=subnet, **no_block)


def test_interfaces_take_addresses_of_their_subnet(ec2, vpc, subnet, refused):
    def free():
        return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]

    assert free() == 251
    first = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert (first["PrivateIpAddress"], first["Status"]) == ("10.0.1.4", "available")
    wanted = {"PrivateIpAddress": "10.0.1.5", "SecondaryPrivateIpAddressCount": 1}
    second = ec2.create_network_interface(SubnetId=subnet, **wanted)["NetworkInterface"]
    assert [one["PrivateIpAddress"] for one in second["PrivateIpAddresses"]] == ["10.0.1.5", "10.0.1.6"]
    assert free() == 248
    refused("InvalidIPAddress.InUse", ec2.create_network_interface, SubnetId=subnet, PrivateIpAddress="10.0.1.4")
    for address in ("10.0.2.4", "10.0.1.3", "10.0.1.255"):
        refused("InvalidParameterValue", ec2.create_network_interface, SubnetId=subnet, PrivateIpAddress=address)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    for one in (first, second):
        ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
    assert free() == 251
    ec2.delete_subnet(SubnetId=subnet)


def test_addresses_run_out(ec2, vpc, refused):
    small = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.8.0/28")["Subnet"]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=small, SecondaryPrivateIpAddressCount=10)["NetworkInterface"]
    assert len(made["PrivateIpAddresses"]) == 11
    refused("InsufficientFreeAddressesInSubnet", ec2.create_network_interface, SubnetId=small)
    id, last = made["NetworkInterfaceId"], made["PrivateIpAddresses"][-1]["PrivateIpAddress"]
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=[last])
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=id, SecondaryPrivateIpAddressCount=1)
    assert answer["AssignedPrivateIpAddresses"] == [{"PrivateIpAddress": last}]


def test_groups_of_an_interface_are_of_its_vpc(ec2, vpc, subnet, refused, name):
    group = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    foreign = ec2.create_security_group(GroupName=name, Description="d", VpcId=other)["GroupId"]
    refused("InvalidParameterValue", ec2.create_network_interface, SubnetId=subnet, Groups=[foreign])
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    id = made["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, SourceDestCheck={"Value": False})
    (seen,) = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]
    assert (seen["NetworkInterfaceId"], seen["SourceDestCheck"]) == (id, False)


def test_a_client_token_makes_one_thing_once(ec2, subnet, refused, name):
    first = ec2.create_network_interface(SubnetId=subnet, ClientToken=name)["NetworkInterface"]
    again = ec2.create_network_interface(SubnetId=subnet, ClientToken=name)["NetworkInterface"]
    assert first["NetworkInterfaceId"] == again["NetworkInterfaceId"]
    other = {"Description": "another", "ClientToken": name}
    refused("IdempotentParameterMismatch", ec2.create_network_interface, SubnetId=subnet, **other)
