"""Elastic Load Balancing as boto3 sees it."""

import contextlib
import http.client
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


class Target(ThreadingHTTPServer):
    """A target: answers with its name; `status` and `health` may be changed."""

    daemon_threads = True

    def __init__(self, name):
        self.name, self.status, self.health, self.delay_s = name, 200, 200, 0.0
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def target(self):
        return {"Id": "127.0.0.1", "Port": self.server_address[1]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        health = self.path == "/health"
        if not health:
            time.sleep(self.server.delay_s)
        body = self.server.name.encode()
        self.send_response(self.server.health if health else self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


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


def forward(*groups):
    """One target group, or pairs of target group and weight."""
    if isinstance(groups[0], str):
        return [{"Type": "forward", "TargetGroupArn": groups[0]}]
    targets = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": targets}}]


def fixed(status, body=""):
    return [
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": str(status), "MessageBody": body, "ContentType": "text/plain"},
        }
    ]


def listen(elb, balancer, port, actions):
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=actions
    )
    return made["Listeners"][0]["ListenerArn"]


def get(balancer, port, path="/", **headers):
    connection = http.client.HTTPConnection(balancer["DNSName"], port, timeout=10)
    try:
        connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def state(elb, group_arn, target=None):
    asked = {"Targets": [target]} if target else {}
    found = elb.describe_target_health(TargetGroupArn=group_arn, **asked)["TargetHealthDescriptions"]
    return [each["TargetHealth"]["State"] for each in found]


def healthy(elb, group_arn):
    wait_until(lambda: set(state(elb, group_arn)) == {"healthy"}, what="healthy targets")


def fault(call, **params):
    with pytest.raises(ClientError) as raised:
        call(**params)
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]


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
    assert "network" in fault(create, Name=other, Subnets=subnets, Type="network")[1]
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
    without_type = {key: value for key, value in base.items() if key != "TargetType"}
    assert "TargetType=ip" in fault(create, **without_type)[1]
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
