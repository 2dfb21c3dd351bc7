"""Every waiter that boto3 has for what Trunkline implements, driven at least once.

They poll every few seconds by themselves: here they look twenty times a second.
"""

import concurrent.futures
import importlib
import inspect
import json

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError, WaiterError
from tests.support.roles import service_role
from tests.support.server import wait_until

from trunkline.server.catalog import SERVICES

FAST = {"Delay": 0.05, "MaxAttempts": 400}
ONCE = {"Delay": 0.05, "MaxAttempts": 2}
DRIVEN: set[str] = set()
NOTHING_TO_WAIT_FOR = {  # DescribeAlarms is there, but alarms of these kinds cannot be made
    "cloudwatch.composite_alarm_exists",
    "cloudwatch.log_alarm_exists",
}


@pytest.fixture
def wait(aws):
    """`wait("s3", "bucket_exists", Bucket=…)`."""

    def waiting(service, waiter, *, config=FAST, **params):
        DRIVEN.add(f"{service}.{waiter}")
        aws(service).get_waiter(waiter).wait(**params, WaiterConfig=config)

    return waiting


@pytest.fixture
def meanwhile():
    """Something done while a waiter waits."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield pool.submit


def test_s3(aws, wait, meanwhile, name):
    s3 = aws("s3")
    wait("s3", "bucket_not_exists", Bucket=name)
    made = meanwhile(wait, "s3", "bucket_exists", Bucket=name)
    s3.create_bucket(Bucket=name)
    made.result()
    wait("s3", "object_not_exists", Bucket=name, Key="a")
    put = meanwhile(wait, "s3", "object_exists", Bucket=name, Key="a")
    s3.put_object(Bucket=name, Key="a", Body=b"")
    put.result()
    gone = meanwhile(wait, "s3", "bucket_not_exists", Bucket=name)
    s3.delete_object(Bucket=name, Key="a")
    s3.delete_bucket(Bucket=name)
    gone.result()
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        wait("s3", "bucket_exists", Bucket=name, config=ONCE)


def test_iam(aws, wait, meanwhile, name):
    iam = aws("iam")
    waiting = [
        meanwhile(wait, "iam", "user_exists", UserName=name),
        meanwhile(wait, "iam", "role_exists", RoleName=name),
        meanwhile(wait, "iam", "instance_profile_exists", InstanceProfileName=name),
        meanwhile(wait, "iam", "policy_exists", PolicyArn=f"arn:aws:iam::000000000000:policy/{name}"),
    ]
    iam.create_user(UserName=name)
    service_role(aws, name, "ec2")
    iam.create_instance_profile(InstanceProfileName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
    for each in waiting:
        each.result()


def test_ec2(aws, wait, name):
    ec2 = aws("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    wait("ec2", "vpc_exists", VpcIds=[vpc])
    wait("ec2", "vpc_available", VpcIds=[vpc])
    wait("ec2", "subnet_available", SubnetIds=[subnet])
    group = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    wait("ec2", "security_group_exists", GroupIds=[group])
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    wait("ec2", "internet_gateway_exists", InternetGatewayIds=[gateway])
    # Interfaces are made for tasks only, and are in use as long as they are there.
    with pytest.raises(WaiterError, match="terminal failure state"):
        wait("ec2", "network_interface_available", NetworkInterfaceIds=["eni-00000000000000000"])


def test_ecr(aws, wait, name):
    ecr = aws("ecr")
    ecr.create_repository(repositoryName=name)
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    }
    ecr.start_lifecycle_policy_preview(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    wait("ecr", "lifecycle_policy_preview_complete", repositoryName=name)


def test_cloudwatch(aws, wait, meanwhile, name):
    made = meanwhile(wait, "cloudwatch", "alarm_exists", AlarmNames=[name])
    aws("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    made.result()


def test_load_balancers_tasks_services_and_deployments(aws, wait, meanwhile, name):
    """From nothing to a shifted service, and away again."""
    ec2, elb, ecs = aws("ec2"), aws("elbv2"), aws("ecs")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    made = meanwhile(wait, "elbv2", "load_balancer_exists", Names=[name])
    balancer = elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    made.result()
    wait("elbv2", "load_balancer_available", LoadBalancerArns=[balancer])
    groups = [
        elb.create_target_group(
            Name=f"{name}-{colour}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        for colour in "ab"
    ]  # fmt: skip
    listener = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=8080,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip

    ecs.create_cluster(clusterName=name)
    container = {
        "name": "web", "image": "public.ecr.aws/docker/library/debian:12-slim", "essential": True,
        "command": ["sh", "-c", "serve 8000 200 ok"], "portMappings": [{"containerPort": 8000}],
    }  # fmt: skip
    for _ in range(2):
        ecs.register_task_definition(
            family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[container],
        )  # fmt: skip
    network = {"awsvpcConfiguration": {"subnets": subnets}}
    fargate = {"cluster": name, "launchType": "FARGATE", "networkConfiguration": network, "taskDefinition": f"{name}:1"}
    task = ecs.run_task(**fargate)["tasks"][0]["taskArn"]
    wait("ecs", "tasks_running", cluster=name, tasks=[task])
    stopped = meanwhile(wait, "ecs", "tasks_stopped", cluster=name, tasks=[task])
    ecs.stop_task(cluster=name, task=task)
    stopped.result()
    with pytest.raises(WaiterError, match="terminal failure state"):
        wait("ecs", "tasks_running", cluster=name, tasks=[task])

    ecs.create_service(**fargate, serviceName="rolling", desiredCount=2)
    wait("ecs", "services_stable", cluster=name, services=["rolling"])
    balancing = {"targetGroupArn": groups[0], "containerName": "web", "containerPort": 8000}
    ecs.create_service(
        **fargate, serviceName="web", desiredCount=1, deploymentController={"type": "CODE_DEPLOY"},
        loadBalancers=[balancing],
    )  # fmt: skip
    (set_,) = ecs.describe_services(cluster=name, services=["web"])["services"][0]["taskSets"]
    tasks = _until_some(lambda: ecs.list_tasks(cluster=name, startedBy=set_["id"])["taskArns"])
    wait("ecs", "tasks_running", cluster=name, tasks=tasks)
    wait("elbv2", "target_in_service", TargetGroupArn=groups[0])

    deploy = aws("codedeploy")
    deploy.create_application(applicationName=name, computePlatform="ECS")
    pair = {
        "targetGroups": [{"name": f"{name}-{colour}"} for colour in "ab"],
        "prodTrafficRoute": {"listenerArns": [listener]},
    }
    deploy.create_deployment_group(
        applicationName=name, deploymentGroupName="prod", serviceRoleArn=service_role(aws, name, "codedeploy"),
        ecsServices=[{"serviceName": "web", "clusterName": name}],
        loadBalancerInfo={"targetGroupPairInfoList": [pair]},
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 0},
        },
    )  # fmt: skip
    properties = {"TaskDefinition": f"{name}:2", "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8000}}
    appspec = {
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
    }
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(appspec)}}
    deployment = deploy.create_deployment(applicationName=name, deploymentGroupName="prod", revision=revision)
    wait("codedeploy", "deployment_successful", deploymentId=deployment["deploymentId"])

    health = elb.describe_target_health(TargetGroupArn=groups[1])["TargetHealthDescriptions"]
    targets = [{"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]} for each in health]
    for service in ("rolling", "web"):
        ecs.delete_service(cluster=name, service=service, force=True)
    wait("ecs", "services_inactive", cluster=name, services=["rolling", "web"])
    wait("elbv2", "target_deregistered", TargetGroupArn=groups[1], Targets=targets)
    gone = meanwhile(wait, "elbv2", "load_balancers_deleted", LoadBalancerArns=[balancer])
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    gone.result()


def _until_some(look):
    return wait_until(look, 20, what="a task")


def test_no_waiter_was_forgotten():
    """Waiters of operations that are implemented; the others end with the refusal of their operation."""
    if len(DRIVEN) < 5:
        pytest.skip("the other tests of this file did not run")
    session = botocore.session.Session()
    reachable = set()
    for service in SERVICES:
        api = importlib.import_module(f"trunkline.services.{service}.api").Api
        try:
            waiters = session.get_waiter_model(service)
        except UnknownServiceError:
            continue  # a service without waiters
        for name in waiters.waiter_names:
            method = inspect.getattr_static(api, xform_name(waiters.get_waiter(name).operation), None)
            if getattr(getattr(method, "__func__", method), "aws", None) is not None:
                reachable.add(f"{service}.{xform_name(name)}")
    assert reachable - DRIVEN - NOTHING_TO_WAIT_FOR == set()
