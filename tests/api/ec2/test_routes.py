"""Route tables, routes, gateways, elastic addresses and NAT."""

from tests.support.server import wait_until


def _table(ec2, vpc):
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def _routes(ec2, table):
    return ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"][1:]


def test_routes_lead_to_what_exists_in_the_same_vpc(ec2, vpc, gateway, refused):
    table = _table(ec2, vpc)
    out = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**out, GatewayId=gateway)
    refused("RouteAlreadyExists", ec2.create_route, **out, GatewayId=gateway)
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    refused("InvalidParameterValue", ec2.replace_route, **out, GatewayId=other)
    refused("InvalidNatGatewayID.NotFound", ec2.replace_route, **out, NatGatewayId="nat-0123456789abcdef0")
    refused("InvalidInstanceID.NotFound", ec2.replace_route, **out, InstanceId="i-12345678")
    refused("RouteAlreadyExists", ec2.create_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16",
            GatewayId=gateway)  # fmt: skip
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert [one["State"] for one in _routes(ec2, table)] == ["blackhole"]
    ec2.delete_route(**out)
    refused("InvalidRoute.NotFound", ec2.delete_route, **out)
    refused("InvalidParameterValue", ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")


def test_a_subnet_has_one_table_of_its_own_or_the_main_one(ec2, vpc, subnet, refused):
    first, second = _table(ec2, vpc), _table(ec2, vpc)
    made = ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"]
    assert ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"] == made
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=second, SubnetId=subnet)
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=first)
    moved = ec2.replace_route_table_association(AssociationId=made, RouteTableId=second)["NewAssociationId"]
    ec2.delete_route_table(RouteTableId=first)
    refused("InvalidAssociationID.NotFound", ec2.disassociate_route_table, AssociationId=made)
    ec2.disassociate_route_table(AssociationId=moved)
    inside = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    (main,) = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    association = main["Associations"][0]["RouteTableAssociationId"]
    refused("InvalidParameterValue", ec2.disassociate_route_table, AssociationId=association)
    ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)
    assert [one["RouteTableId"] for one in ec2.describe_route_tables(Filters=inside)["RouteTables"]] == [second]
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])


def test_an_internet_gateway_belongs_to_one_vpc(ec2, vpc, gateway, refused):
    attach = ec2.attach_internet_gateway
    refused("Resource.AlreadyAssociated", attach, InternetGatewayId=gateway, VpcId=vpc)
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    refused("InvalidParameterValue", attach, InternetGatewayId=other, VpcId=vpc)
    refused("Gateway.NotAttached", ec2.detach_internet_gateway, InternetGatewayId=other, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)


def _nat(ec2, **arguments):
    return ec2.create_nat_gateway(**arguments)["NatGateway"]


def _state(ec2, nat):
    return ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"]


