"""Load balancers, and targets that come and go."""

import contextlib
import http.client
import threading
import time

import pytest
from botocore.exceptions import ClientError
from tests.api.elbv2.asking import fault, forward, get, healthy, listen, state
from tests.support.server import wait_until


def test_a_load_balancer_is_available_and_goes_away(elb, network, name):
    made = elb.create_load_balancer(Name=name, Subnets=network[1], Scheme="internal", Tags=[{"Key": "a", "Value": "b"}])
    (balancer,) = made["LoadBalancers"]
    arn = balancer["LoadBalancerArn"]
    assert arn.startswith(f"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/{name}/")
    assert balancer["DNSName"].startswith("127.")
    assert balancer["VpcId"] == network[0]
    assert {zone["SubnetId"] for zone in balancer["AvailabilityZones"]} == set(network[1])
    assert balancer["SecurityGroups"]
    elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn])
    elb.get_waiter("load_balancer_exists").wait(Names=[name])
    again = elb.create_load_balancer(
        Name=name, Subnets=network[1], Scheme="internal", Tags=[{"Key": "a", "Value": "b"}]
    )
    assert again["LoadBalancers"][0]["LoadBalancerArn"] == arn
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn])
    assert fault(elb.describe_load_balancers, Names=[name]) == (
        "LoadBalancerNotFound",
        f"Load balancers '[{name}]' not found",
    )


def test_what_a_load_balancer_may_not_be_is_refused(elb, network, balancer, name):
    subnets = network[1]
    create = elb.create_load_balancer
    assert fault(create, Name=name, Subnets=subnets, Scheme="internal")[0] == "DuplicateLoadBalancerName"
    other = f"x{name}"
    assert fault(create, Name=other, Subnets=subnets[:1])[0] == "ValidationError"
    assert fault(create, Name=other, Subnets=[*subnets, "subnet-00000000"])[0] == "SubnetNotFound"
    assert fault(create, Name=other, Subnets=subnets, SecurityGroups=["sg-00000000"])[0] == "InvalidSecurityGroup"
    assert "gateway" in fault(create, Name=other, Subnets=subnets, Type="gateway")[1]
    for bad in ("internal-x", "-x", "a_b", "x" * 33):
        assert fault(create, Name=bad, Subnets=subnets)[0] == "ValidationError"
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    assert fault(create, Name=other, Subnets=subnets, Tags=tags)[0] == "DuplicateTagKeys"


def test_attributes_are_kept_or_refused(elb, balancer):
    arn = balancer["LoadBalancerArn"]

    def modify(key, value):
        return elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])

    modify("idle_timeout.timeout_seconds", "30")
    modify("deletion_protection.enabled", "true")
    described = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    values = {each["Key"]: each["Value"] for each in described}
    assert values["idle_timeout.timeout_seconds"] == "30"
    assert values["routing.http2.enabled"] == "true"
    code, message = fault(elb.delete_load_balancer, LoadBalancerArn=arn)
    assert (code, "deletion protection" in message) == ("OperationNotPermitted", True)
    modify("deletion_protection.enabled", "false")
    for key, value in [("idle_timeout.timeout_seconds", "0"), ("access_logs.s3.enabled", "true")]:
        with pytest.raises(ClientError, match="InvalidConfigurationRequest"):
            modify(key, value)
    with pytest.raises(ClientError, match="not recognized"):
        modify("no.such.key", "1")


def test_traffic_reaches_healthy_targets_and_waiters_see_it(elb, balancer, group, target, port):
    arn, one = group(), target("one")
    elb.register_targets(TargetGroupArn=arn, Targets=[one.target])
    assert state(elb, arn) == ["unused"]
    listen(elb, balancer, port, forward(arn))
    healthy(elb, arn)
    elb.get_waiter("target_in_service").wait(TargetGroupArn=arn, Targets=[one.target])
    assert get(balancer, port) == (200, "one")
    elb.deregister_targets(TargetGroupArn=arn, Targets=[one.target])
    wait_until(lambda: state(elb, arn, one.target) == ["unused"])
    elb.get_waiter("target_deregistered").wait(TargetGroupArn=arn, Targets=[one.target])
    assert get(balancer, port)[0] == 503


def test_draining_waits_for_a_running_request(elb, balancer, group, target, port):
    arn, slow = group(), target("slow")
    elb.register_targets(TargetGroupArn=arn, Targets=[slow.target])
    listen(elb, balancer, port, forward(arn))
    healthy(elb, arn)
    slow.delay_s = 2
    answers = []
    running = threading.Thread(target=lambda: answers.append(get(balancer, port)))
    running.start()
    time.sleep(0.5)
    elb.deregister_targets(TargetGroupArn=arn, Targets=[slow.target])
    found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert found[0]["TargetHealth"]["State"] == "draining"
    assert found[0]["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
    running.join()
    assert answers == [(200, "slow")]
    wait_until(lambda: state(elb, arn) == [])


def test_draining_ends_with_the_delay(elb, balancer, group, target, port):
    arn, slow = group(), target("slow")
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
    elb.register_targets(TargetGroupArn=arn, Targets=[slow.target])
    listen(elb, balancer, port, forward(arn))
    healthy(elb, arn)
    slow.delay_s = 6

    def cut():
        with contextlib.suppress(http.client.HTTPException, OSError):
            get(balancer, port)

    running = threading.Thread(target=cut)
    running.start()
    time.sleep(0.3)
    elb.deregister_targets(TargetGroupArn=arn, Targets=[slow.target])
    wait_until(lambda: state(elb, arn) == [], timeout_s=4)
    running.join()


def test_reasons_are_given_for_unhealthy_targets(elb, balancer, group, target, port):
    arn, bad = group(UnhealthyThresholdCount=2), target("bad")
    bad.health = 404
    elb.register_targets(TargetGroupArn=arn, Targets=[bad.target])
    listen(elb, balancer, port, forward(arn))
    assert state(elb, arn) == ["initial"]
    wait_until(lambda: state(elb, arn) == ["unhealthy"])
    (found,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert found["TargetHealth"]["Reason"] == "Target.ResponseCodeMismatch"
    assert found["TargetHealth"]["Description"] == "Health checks failed with these codes: [404]"
    assert found["HealthCheckPort"] == str(bad.target["Port"])
    elb.modify_target_group(TargetGroupArn=arn, Matcher={"HttpCode": "200,404"})
    wait_until(lambda: state(elb, arn) == ["healthy"], timeout_s=40)
