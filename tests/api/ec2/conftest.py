"""Fixtures of EC2's tests. A region of their own: others take every subnet they see for the default VPC's."""

import pytest
from botocore.exceptions import ClientError

REGION = "eu-west-2"


@pytest.fixture(scope="session")
def ec2(server):
    return server.client("ec2", region=REGION)


@pytest.fixture
def vpc(ec2):
    """The id of a new VPC, 10.0.0.0/16."""
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    """The id of a subnet of it, 10.0.1.0/24."""
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]


@pytest.fixture
def gateway(ec2, vpc):
    """The id of an internet gateway attached to it."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


@pytest.fixture
def refused():
    """`refused(code, method, **arguments)`: the call fails with that error; its message."""

    def call(code, method, **arguments):
        with pytest.raises(ClientError) as error:
            method(**arguments)
        assert error.value.response["Error"]["Code"] == code, error.value
        return error.value.response["Error"]["Message"]

    return call
