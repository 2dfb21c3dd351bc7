"""Load balancing where HAProxy cannot be started: nothing is invented, and nothing is left half done."""

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server


@pytest.fixture(scope="module")
def lonely(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("lonely") / "data", proxy="haproxy", env={"PATH": "/nowhere"}) as running:
        yield running


def test_a_listener_is_refused_and_says_why(lonely):
    elb, ec2 = lonely.client("elbv2"), lonely.client("ec2")
    subnets = {each["AvailabilityZone"]: each for each in ec2.describe_subnets()["Subnets"]}
    chosen = [subnets[zone] for zone in sorted(subnets)][:2]
    made = elb.create_load_balancer(Name="alone", Subnets=[each["SubnetId"] for each in chosen])
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="alone", Protocol="HTTP", Port=80, VpcId=chosen[0]["VpcId"], TargetType="ip")[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    with pytest.raises(ClientError, match="HAProxy is not installed") as raised:
        elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTP",
            Port=25080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
    assert raised.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert elb.describe_listeners(LoadBalancerArn=arn)["Listeners"] == []
    found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["State"] for each in found] == ["unused"]
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_target_group(TargetGroupArn=group)
