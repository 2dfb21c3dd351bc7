"""Rules, weights, and what is refused."""

import time

import pytest
from tests.api.elbv2.asking import fault, fixed, forward, get, healthy, listen, state
from tests.support.server import wait_until


def test_modifying_weights_moves_traffic_at_once(elb, balancer, group, target, port):
    blue, green = group(), group()
    for arn, name in ((blue, "blue"), (green, "green")):
        elb.register_targets(TargetGroupArn=arn, Targets=[target(name).target])
    listener = listen(elb, balancer, port, forward((blue, 100), (green, 0)))
    healthy(elb, blue)
    healthy(elb, green)
    wait_until(lambda: get(balancer, port)[0] == 200)
    for weights, expected in [((0, 1), {"green"}), ((1, 0), {"blue"}), ((50, 50), {"blue", "green"})]:
        actions = forward((blue, weights[0]), (green, weights[1]))
        elb.modify_listener(ListenerArn=listener, DefaultActions=actions)
        assert {get(balancer, port)[1] for _ in range(25)} == expected
    described = elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["DefaultActions"][0]
    weights = {each["TargetGroupArn"]: each["Weight"] for each in described["ForwardConfig"]["TargetGroups"]}
    assert weights == {blue: 50, green: 50}
    assert "TargetGroupArn" not in described


def test_rules_decide_by_priority(elb, balancer, port):
    listener = listen(elb, balancer, port, fixed(404, "default"))

    def rule(priority, actions, *conditions):
        made = elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=list(conditions), Actions=actions)
        return made["Rules"][0]["RuleArn"]

    path = {"Field": "path-pattern", "Values": ["/a/*"]}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-V", "Values": ["2"]}}
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "3"}]}}
    first, second = rule(10, fixed(200, "path"), path), rule(20, fixed(200, "header"), path, header)
    rule(30, fixed(200, "query"), query)
    redirect = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Path": "/new"}}
    rule(40, [redirect], {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/old"]}})
    assert get(balancer, port, "/a/b", x_v="2") == (200, "path")
    elb.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 20}, {"RuleArn": second, "Priority": 10}])
    assert get(balancer, port, "/a/b", x_v="2") == (200, "header")
    assert get(balancer, port, "/a/b") == (200, "path")
    assert get(balancer, port, "/?v=3") == (200, "query")
    assert get(balancer, port, "/old")[0] == 301
    assert get(balancer, port) == (404, "default")
    listed = elb.describe_rules(ListenerArn=listener)["Rules"]
    assert [each["Priority"] for each in listed] == ["10", "20", "30", "40", "default"]
    assert listed[1]["Conditions"] == [{**path, "PathPatternConfig": {"Values": ["/a/*"]}}]
    elb.modify_rule(RuleArn=first, Actions=fixed(201, "changed"))
    assert get(balancer, port, "/a/b") == (201, "changed")
    elb.delete_rule(RuleArn=first)
    assert get(balancer, port, "/a/b") == (404, "default")
    code, message = fault(elb.create_rule, ListenerArn=listener, Priority=10, Conditions=[path], Actions=fixed(200))
    assert (code, message) == ("PriorityInUse", "Priority '10' is currently in use")
    default = listed[-1]["RuleArn"]
    assert fault(elb.delete_rule, RuleArn=default) == (
        "OperationNotPermitted",
        f"Default rule '{default}' cannot be deleted",
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"Field": "no-such-field", "Values": ["x"]},
        {"Field": "path-pattern"},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["not a network"]}},
        {"Field": "host-header", "Values": ["a b"]},
        {"Field": "path-pattern", "Values": ["/a", "/b", "/c", "/d", "/e", "/f"]},
        {"Field": "http-header", "HttpHeaderConfig": {"Values": ["x"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get it"]}},
    ],
)
def test_conditions_that_make_no_sense_are_refused(elb, balancer, port, condition):
    listener = listen(elb, balancer, port, fixed(200))
    code, _ = fault(elb.create_rule, ListenerArn=listener, Priority=1, Conditions=[condition], Actions=fixed(200))
    assert code == "ValidationError"


def test_actions_that_make_no_sense_are_refused(elb, balancer, group, port):
    arn = group()
    missing = f"{arn[:-4]}ffff"

    def refused(actions):
        params = {"LoadBalancerArn": balancer["LoadBalancerArn"], "Protocol": "HTTP", "Port": port}
        return fault(elb.create_listener, **params, DefaultActions=actions)[0]

    assert refused(forward(missing)) == "TargetGroupNotFound"
    assert refused(forward((arn, 1000))) == "ValidationError"
    assert refused(forward((arn, 1), (arn, 2))) == "InvalidLoadBalancerAction"
    assert refused([{"Type": "forward"}]) == "ValidationError"
    assert refused([*fixed(200), *fixed(200)]) == "InvalidLoadBalancerAction"
    assert refused([{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]) == "InvalidLoadBalancerAction"
    assert not elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]


def test_target_groups_and_listeners_that_cannot_be_are_refused(elb, network, balancer, group, port, name):
    base = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": network[0], "TargetType": "ip"}
    create = elb.create_target_group
    assert "TargetType=ip" in fault(create, **{**base, "TargetType": "lambda"})[1]
    assert fault(create, **{**base, "VpcId": "vpc-00000000"})[0] == "ValidationError"
    assert fault(create, **base, HealthCheckPath="health")[0] == "ValidationError"
    assert fault(create, **base, Matcher={"HttpCode": "700"})[0] == "ValidationError"
    assert fault(create, **base, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=5)[0] == "ValidationError"
    arn = group(Name=name)
    assert fault(create, **{**base, "Port": 81})[0] == "DuplicateTargetGroupName"
    listener = listen(elb, balancer, port, forward(arn))
    assert fault(elb.delete_target_group, TargetGroupArn=arn)[0] == "ResourceInUse"
    params = {"LoadBalancerArn": balancer["LoadBalancerArn"], "Port": port, "DefaultActions": forward(arn)}
    assert fault(elb.create_listener, **params, Protocol="HTTP")[0] == "DuplicateListener"
    assert "certificate" in fault(elb.create_listener, **{**params, "Port": port + 1}, Protocol="HTTPS")[1]
    assert fault(elb.register_targets, TargetGroupArn=arn, Targets=[{"Id": "nonsense"}])[0] == "ValidationError"
    assert fault(elb.register_targets, TargetGroupArn=arn, Targets=[{"Id": "8.8.8.8"}])[0] == "InvalidTarget"
    for call, params, code in [
        (elb.describe_target_health, {"TargetGroupArn": f"{arn[:-4]}ffff"}, "TargetGroupNotFound"),
        (elb.describe_rules, {"ListenerArn": f"{listener[:-4]}ffff"}, "ListenerNotFound"),
        (elb.describe_load_balancer_attributes, {"LoadBalancerArn": "nonsense"}, "ValidationError"),
    ]:
        assert fault(call, **params)[0] == code


def test_a_target_group_belongs_to_one_load_balancer(elb, network, balancer, group, port, name):
    arn = group()
    listen(elb, balancer, port, forward(arn))
    other = elb.create_load_balancer(Name=f"o{name[:30]}", Subnets=network[1])["LoadBalancers"][0]
    try:
        params = {"LoadBalancerArn": other["LoadBalancerArn"], "Protocol": "HTTP", "Port": port}
        code, _ = fault(elb.create_listener, **params, DefaultActions=forward(arn))
        assert code == "TargetGroupAssociationLimit"
    finally:
        elb.delete_load_balancer(LoadBalancerArn=other["LoadBalancerArn"])


def test_a_target_registered_without_a_port_uses_the_groups(elb, group):
    arn = group(Port=8123)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.1.2.3"}])
    (found,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert found["Target"]["Port"] == 8123
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.1.2.3"}])
    assert state(elb, arn) == []
    assert state(elb, arn, {"Id": "10.1.2.3", "Port": 8123}) == ["unused"]


def test_tags_and_pages(elb, balancer, group, port):
    arns = [group() for _ in range(3)]
    listener = listen(elb, balancer, port, fixed(200))
    for arn in (balancer["LoadBalancerArn"], arns[0], listener):
        elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "team", "Value": "a"}, {"Key": "x", "Value": ""}])
        elb.remove_tags(ResourceArns=[arn], TagKeys=["x"])
        described = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        assert described == [{"ResourceArn": arn, "Tags": [{"Key": "team", "Value": "a"}]}]
    pages = elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 1})
    seen = [each["TargetGroupArn"] for page in pages for each in page["TargetGroups"]]
    assert set(arns) <= set(seen)
    assert len(seen) == len(set(seen))
    assert fault(elb.describe_target_groups, Marker="nonsense")[0] == "ValidationError"
    assert {each["Name"] for each in elb.describe_account_limits()["Limits"]} > {"targets-per-target-group"}


