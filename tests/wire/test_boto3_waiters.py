"""Every waiter that boto3 has for what Trunkline implements, driven at least once.

They poll every few seconds by themselves: here they look twenty times a second.
"""

import concurrent.futures
import importlib
import inspect
import io
import json
import zipfile

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError, WaiterError
from tests.support.catalog import NAMES
from tests.support.roles import service_role
from tests.support.server import wait_until

FAST = {"Delay": 0.05, "MaxAttempts": 400}
ONCE = {"Delay": 0.05, "MaxAttempts": 2}
DRIVEN: set[str] = set()
NOTHING_TO_WAIT_FOR = {
    # DescribeAlarms is there, but alarms of this kind cannot be made.
    "cloudwatch.log_alarm_exists",
    # Instances, images and key pairs are described, as none.
    *(f"ec2.{kind}" for kind in (
        "image_available", "image_exists", "instance_exists", "instance_running", "instance_status_ok",
        "instance_stopped", "instance_terminated", "key_pair_exists", "system_status_ok",
    )),
}  # fmt: skip


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


PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "one"}}


def template(*, value="one", **more):
    properties = {**PARAMETER["Properties"], "Value": value}
    return json.dumps({"Resources": {"P": {**PARAMETER, "Properties": properties, **more}}})


def test_cloudformation_stacks(aws, wait, meanwhile, name):
    cfn = aws("cloudformation")
    exists = meanwhile(wait, "cloudformation", "stack_exists", StackName=name)
    cfn.create_stack(StackName=name, TemplateBody=template())
    exists.result()
    wait("cloudformation", "stack_create_complete", StackName=name)
    asked = {"StackName": name, "ChangeSetName": "c", "TemplateBody": template(value="two")}
    cfn.create_change_set(**asked)
    wait("cloudformation", "change_set_create_complete", StackName=name, ChangeSetName="c")
    cfn.execute_change_set(StackName=name, ChangeSetName="c")
    wait("cloudformation", "stack_update_complete", StackName=name)
    bad = {"Resources": {"P": json.loads(template())["Resources"]["P"], "Q": {**PARAMETER, "Properties": {
        "Type": "String", "Value": "x", "AllowedPattern": "y"}}}}  # fmt: skip
    cfn.update_stack(StackName=name, TemplateBody=json.dumps(bad))
    wait("cloudformation", "stack_rollback_complete", StackName=name)
    cfn.delete_stack(StackName=name)
    wait("cloudformation", "stack_delete_complete", StackName=name)


def test_cloudformation_imports_and_refactors(aws, wait, name):
    cfn = aws("cloudformation")
    aws("ssm").put_parameter(Name=f"/{name}", Type="String", Value="one")
    imported = {"P": {"Type": "AWS::SSM::Parameter", "DeletionPolicy": "Delete", "Properties": {
        "Name": f"/{name}", "Type": "String", "Value": "one"}}}  # fmt: skip
    cfn.create_change_set(
        StackName=name, ChangeSetName="i", ChangeSetType="IMPORT", TemplateBody=json.dumps({"Resources": imported}),
        ResourcesToImport=[{"ResourceType": "AWS::SSM::Parameter", "LogicalResourceId": "P",
                            "ResourceIdentifier": {"Name": f"/{name}"}}],
    )  # fmt: skip
    wait("cloudformation", "change_set_create_complete", StackName=name, ChangeSetName="i")
    cfn.execute_change_set(StackName=name, ChangeSetName="i")
    wait("cloudformation", "stack_import_complete", StackName=name)
    renamed = {"Renamed": imported["P"]}
    refactor = cfn.create_stack_refactor(
        StackDefinitions=[{"StackName": name, "TemplateBody": json.dumps({"Resources": renamed})}],
        ResourceMappings=[{"Source": {"StackName": name, "LogicalResourceId": "P"},
                           "Destination": {"StackName": name, "LogicalResourceId": "Renamed"}}],
    )["StackRefactorId"]  # fmt: skip
    wait("cloudformation", "stack_refactor_create_complete", StackRefactorId=refactor)
    cfn.execute_stack_refactor(StackRefactorId=refactor)
    wait("cloudformation", "stack_refactor_execute_complete", StackRefactorId=refactor)
    cfn.delete_stack(StackName=name)


