"""What the tests of Elastic Load Balancing start from."""

import random

import pytest
from tests.api.elbv2.asking import Target


@pytest.fixture
def target():
    started = []

    def new(name):
        started.append(Target(name))
        return started[-1]

    yield new
    for each in started:
        each.shutdown()
        each.server_close()


@pytest.fixture
def elb(aws):
    return aws("elbv2")


@pytest.fixture(scope="module")
def network(aws):
    """The default VPC and two of its subnets in different zones."""
    ec2 = aws("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    by_zone = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]}
    return vpc, [by_zone[zone] for zone in sorted(by_zone)][:2]


@pytest.fixture
def balancer(elb, network, name):
    made = elb.create_load_balancer(Name=name, Subnets=network[1])["LoadBalancers"][0]
    yield made
    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


@pytest.fixture
def group(elb, network, balancer):
    """Makes target groups that check often."""
    made = []

    def new(**more):
        suffix = f"{random.getrandbits(48):012x}"
        settings = {
            "Name": f"g-{suffix}",
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": network[0],
            "TargetType": "ip",
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
        }
        made.append(elb.create_target_group(**{**settings, **more})["TargetGroups"][0]["TargetGroupArn"])
        return made[-1]

    yield new
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    for arn in made:
        elb.delete_target_group(TargetGroupArn=arn)


@pytest.fixture
def port():
    return random.randint(20000, 30000)