def test_failures_of_targets_are_in_cloudwatch_within_seconds(aws, elb, balancer, group, target, port):
    arn, one = group(), target("one")
    elb.register_targets(TargetGroupArn=arn, Targets=[one.target])
    listen(elb, balancer, port, forward(arn))
    healthy(elb, arn)
    wait_until(lambda: get(balancer, port)[0] == 200)
    one.status = 500
    for _ in range(5):
        assert get(balancer, port)[0] == 500
    began = time.monotonic()
    whole = {"Name": "LoadBalancer", "Value": balancer["LoadBalancerArn"].split(":loadbalancer/")[1]}
    part = {"Name": "TargetGroup", "Value": arn.rsplit(":", 1)[1]}

    def total(metric, *dimensions, statistic="Sum"):
        now = time.time()
        found = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=metric,
            Dimensions=list(dimensions),
            StartTime=now - 60,
            EndTime=now + 10,
            Period=10,
            Statistics=[statistic],
        )["Datapoints"]
        return sum(point[statistic] for point in found)

    wait_until(lambda: total("HTTPCode_Target_5XX_Count", whole, part) == 5, timeout_s=5)
    assert time.monotonic() - began < 3
    assert total("HTTPCode_Target_5XX_Count", whole) == 5
    assert total("RequestCount", whole) >= 6
    assert total("TargetResponseTime", whole, part, statistic="SampleCount") >= 6
    wait_until(lambda: total("HealthyHostCount", whole, part, statistic="Maximum") == 1, timeout_s=8)
