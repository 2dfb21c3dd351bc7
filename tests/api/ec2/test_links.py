"""Endpoints, prefix lists, flow logs and peering."""

import pytest
from tests.api.ec2.conftest import REGION
from tests.support.server import wait_until

_S3 = f"com.amazonaws.{REGION}.s3"


def test_a_gateway_endpoint_is_a_route_to_a_prefix_list(ec2, vpc, refused):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=_S3, RouteTableIds=[table])["VpcEndpoint"]
    id = made["VpcEndpointId"]
    assert (made["State"], made["VpcEndpointType"]) == ("available", "Gateway")
    (listed,) = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [_S3]}])["PrefixLists"]
    (route,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"][1:]
    assert (route["DestinationPrefixListId"], route["GatewayId"]) == (listed["PrefixListId"], id)
    again = {"VpcId": vpc, "ServiceName": _S3, "RouteTableIds": [table]}
    refused("RouteAlreadyExists", ec2.create_vpc_endpoint, **again)
    ec2.modify_vpc_endpoint(VpcEndpointId=id, RemoveRouteTableIds=[table])
    assert len(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]) == 1
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"] == []
    (unsuccessful,) = ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"]
    assert unsuccessful["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_an_interface_endpoint_has_an_interface_in_each_subnet(ec2, vpc, subnet, refused):
    service = f"com.amazonaws.{REGION}.ecr.api"
    wanted = {"VpcId": vpc, "VpcEndpointType": "Interface", "ServiceName": service, "SubnetIds": [subnet]}
    private = {**wanted, "PrivateDnsEnabled": True}
    assert "enableDnsHostnames" in refused("InvalidParameter", ec2.create_vpc_endpoint, **private)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_vpc_endpoint(**private)["VpcEndpoint"]
    assert made["State"] == "pending"
    id, interfaces = made["VpcEndpointId"], made["NetworkInterfaceIds"]

    def endpoint():
        return ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]

    wait_until(lambda: endpoint()["State"] == "available", what="available")
    assert endpoint()["DnsEntries"][-1]["DnsName"] == f"api.ecr.{REGION}.amazonaws.com"
    (seen,) = ec2.describe_network_interfaces(NetworkInterfaceIds=interfaces)["NetworkInterfaces"]
    assert (seen["InterfaceType"], seen["SubnetId"], seen["RequesterManaged"]) == ("vpc_endpoint", subnet, True)
    assert "conflicting DNS" in refused("InvalidParameter", ec2.create_vpc_endpoint, **private)
    zone = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailabilityZone"]
    twin = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    refused("DuplicateSubnetsInSameZone", ec2.modify_vpc_endpoint, VpcEndpointId=id, AddSubnetIds=[twin])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id])
    wait_until(lambda: not ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"])
    refused("InvalidNetworkInterfaceID.NotFound", ec2.describe_network_interfaces, NetworkInterfaceIds=interfaces)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"ServiceName": "com.amazonaws.eu-west-2.nothing"}, "InvalidServiceName"),
        ({"ServiceName": "com.amazonaws.eu-west-2.sqs"}, "InvalidParameter"),
        ({"ServiceName": _S3, "VpcEndpointType": "GatewayLoadBalancer"}, "InvalidParameterValue"),
        ({"ServiceName": _S3, "PolicyDocument": "{"}, "InvalidPolicyDocument"),
        ({"ServiceName": _S3, "RouteTableIds": ["rtb-12345678"]}, "InvalidRouteTableID.NotFound"),
    ],
)
def test_what_an_endpoint_cannot_be(ec2, vpc, refused, arguments, code):
    refused(code, ec2.create_vpc_endpoint, VpcId=vpc, **arguments)


def test_services_of_endpoints(ec2):
    found = ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-name", "Values": [_S3]}])
    (service,) = found["ServiceDetails"]
    assert {one["ServiceType"] for one in service["ServiceType"]} == {"Gateway", "Interface"}
    assert service["AvailabilityZones"] == [f"{REGION}{zone}" for zone in "abc"]