def test_a_nat_gateway_comes_up_holds_its_address_and_goes(ec2, vpc, subnet, gateway, refused, name):
    address = ec2.allocate_address(Domain="vpc")
    nat = _nat(ec2, SubnetId=subnet, AllocationId=address["AllocationId"], ClientToken=name)
    assert nat["State"] == "pending"
    id = nat["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[id], WaiterConfig={"Delay": 1})
    again = _nat(ec2, SubnetId=subnet, AllocationId=address["AllocationId"], ClientToken=name)
    assert again["NatGatewayId"] == id
    (held,) = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"]
    assert held["NetworkInterfaceId"] == nat["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address["AllocationId"])
    refused("AuthFailure", ec2.disassociate_address, AssociationId=held["AssociationId"])
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    table = _table(ec2, vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=id)
    ec2.delete_nat_gateway(NatGatewayId=id)
    wait_until(lambda: _state(ec2, id) == "deleted", what="deleted")
    assert [one["State"] for one in _routes(ec2, table)] == ["blackhole"]
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)


def test_a_public_nat_gateway_needs_a_way_out(ec2, subnet, refused):
    refused("MissingParameter", ec2.create_nat_gateway, SubnetId=subnet)
    address = ec2.allocate_address()["AllocationId"]
    nat = _nat(ec2, SubnetId=subnet, AllocationId=address)
    assert (nat["State"], nat["FailureCode"]) == ("failed", "Gateway.NotAttached")
    ec2.release_address(AllocationId=address)
    refused("InvalidAllocationID.NotFound", ec2.create_nat_gateway, SubnetId=subnet, AllocationId=address)
    private = _nat(ec2, SubnetId=subnet, ConnectivityType="private")
    assert "PublicIp" not in private["NatGatewayAddresses"][0]


def test_elastic_addresses_move_between_interfaces(ec2, subnet, gateway, refused):
    address = ec2.allocate_address()
    allocation, ip = address["AllocationId"], address["PublicIp"]
    one, other = (
        ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)
    )
    first = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=one)["AssociationId"]
    wanted = {"AllocationId": allocation, "NetworkInterfaceId": other}
    refused("Resource.AlreadyAssociated", ec2.associate_address, **wanted, AllowReassociation=False)
    second = ec2.associate_address(**wanted, AllowReassociation=True)["AssociationId"]
    refused("InvalidAssociationID.NotFound", ec2.disassociate_address, AssociationId=first)
    (seen,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[other])["NetworkInterfaces"]
    assert (seen["Association"]["PublicIp"], seen["Association"]["AssociationId"]) == (ip, second)
    ec2.delete_network_interface(NetworkInterfaceId=other)
    assert "AssociationId" not in ec2.describe_addresses(PublicIps=[ip])["Addresses"][0]
    ec2.modify_address_attribute(AllocationId=allocation, DomainName="mail.example.com")
    (told,) = ec2.describe_addresses_attribute(AllocationIds=[allocation])["Addresses"]
    assert told["PtrRecord"] == "mail.example.com."
    ec2.release_address(AllocationId=allocation)
    refused("InvalidAddress.NotFound", ec2.describe_addresses, PublicIps=[ip])


def test_egress_only_gateways_carry_ipv6_only(ec2, vpc, refused):
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    id = made["EgressOnlyInternetGatewayId"]
    table = _table(ec2, vpc)
    route = {"RouteTableId": table, "EgressOnlyInternetGatewayId": id}
    refused("InvalidParameterValue", ec2.create_route, **route, DestinationCidrBlock="0.0.0.0/0")
    ec2.create_route(**route, DestinationIpv6CidrBlock="::/0")
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id)
    assert [one["State"] for one in _routes(ec2, table)] == ["blackhole"]


def test_further_addresses_of_nat_gateways(ec2, subnet, gateway, refused):
    first, second, third = (ec2.allocate_address()["AllocationId"] for _ in range(3))
    nat = _nat(ec2, SubnetId=subnet, AllocationId=first, SecondaryAllocationIds=[second])
    id = nat["NatGatewayId"]
    assert [one["IsPrimary"] for one in nat["NatGatewayAddresses"]] == [True, False]
    added = ec2.associate_nat_gateway_address(NatGatewayId=id, AllocationIds=[third])["NatGatewayAddresses"][2]
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=third)
    ec2.disassociate_nat_gateway_address(NatGatewayId=id, AssociationIds=[added["AssociationId"]])
    ec2.release_address(AllocationId=third)
    main = nat["NatGatewayAddresses"][0]["AssociationId"]
    refused("InvalidParameterValue", ec2.disassociate_nat_gateway_address, NatGatewayId=id, AssociationIds=[main])
    private = _nat(ec2, SubnetId=subnet, ConnectivityType="private", SecondaryPrivateIpAddressCount=2)
    assert len(private["NatGatewayAddresses"]) == 3
    last = private["NatGatewayAddresses"][2]["PrivateIp"]
    changed = ec2.unassign_private_nat_gateway_address(NatGatewayId=private["NatGatewayId"], PrivateIpAddresses=[last])
    assert len(changed["NatGatewayAddresses"]) == 2
