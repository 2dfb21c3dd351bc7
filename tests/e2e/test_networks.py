"""Tasks in a VPC of their own, with real containers: where they are, what reaches them, and what they reach."""

import subprocess
import uuid

import pytest

from tests.support.server import Server, wait_until
from trunkline.engines.networks.linux import missing

pytestmark = [
    pytest.mark.docker,
    pytest.mark.haproxy,
    pytest.mark.timeout(180),
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]
PYTHON = "public.ecr.aws/docker/library/python:3.11-slim"
REACH = "import socket,sys;print(socket.create_connection((sys.argv[1],int(sys.argv[2])),2).getsockname()[0])"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(
        tmp_path_factory.mktemp("vpc") / "data", containers="docker", proxy="haproxy", networks="linux", clock=60
    ).start()
    yield running
    running.remove()


class Place:
    """A VPC with two public and one private subnet, a load balancer and its security group."""

    def __init__(self, server, cidr="10.20.0.0/16"):
        self.server, self.name = server, f"t-{uuid.uuid4().hex[:8]}"
        self.ec2, self.ecs, self.elb = (server.client(one) for one in ("ec2", "ecs", "elbv2"))
        base = cidr.split(".0.0/")[0]
        self.vpc = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        zones = [one["ZoneName"] for one in self.ec2.describe_availability_zones()["AvailabilityZones"]]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"{base}.{n}.0/24", AvailabilityZone=zones[n % 2])[
                "Subnet"
            ]["SubnetId"]
            for n in range(3)
        ]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        for subnet in self.subnets[:2]:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        self.balancers, self.tasks = self.group("balancers"), self.group("tasks")
        self.allow(self.balancers, 80, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
        self.ecs.create_cluster(clusterName=self.name)
        self.definition = self.ecs.register_task_definition(
            family=self.name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[
                {
                    "name": "web",
                    "image": PYTHON,
                    "command": ["python3", "-m", "http.server", "8000"],
                    "portMappings": [{"containerPort": 8000}],
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip

    def group(self, name):
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)
        return made["GroupId"]

    def allow(self, group, port, **peers):
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    def network(self, subnets, public="DISABLED"):
        wanted = {"subnets": subnets, "securityGroups": [self.tasks], "assignPublicIp": public}
        return {"awsvpcConfiguration": wanted}

    def run(self, subnet, public="DISABLED"):
        """(private address, container) of a new task."""
        arn = self.ecs.run_task(
            cluster=self.name, taskDefinition=self.definition, launchType="FARGATE",
            networkConfiguration=self.network([subnet], public),
        )["tasks"][0]["taskArn"]  # fmt: skip

        def running():
            task = self.ecs.describe_tasks(cluster=self.name, tasks=[arn])["tasks"][0]
            assert task["lastStatus"] != "STOPPED", task["stoppedReason"]
            return task["lastStatus"] == "RUNNING" and task

        (container,) = wait_until(running, 60)["containers"]
        return container["networkInterfaces"][0]["privateIpv4Address"], container["runtimeId"]


def inside(container, code, *arguments):
    """What Python says in a container; None when it failed."""
    done = subprocess.run(
        ["docker", "exec", container, "python3", "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def reach(container, address, port):
    """The address from which it connected."""
    return inside(container, REACH, address, str(port))


@pytest.fixture(scope="module")
def place(server):
    return Place(server)


def test_a_target_is_healthy_once_its_group_lets_the_load_balancers_group_in(place, server):
    balancer = place.elb.create_load_balancer(
        Name=place.name, Subnets=place.subnets[:2], SecurityGroups=[place.balancers]
    )["LoadBalancers"][0]
    group = place.elb.create_target_group(
        Name=place.name, Protocol="HTTP", Port=8000, VpcId=place.vpc, TargetType="ip",
        HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    place.elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    address, _ = place.run(place.subnets[0])
    assert address.startswith("10.20.0.")
    place.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address}])

    def state():
        (one,) = place.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return one["TargetHealth"]["State"]

    wait_until(lambda: state() == "unhealthy", 30)
    place.allow(place.tasks, 8000, UserIdGroupPairs=[{"GroupId": place.balancers}])
    wait_until(lambda: state() == "healthy", 30)
    url = f"http://{balancer['DNSName']}/"
    assert subprocess.run(["curl", "-sf", "-m", "5", url], check=False, capture_output=True).returncode == 0
    server.kill()  # packets flow without Trunkline
    assert subprocess.run(["curl", "-sf", "-m", "5", url], check=False, capture_output=True).returncode == 0
    server.start()
    wait_until(lambda: state() == "healthy", 30)
    place.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    about = [{"Name": "description", "Values": [f"ELB app/{place.name}/*"]}]
    assert place.ec2.describe_network_interfaces(Filters=about)["NetworkInterfaces"] == []


def test_tasks_meet_as_their_groups_say_and_only_public_ones_get_out(place, server):
    address, public = place.run(place.subnets[1], "ENABLED")
    _, private = place.run(place.subnets[2])
    assert reach(private, address, 8000) is None
    place.allow(place.tasks, 8000, UserIdGroupPairs=[{"GroupId": place.tasks}])
    assert reach(private, address, 8000).startswith("10.20.2.")
    # The address of Docker's bridge is no network of ours: as far away as the internet.
    outside = subprocess.run(
        ["docker", "network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    with subprocess.Popen(["python3", "-m", "http.server", "0", "--bind", outside], stdout=subprocess.PIPE) as listener:
        try:
            assert listener.stdout is not None
            port = _port_of(listener.pid)
            assert reach(public, outside, port)
            assert reach(private, outside, port) is None
        finally:
            listener.kill()
    check = "import os,urllib.request as u;print(u.urlopen(os.environ['AWS_ENDPOINT_URL']+'/_trunkline/health').status)"
    assert inside(private, check) == "200"
    name = f"import socket;print(socket.gethostbyname('ip-{address.replace('.', '-')}.ec2.internal'))"
    assert inside(private, name) == address


def test_another_vpc_with_the_same_cidr_is_another_world(place, server):
    twin = Place(server)
    twin.allow(twin.tasks, 8000, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    address, _ = twin.run(twin.subnets[0])
    _, beside = twin.run(twin.subnets[2])
    assert reach(beside, address, 8000)
    assert address.split(".")[:3] == place.run(place.subnets[0])[0].split(".")[:3]


def _port_of(pid):
    def listening():
        sockets = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout.splitlines()
        return next((line.split()[3].rpartition(":")[2] for line in sockets if f"pid={pid}," in line), None)

    return int(wait_until(listening, 10))
