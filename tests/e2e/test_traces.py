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
PYTHON = "public.ecr.aws/docker/library/python:3.11-slim"
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


SENDS = """
import json, os, secrets, socket, time
host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    now = time.time()
    told = {"name": "web", "id": secrets.token_hex(8), "trace_id": f"1-{int(now):08x}-{secrets.token_hex(12)}",
            "start_time": now, "end_time": now}
    door.sendto(('{"format":"json","version":1}\\n' + json.dumps(told)).encode(), (host, int(port)))
    time.sleep(0.2)
"""


def test_segments_know_whether_they_are_blue_or_green(server):
    ecs, ec2, xray = server.client("ecs"), server.client("ec2"), server.client("xray")
    name = f"t-{uuid.uuid4().hex[:8]}"
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    where = {"cluster": name, "service": name}
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(
        family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[{"name": "web", "image": PYTHON, "command": ["python3", "-c", SENDS]}],
    )  # fmt: skip
    ecs.create_service(
        cluster=name, serviceName=name, desiredCount=1, deploymentController={"type": "EXTERNAL"}
    )  # fmt: skip
    for deployment in ("blue", "green"):
        made = ecs.create_task_set(
            **where,
            taskDefinition=name,
            launchType="FARGATE",
            externalId=f"d-{deployment}-{name}",
            scale={"value": 100, "unit": "PERCENT"},
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        )["taskSet"]
        if deployment == "blue":
            ecs.update_service_primary_task_set(**where, primaryTaskSet=made["id"])

    def colors(deployment):
        now = datetime.now(UTC)
        found = xray.get_trace_summaries(
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(seconds=2),
            FilterExpression=f'annotation.deployment = "d-{deployment}-{name}"',
        )["TraceSummaries"]
        return {one["AnnotationValue"]["StringValue"] for each in found for one in each["Annotations"]["color"]}

    for color in ("blue", "green"):
        assert wait_until(lambda color=color: colors(color), timeout_s=60, what=f"a {color} trace") == {color}
    ecs.delete_service(**where, force=True)
