"""The delivery path for `examples/hello`, made with the AWS API as a user would make it."""

import json
from dataclasses import dataclass
from typing import Any

from trunkline.cli.endpoint import Endpoint

NAME = "hello"
CANARY = "Trunkline.ECSSteps10Percent50PercentEvery1Minutes"

AT_ONCE = "CodeDeployDefault.ECSAllAtOnce"
_PLACEHOLDER = """
import os, signal
from http.server import *
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.send_header("X-Version", "0")
        self.end_headers()
    def log_message(self, *a): pass
ThreadingHTTPServer(("", 8080), H).serve_forever()
"""


@dataclass(frozen=True)
class Path:
    """What the rest of the demo needs to know of it."""

    clone_url: str
    host: str
    port: int
    load_balancer: str
    target_groups: tuple[str, str]


def create(at: Endpoint) -> Path:
    """Make all of it; returns when the service's load balancer is there."""
    roles = _roles(at)
    repository = at.client("codecommit").create_repository(repositoryName=NAME)["repositoryMetadata"]
    image = at.client("ecr").create_repository(repositoryName=NAME)["repository"]["repositoryUri"]
    at.client("s3").create_bucket(Bucket="hello-artifacts")
    at.client("logs").create_log_group(logGroupName=f"/ecs/{NAME}")
    _project(at, roles["build"], image)
    balancer, groups, listener = _load_balancer(at)
    _alarm(at, balancer["LoadBalancerArn"])
    _service(at, roles["execution"], groups)
    _deployment_group(at, roles["deploy"], groups, listener)
    _pipeline(at, roles["pipeline"])
    described = at.client("elbv2").describe_listeners(ListenerArns=[listener])["Listeners"][0]
    return Path(
        repository["cloneUrlHttp"],
        balancer["DNSName"],
        described["Port"],
        balancer["LoadBalancerArn"],
        (groups[0], groups[1]),
    )


def _roles(at: Endpoint) -> dict[str, str]:
    iam = at.client("iam")
    wanted = {
        "build": ("codebuild.amazonaws.com", ["logs:*", "s3:*", "ecr:*", "codebuild:*"]),
        "execution": ("ecs-tasks.amazonaws.com", ["ecr:*", "logs:*"]),
        "deploy": (
            "codedeploy.amazonaws.com",
            ["ecs:*", "elasticloadbalancing:*", "cloudwatch:DescribeAlarms", "iam:PassRole", "sns:Publish", "s3:Get*"],
        ),
        "pipeline": (
            "codepipeline.amazonaws.com",
            ["codecommit:*", "codebuild:*", "codedeploy:*", "ecs:*", "s3:*", "iam:PassRole", "sns:Publish"],
        ),
    }
    made = {}
    for name, (service, actions) in wanted.items():
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=f"{NAME}-{name}", AssumeRolePolicyDocument=_policy(trust))["Role"]
        allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_role_policy(RoleName=f"{NAME}-{name}", PolicyName="work", PolicyDocument=_policy(allow))
        made[name] = role["Arn"]
    return made


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _project(at: Endpoint, role: str, image: str) -> None:
    at.client("codebuild").create_project(
        name=NAME,
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "privilegedMode": True,
            "environmentVariables": [{"name": "REPOSITORY_URI", "value": image}],
        },
        serviceRole=role,
    )


def _network(at: Endpoint) -> tuple[str, list[str], list[str]]:
    ec2 = at.client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    return vpc, [subnet["SubnetId"] for subnet in subnets][:2], [groups[0]["GroupId"]]


def _load_balancer(at: Endpoint) -> tuple[dict[str, Any], list[str], str]:
    elb = at.client("elbv2")
    vpc, subnets, security_groups = _network(at)
    balancer = elb.create_load_balancer(Name=NAME, Subnets=subnets, SecurityGroups=security_groups)["LoadBalancers"][0]
    groups = []
    for colour in ("blue", "green"):
        group = elb.create_target_group(
            Name=f"{NAME}-{colour}", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
        )["TargetGroups"][0]  # fmt: skip
        groups.append(group["TargetGroupArn"])
        elb.modify_target_group_attributes(
            TargetGroupArn=group["TargetGroupArn"],
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
        )
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=8080,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
    )["Listeners"][0]["ListenerArn"]
    return balancer, groups, listener


