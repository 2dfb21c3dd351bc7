"""A service of version "1" behind a load balancer on a real engine, and load on it."""

import collections
import contextlib
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid

from tests.support.server import wait_until

PYTHON = "public.ecr.aws/docker/library/python:3.11-slim"
APP = """
import http.server, os, signal, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ["VERSION"].encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("", 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving", os.environ["VERSION"], flush=True)
server.serve_forever()
print("bye", flush=True)
"""


def instance_of(server) -> str:
    text = (server.data_dir / "root-key.toml").read_text()
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("instance_id"))


def empty(server, cluster) -> None:
    ecs = server.client("ecs")
    for arn in ecs.list_services(cluster=cluster)["serviceArns"]:
        ecs.delete_service(cluster=cluster, service=arn, force=True)
    for arn in ecs.list_tasks(cluster=cluster)["taskArns"]:
        ecs.stop_task(cluster=cluster, task=arn)
    wait_until(lambda: not ours(server), 40, what="all containers are gone")


def ours(server) -> list[str]:
    command = [
        "docker",
        "ps",
        "-a",
        "--format",
        "{{.Names}}",
        "--filter",
        f"label=trunkline.instance={instance_of(server)}",
    ]
    return [
        name
        for name in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        if "-ecs-" in name
    ]


class Site:
    """A service of version "1" behind a load balancer."""

    def __init__(self, server, count=2, **more):
        self.server = server
        self.name = f"t-{uuid.uuid4().hex[:8]}"
        self.ecs, self.elb = server.client("ecs"), server.client("elbv2")
        subnets = [one["SubnetId"] for one in server.client("ec2").describe_subnets()["Subnets"]]
        vpc = server.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        self.network = {"awsvpcConfiguration": {"subnets": subnets}}
        self.balancer = self.elb.create_load_balancer(Name=self.name, Subnets=subnets[:2])["LoadBalancers"][0]
        self.groups = [self._group(vpc, colour) for colour in ("blue", "green")]
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=9080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups[0]}],
        )["Listeners"][0]["ListenerArn"]
        self.url = f"http://{self.balancer['DNSName']}:9080/"
        self.ecs.create_cluster(clusterName=self.name)
        self.ecs.create_service(
            cluster=self.name, serviceName=self.name, taskDefinition=self.register("1"), desiredCount=count,
            launchType="FARGATE", networkConfiguration=self.network,
            loadBalancers=[self.behind(self.groups[0])], **more,
        )  # fmt: skip

    def _group(self, vpc, colour):
        arn = self.elb.create_target_group(
            Name=f"{self.name}-{colour}", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
        self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
        return arn

    def behind(self, group):
        return {"targetGroupArn": group, "containerName": "web", "containerPort": 8080}

    def register(self, version):
        return self.ecs.register_task_definition(
            family=self.name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
            containerDefinitions=[
                {
                    "name": "web",
                    "image": PYTHON,
                    "command": ["python3", "-c", APP],
                    "environment": [{"name": "VERSION", "value": version}],
                    "portMappings": [{"containerPort": 8080}],
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip

    def service(self):
        return self.server.client("ecs").describe_services(cluster=self.name, services=[self.name])["services"][0]

    def answers(self, version):
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=2) as answer:
            return answer.read().decode() == version
        return False

    def delete(self):
        empty(self.server, self.name)
        self.elb.delete_load_balancer(LoadBalancerArn=self.balancer["LoadBalancerArn"])


class Load:
    """Requests without pause on new connections; every outcome is counted."""

    def __init__(self, url, threads=3):
        self.url, self.tally, self._over = url, collections.Counter(), threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def _run(self):
        while not self._over.is_set():
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:
                    self.tally[answer.read().decode()] += 1
            except urllib.error.HTTPError as error:
                self.tally[f"status {error.code}"] += 1
            except OSError as error:
                self.tally[repr(error)] += 1
            time.sleep(0.005)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        for thread in self._threads:
            thread.join()
