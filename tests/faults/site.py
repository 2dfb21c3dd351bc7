"""An ECS service behind a load balancer with CodeDeploy in front of it, made through the AWS API."""

import json
from typing import Any

from tests.faults.kills import counts
from tests.support import ledger
from tests.support.server import ACCOUNT, REGION, Server, wait_until

Doc = dict[str, Any]
PORT = 8000
CONFIG = "Trunkline.ECSSteps10Percent50PercentEvery1Minutes"
IMAGE = "public.ecr.aws/docker/library/python:3.11-slim"
SERVICE_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/web"
_CLIENTS: dict[tuple[str, str], Any] = {}
_TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {}}]}
_SERVER = (
    "import http.server,sys\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    " protocol_version='HTTP/1.1'\n"
    " def do_GET(self):\n"
    "  body=sys.argv[1].encode()\n"
    "  self.send_response(200); self.send_header('Content-Length',str(len(body))); self.end_headers()\n"
    "  self.wfile.write(body)\n"
    " def log_message(self,*a): pass\n"
    "http.server.ThreadingHTTPServer(('',8000),H).serve_forever()"
)


def client(server: Server, service: str) -> Any:
    """One client a service and server: making one costs more than what it is asked."""
    place = (server.endpoint, service)
    if place not in _CLIENTS:
        _CLIENTS[place] = server.client(service)
    return _CLIENTS[place]


def role(server: Server, name: str, service: str, *policies: str) -> str:
    trust = json.loads(json.dumps(_TRUST))
    trust["Statement"][0]["Principal"] = {"Service": service}
    iam = client(server, "iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    for policy in policies:
        if policy.startswith("arn:"):
            iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        else:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy)
    return str(arn)


def container(server: Server, version: str) -> Doc:
    """A container that serves its version, in the words of the driver in use."""
    command = ["python3", "-c", _SERVER, version]
    if server.settings["containers"] == "fake":
        command = ["sh", "-c", f"serve {PORT} 200 {version}"]
    return {
        "name": "web",
        "image": IMAGE,
        "essential": True,
        "command": command,
        "portMappings": [{"containerPort": PORT, "protocol": "tcp"}],
        "environment": [{"name": "VERSION", "value": version}],
    }


def task_definition(server: Server, version: str) -> Doc:
    return {
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [container(server, version)],
    }


