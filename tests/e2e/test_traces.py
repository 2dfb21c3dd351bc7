"""examples/traces as a user has it: images built, template deployed, orders placed; then one service map of them."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.server import Server, wait_until
from tests.support.vendoring import vendor
from trunkline.engines.networks.linux import missing

pytestmark = [
    pytest.mark.docker,
    pytest.mark.haproxy,
    pytest.mark.timeout(240),
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]
EXAMPLE = Path(__file__).parents[2] / "examples" / "traces"
FINE, REFUSED = 8, 4
COMMIT = uuid.uuid4().hex[:11] + "c"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("traces") / "data", containers="docker", proxy="haproxy", clock=60).start()
    yield running
    running.remove()


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The images of the two services, gone afterwards."""
    built = {}
    for service in ("shop", "payments"):
        place = tmp_path_factory.mktemp("image") / service
        shutil.copytree(EXAMPLE / service, place)
        vendor(place / "requirements.txt", place / "packages")
        built[service] = f"traces-{service}:{COMMIT}"
        subprocess.run(
            ["docker", "build", "-q", "-t", built[service], str(place)], check=True, capture_output=True,
            env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )  # fmt: skip
    yield built
    subprocess.run(["docker", "rmi", "-f", *built.values()], check=False, capture_output=True)


@pytest.fixture(scope="module")
def stack(server, images):
    """The template's stack, by its name."""
    ec2, stacks = server.client("ec2"), server.client("cloudformation")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    zones = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    values = {
        "Vpc": vpc,
        "Subnets": ",".join([zones[zone] for zone in sorted(zones)][:2]),
        "ShopImage": images["shop"],
        "PaymentsImage": images["payments"],
    }
    code = json.dumps((EXAMPLE / "risk" / "index.py").read_text())
    template = (EXAMPLE / "template.yaml").read_text().replace('{ ZipFile: "" }', f"{{ ZipFile: {code} }}")
    name = f"t-{uuid.uuid4().hex[:8]}"
    stacks.create_stack(
        StackName=name,
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
    )
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    return name


@pytest.fixture(scope="module")
def url(server, stack):
    """Where the shop answers: port 80, or 8080 for a plain user."""
    balancer = server.client("elbv2").describe_load_balancers(Names=[stack])["LoadBalancers"][0]
    return f"http://{balancer['DNSName']}:{8080 if 'Reason' in balancer['State'] else 80}"


def order(url, amount):
    """Place one, sampled: its trace and how it was answered."""
    root = f"1-{int(datetime.now(UTC).timestamp()):08x}-{uuid.uuid4().hex[:24]}"
    asked = urllib.request.Request(
        f"{url}/order?amount={amount}", headers={"X-Amzn-Trace-Id": f"Root={root};Sampled=1"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return root, answer.status
    except urllib.error.HTTPError as error:
        return root, error.code


class Map:
    """The service graph, by names and types."""

    def __init__(self, xray):
        now = datetime.now(UTC)
        answer = xray.get_service_graph(StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=1))
        named = {one["ReferenceId"]: (one["Name"], one.get("Type", "")) for one in answer["Services"]}
        self.nodes = {named[one["ReferenceId"]]: one for one in answer["Services"]}
        self.edges = {
            (named[one["ReferenceId"]], named[edge["ReferenceId"]]): edge
            for one in answer["Services"]
            for edge in one["Edges"]
        }

    def count(self, name, kind=""):
        node = self.nodes.get((name, kind))
        return node["SummaryStatistics"]["TotalCount"] if node else 0


def test_one_service_map_of_a_load_balancer_two_services_and_a_function(server, url, stack):
    wait_until(lambda: order(url, 1)[1] == 200, timeout_s=60, what="an order")
    placed = [order(url, amount) for amount in [70] * FINE + [700] * REFUSED]
    assert [status for _, status in placed] == [200] * FINE + [500] * REFUSED
    xray, balancer = server.client("xray"), (stack, "AWS::ElasticLoadBalancingV2::LoadBalancer")

    def whole():
        found = Map(xray)
        counts = {found.count(*balancer), found.count("shop"), found.count("payments")}
        return len(counts) == 1 and min(counts) > FINE + REFUSED and found

    found = wait_until(whole, what="the whole service map")
    risk = f"{stack}-risk"
    assert set(found.edges) == {
        ((stack, "client"), balancer),
        (balancer, ("shop", "")),
        (("shop", ""), ("payments", "")),
        (("shop", ""), (risk, "AWS::Lambda")),
        ((risk, "AWS::Lambda"), (risk, "AWS::Lambda::Function")),
    }
    for name, kind in (balancer, ("shop", ""), ("payments", "")):
        assert found.nodes[name, kind]["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == REFUSED
    paid = found.edges[("shop", ""), ("payments", "")]["SummaryStatistics"]
    assert paid["TotalResponseTime"] / paid["TotalCount"] >= 0.05
    assert found.nodes[risk, "AWS::Lambda"]["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 0
    trace = xray.batch_get_traces(TraceIds=[placed[0][0]])["Traces"][0]
    segments = {one["name"]: one for one in (json.loads(each["Document"]) for each in trace["Segments"])}
    for service in ("shop", "payments"):
        told = segments[service]["annotations"]
        assert told["revision"] == f"{stack}-{service}:1"
        assert told["deployment"].startswith("ecs-svc/")
        assert told["commit"] == COMMIT