def test_a_prefix_list_has_versions_and_stands_for_its_entries(ec2, vpc, refused, name):
    wanted = {"PrefixListName": name, "AddressFamily": "IPv4", "MaxEntries": 2}
    made = ec2.create_managed_prefix_list(**wanted, Entries=[{"Cidr": "10.1.0.0/16"}])["PrefixList"]
    id = made["PrefixListId"]
    group = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    permission = [{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": id}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission)
    (user,) = ec2.get_managed_prefix_list_associations(PrefixListId=id)["PrefixListAssociations"]
    assert user["ResourceId"] == group
    refused("DependencyViolation", ec2.delete_managed_prefix_list, PrefixListId=id)
    added = [{"Cidr": "10.2.0.0/16"}]
    stale = {"PrefixListId": id, "CurrentVersion": 9, "AddEntries": added}
    refused("PrefixListVersionMismatch", ec2.modify_managed_prefix_list, **stale)
    changed = ec2.modify_managed_prefix_list(PrefixListId=id, CurrentVersion=1, AddEntries=added)["PrefixList"]
    assert changed["Version"] == 2
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=id)["Entries"]
    assert [one["Cidr"] for one in entries] == ["10.1.0.0/16", "10.2.0.0/16"]
    more = {"PrefixListId": id, "CurrentVersion": 2, "AddEntries": [{"Cidr": "10.3.0.0/16"}]}
    refused("PrefixListMaxEntriesExceeded", ec2.modify_managed_prefix_list, **more)
    ec2.restore_managed_prefix_list_version(PrefixListId=id, PreviousVersion=1, CurrentVersion=2)
    assert len(ec2.get_managed_prefix_list_entries(PrefixListId=id)["Entries"]) == 1
    ec2.delete_security_group(GroupId=group)
    ec2.delete_managed_prefix_list(PrefixListId=id)
    refused("InvalidPrefixListID.NotFound", ec2.describe_managed_prefix_lists, PrefixListIds=[id])


def test_flow_logs_of_a_vpc(ec2, vpc, refused, name):
    wanted = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL"}
    refused("MissingParameter", ec2.create_flow_logs, **wanted)
    to_group = {"LogGroupName": name, "DeliverLogsPermissionArn": "arn:aws:iam::000000000000:role/flows"}
    (id,) = ec2.create_flow_logs(**wanted, **to_group)["FlowLogIds"]
    refused("FlowLogAlreadyExists", ec2.create_flow_logs, **wanted, **to_group)
    (seen,) = ec2.describe_flow_logs(Filter=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    assert (seen["FlowLogId"], seen["LogGroupName"], seen["MaxAggregationInterval"]) == (id, name, 600)
    to_bucket = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::flows"}
    ec2.create_flow_logs(**wanted, **to_bucket)
    elsewhere = {**wanted, "ResourceIds": ["vpc-12345678"]}
    refused("InvalidVpcID.NotFound", ec2.create_flow_logs, **elsewhere, **to_bucket)
    ec2.delete_flow_logs(FlowLogIds=[id])
    refused("InvalidFlowLogId.NotFound", ec2.delete_flow_logs, FlowLogIds=[id])


def _peering(ec2, **arguments):
    return ec2.create_vpc_peering_connection(**arguments)["VpcPeeringConnection"]


def test_two_vpcs_are_joined_when_the_other_accepts(ec2, server, vpc, refused):
    other = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    made = _peering(ec2, VpcId=vpc, PeerVpcId=other)
    id = made["VpcPeeringConnectionId"]
    assert made["Status"]["Code"] == "pending-acceptance"
    pair = {"VpcId": other, "PeerVpcId": vpc}
    refused("VpcPeeringConnectionAlreadyExists", ec2.create_vpc_peering_connection, **pair)
    options = {"RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
    modify = ec2.modify_vpc_peering_connection_options
    refused("InvalidStateTransition", modify, VpcPeeringConnectionId=id, **options)
    accepted = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)["VpcPeeringConnection"]
    assert (accepted["Status"]["Code"], accepted["AccepterVpcInfo"]["CidrBlock"]) == ("active", "10.7.0.0/16")
    modify(VpcPeeringConnectionId=id, **options)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.7.0.0/16", VpcPeeringConnectionId=id)
    ec2.delete_vpc(VpcId=other)
    (seen,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id])["VpcPeeringConnections"]
    assert seen["Status"]["Code"] == "deleted"
    assert ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"][1]["State"] == "blackhole"


def test_peering_across_regions_is_accepted_there(ec2, server, vpc, refused):
    far = server.client("ec2", region="eu-west-3")
    other = far.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    id = _peering(ec2, VpcId=vpc, PeerVpcId=other, PeerRegion="eu-west-3")["VpcPeeringConnectionId"]
    refused("OperationNotPermitted", ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=id)
    far.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    waiter = ec2.get_waiter("vpc_peering_connection_exists")
    waiter.wait(VpcPeeringConnectionIds=[id])


def test_vpcs_that_overlap_cannot_be_joined(ec2, vpc):
    twin = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = _peering(ec2, VpcId=vpc, PeerVpcId=twin)
    assert made["Status"]["Code"] == "failed"
    assert "overlapping CIDR" in made["Status"]["Message"]