def _alarm(at: Endpoint, balancer: str) -> None:
    at.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{NAME}-5xx",
        AlarmDescription="The targets answer with errors.",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer.split("loadbalancer/", 1)[1]}],
        Statistic="Sum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=3,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )


def _service(at: Endpoint, execution_role: str, groups: list[str]) -> None:
    """The service as it is before the first deployment: it runs a placeholder, because there is no image yet."""
    ecs = at.client("ecs")
    _, subnets, security_groups = _network(at)
    ecs.create_cluster(clusterName=NAME)
    ecs.register_task_definition(
        family=NAME,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn=execution_role,
        containerDefinitions=[
            {
                "name": NAME,
                "image": "public.ecr.aws/docker/library/python:3.11-slim",
                "command": ["python3", "-c", _PLACEHOLDER],
                "essential": True,
                "portMappings": [{"containerPort": 8080}],
            }
        ],
    )
    ecs.create_service(
        cluster=NAME,
        serviceName=NAME,
        taskDefinition=NAME,
        desiredCount=1,
        launchType="FARGATE",
        deploymentController={"type": "CODE_DEPLOY"},
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": subnets, "securityGroups": security_groups, "assignPublicIp": "ENABLED"}
        },
        loadBalancers=[{"targetGroupArn": groups[0], "containerName": NAME, "containerPort": 8080}],
    )


def _deployment_group(at: Endpoint, role: str, groups: list[str], listener: str) -> None:
    codedeploy = at.client("codedeploy")
    elb = at.client("elbv2")
    names = [group["TargetGroupName"] for group in elb.describe_target_groups(TargetGroupArns=groups)["TargetGroups"]]
    codedeploy.create_application(applicationName=NAME, computePlatform="ECS")
    codedeploy.create_deployment_group(
        applicationName=NAME,
        deploymentGroupName=NAME,
        serviceRoleArn=role,
        deploymentConfigName=AT_ONCE,
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 0},
        },
        autoRollbackConfiguration={
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
        },
        alarmConfiguration={"enabled": True, "alarms": [{"name": f"{NAME}-5xx"}]},
        loadBalancerInfo={
            "targetGroupPairInfoList": [
                {"targetGroups": [{"name": name} for name in names], "prodTrafficRoute": {"listenerArns": [listener]}}
            ]
        },
        ecsServices=[{"serviceName": NAME, "clusterName": NAME}],
    )


def _pipeline(at: Endpoint, role: str) -> None:
    def action(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        return {"name": name, "actionTypeId": kind, "runOrder": 1, **more}

    source = action(
        "Source", "Source", "CodeCommit", outputArtifacts=[{"name": "source"}],
        configuration={"RepositoryName": NAME, "BranchName": "main"},
    )  # fmt: skip
    build = action(
        "Build", "Build", "CodeBuild", inputArtifacts=[{"name": "source"}], outputArtifacts=[{"name": "built"}],
        configuration={"ProjectName": NAME},
    )  # fmt: skip
    approve = action("Approve", "Approval", "Manual")
    deploy = action(
        "Deploy", "Deploy", "CodeDeployToECS", inputArtifacts=[{"name": "built"}],
        configuration={
            "ApplicationName": NAME, "DeploymentGroupName": NAME,
            "TaskDefinitionTemplateArtifact": "built", "TaskDefinitionTemplatePath": "taskdef.json",
            "AppSpecTemplateArtifact": "built", "AppSpecTemplatePath": "appspec.yaml",
            "Image1ArtifactName": "built", "Image1ContainerName": "IMAGE1_NAME",
        },
    )  # fmt: skip
    stages = [{"name": a["name"], "actions": [a]} for a in (source, build, approve, deploy)]
    at.client("codepipeline").create_pipeline(
        pipeline={
            "name": NAME,
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": "hello-artifacts"},
            "stages": stages,
            "pipelineType": "V2",
        }
    )