class Service:
    """`make` builds everything and waits until version 1 serves."""

    def __init__(self) -> None:
        self.listener = ""
        self.groups: dict[str, str] = {}
        self.task_definitions: dict[str, str] = {}

    def make(self, server: Server) -> None:
        ec2, elb, ecs = (client(server, name) for name in ("ec2", "elbv2", "ecs"))
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        mine = [{"Name": "vpc-id", "Values": [vpc]}]
        subnets = [one["SubnetId"] for one in ec2.describe_subnets(Filters=mine)["Subnets"]][:2]
        security = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"]
        balancer = elb.create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[security])
        balancer_arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        for name in ("blue", "green"):
            group = elb.create_target_group(
                Name=name,
                Protocol="HTTP",
                Port=PORT,
                VpcId=vpc,
                TargetType="ip",
                HealthCheckIntervalSeconds=5,
                HealthCheckTimeoutSeconds=2,
                HealthyThresholdCount=2,
            )["TargetGroups"][0]["TargetGroupArn"]
            elb.modify_target_group_attributes(
                TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
            )
            self.groups[name] = group
        self.listener = elb.create_listener(
            LoadBalancerArn=balancer_arn,
            Protocol="HTTP",
            Port=8080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups["blue"]}],
        )["Listeners"][0]["ListenerArn"]
        for version in ("v1", "v2"):
            made = ecs.register_task_definition(**task_definition(server, version))
            self.task_definitions[version] = made["taskDefinition"]["taskDefinitionArn"]
        ecs.create_cluster(clusterName="main")
        network = {"subnets": subnets, "securityGroups": [security], "assignPublicIp": "ENABLED"}
        ecs.create_service(
            cluster="main",
            serviceName="web",
            taskDefinition=self.task_definitions["v1"],
            desiredCount=1,
            launchType="FARGATE",
            deploymentController={"type": "CODE_DEPLOY"},
            networkConfiguration={"awsvpcConfiguration": network},
            loadBalancers=[
                {"targetGroupArn": self.groups["blue"], "containerName": "web", "containerPort": PORT},
            ],
        )
        self.make_group(server)
        wait_until(lambda: self.running(server) == 1 and self.is_healthy(server, "blue"), 60, what="version 1 serves")

    def make_group(self, server: Server) -> None:
        deploy = client(server, "codedeploy")
        managed = "arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS"
        role_arn = role(server, "codedeploy", "codedeploy.amazonaws.com", managed)
        deploy.create_application(applicationName="web", computePlatform="ECS")
        deploy.create_deployment_group(
            applicationName="web",
            deploymentGroupName="prod",
            serviceRoleArn=role_arn,
            deploymentConfigName=CONFIG,
            ecsServices=[{"serviceName": "web", "clusterName": "main"}],
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            loadBalancerInfo={
                "targetGroupPairInfoList": [
                    {
                        "targetGroups": [{"name": "blue"}, {"name": "green"}],
                        "prodTrafficRoute": {"listenerArns": [self.listener]},
                    }
                ]
            },
            autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        )

    def appspec(self, definition: str) -> str:
        balancer = {"ContainerName": "web", "ContainerPort": PORT}
        properties = {"TaskDefinition": definition, "LoadBalancerInfo": balancer}
        target = {"Type": "AWS::ECS::Service", "Properties": properties}
        return json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})

    # looking ---------------------------------------------------------------------------------------------------------

    def running(self, server: Server) -> int:
        return int(self._described(server)["runningCount"])

    def _described(self, server: Server) -> Doc:
        found: Doc = client(server, "ecs").describe_services(cluster="main", services=["web"])["services"][0]
        return found

    def is_healthy(self, server: Server, group: str) -> bool:
        answer = client(server, "elbv2").describe_target_health(TargetGroupArn=self.groups[group])
        states = [one["TargetHealth"]["State"] for one in answer["TargetHealthDescriptions"]]
        return states == ["healthy"]

    def is_settled(self, server: Server) -> bool:
        """One task set, one running task."""
        found = self._described(server)
        return len(found["taskSets"]) == 1 and found["runningCount"] == 1 and found["pendingCount"] == 0

    def end(self, server: Server) -> Doc:
        """How the deployments ended, as ECS, the load balancer, CodeDeploy and the ledger have it."""
        deploy = client(server, "codedeploy")
        listed = deploy.list_deployments(applicationName="web", deploymentGroupName="prod")["deployments"]
        infos = [deploy.get_deployment(deploymentId=one)["deploymentInfo"] for one in listed]
        primary = self._described(server)["taskSets"][0]
        actions = client(server, "elbv2").describe_listeners(ListenerArns=[self.listener])["Listeners"][0]
        forward = actions["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        tasks = client(server, "ecs").list_tasks(cluster="main", serviceName="web")["taskArns"]
        shifts = ledger.events(server, "Traffic Shift")
        states = ledger.events(server, "CodeDeploy Deployment State-change Notification")
        return {
            "deployments": sorted(f"{one['creator']} {one['status']}" for one in infos),
            "errors": [one["errorInformation"]["message"] for one in infos if "errorInformation" in one],
            "primary": (primary["status"], primary["taskDefinition"].rpartition(":")[2]),
            "weights": sorted((one["TargetGroupArn"].split("/")[1], one["Weight"]) for one in forward),
            "tasks": len(tasks),
            "shifts": [(one["reason"], one["weights"]["replacement"]) for one in shifts],
            "states": [one["state"] for one in states],
            "unfinished_workflows": unfinished(server),
        }


def unfinished(server: Server) -> dict[str, int]:
    """Names of workflows that still run."""
    import sqlite3

    with sqlite3.connect(f"file:{server.data_dir}/state.db?mode=ro", uri=True) as db:
        return counts(row[0] for row in db.execute("SELECT name FROM workflows WHERE status = 'RUNNING'"))
