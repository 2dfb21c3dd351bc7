"""boto3's waiters of everything that is here: each ends."""


def test_every_waiter_of_networks_ends(ec2, vpc, subnet, gateway, name):
    def wait(waiter, **what):
        ec2.get_waiter(waiter).wait(**what, WaiterConfig={"Delay": 1, "MaxAttempts": 10})

    wait("vpc_exists", VpcIds=[vpc])
    wait("vpc_available", VpcIds=[vpc])
    wait("subnet_available", SubnetIds=[subnet])
    wait("internet_gateway_exists", InternetGatewayIds=[gateway])
    group = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    wait("security_group_exists", GroupIds=[group])
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    wait("network_interface_available", NetworkInterfaceIds=[interface])
    private = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    wait("nat_gateway_available", NatGatewayIds=[private])
    ec2.delete_nat_gateway(NatGatewayId=private)
    wait("nat_gateway_deleted", NatGatewayIds=[private])
    other = ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    id = peering["VpcPeeringConnectionId"]
    wait("vpc_peering_connection_exists", VpcPeeringConnectionIds=[id])
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)
    wait("vpc_peering_connection_deleted", VpcPeeringConnectionIds=[id])