def test_cloud_control(aws, wait, name):
    desired = json.dumps({"Name": f"/{name}", "Type": "String", "Value": "one"})
    control = aws("cloudcontrol")
    asked = control.create_resource(TypeName="AWS::SSM::Parameter", DesiredState=desired)["ProgressEvent"]
    wait("cloudcontrol", "resource_request_success", RequestToken=asked["RequestToken"])
    control.delete_resource(TypeName="AWS::SSM::Parameter", Identifier=f"/{name}")


def test_networks(aws, wait):
    ec2 = aws("ec2")
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/24")["Vpc"]["VpcId"] for n in (81, 82)]
    wait("ec2", "vpc_available", VpcIds=vpcs)
    peering = ec2.create_vpc_peering_connection(VpcId=vpcs[0], PeerVpcId=vpcs[1])["VpcPeeringConnection"]
    ids = {"VpcPeeringConnectionIds": [peering["VpcPeeringConnectionId"]]}
    wait("ec2", "vpc_peering_connection_exists", **ids)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    wait("ec2", "vpc_peering_connection_deleted", **ids)
    subnet = ec2.create_subnet(VpcId=vpcs[0], CidrBlock="10.81.0.0/26")["Subnet"]["SubnetId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    wait("ec2", "nat_gateway_available", NatGatewayIds=[nat])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[nat])
    ec2.delete_subnet(SubnetId=subnet)
    for vpc in vpcs:
        ec2.delete_vpc(VpcId=vpc)


def test_lambda(aws, wait, meanwhile, name):
    role = service_role(aws, name, "lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 1\n")
    client, it = aws("lambda"), {"FunctionName": name}
    exists = meanwhile(wait, "lambda", "function_exists", **it)
    client.create_function(
        **it, Runtime="python3.11", Role=role, Handler="index.handler", Code={"ZipFile": code.getvalue()}
    )
    exists.result()
    for waiter in ("function_active", "function_active_v2"):
        wait("lambda", waiter, **it)
    client.update_function_configuration(**it, Timeout=9)
    for waiter in ("function_updated", "function_updated_v2"):
        wait("lambda", waiter, **it)
    version = client.publish_version(**it)["Version"]
    wait("lambda", "published_version_active", **it, Qualifier=version)
    client.delete_function(**it)


def test_a_composite_alarm(aws, wait, meanwhile, name):
    cloudwatch = aws("cloudwatch")
    exists = meanwhile(wait, "cloudwatch", "composite_alarm_exists", AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="FALSE")
    exists.result()
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_a_mute_rule(aws, wait, meanwhile, name):
    cloudwatch = aws("cloudwatch")
    exists = meanwhile(wait, "cloudwatch", "alarm_mute_rule_exists", AlarmMuteRuleName=name)
    schedule = {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}}
    cloudwatch.put_alarm_mute_rule(Name=name, Rule=schedule)
    exists.result()
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)


def test_no_waiter_was_forgotten():
    """Waiters of operations that are implemented; the others end with the refusal of their operation."""
    if len(DRIVEN) < 5:
        pytest.skip("the other tests of this file did not run")
    session = botocore.session.Session()
    reachable = set()
    for folder, service in NAMES.items():
        api = importlib.import_module(f"trunkline.services.{folder}.api").Api
        try:
            waiters = session.get_waiter_model(service)
        except UnknownServiceError:
            continue  # a service without waiters
        for name in waiters.waiter_names:
            method = inspect.getattr_static(api, xform_name(waiters.get_waiter(name).operation), None)
            if getattr(getattr(method, "__func__", method), "aws", None) is not None:
                reachable.add(f"{service}.{xform_name(name)}")
    assert reachable - DRIVEN - NOTHING_TO_WAIT_FOR == set()
