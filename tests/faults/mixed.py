"""A stack of 34 resources that really run: a service behind a load balancer in its VPC, and what stands around it.

Created, updated with replacements, updated in vain and deleted; each a scenario of its own. Whatever commit the server
dies at, the same resources stand in the end, in the API and on the machine: containers, HAProxy's backends, namespaces.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.faults import machine
from tests.faults.kills import counts, drivers
from tests.faults.site import PORT, client, container, unfinished
from tests.support.server import Server

Doc = dict[str, Any]
NAME = "mixed"
TAKEN = "/taken"
_CODE = "def handler(event, context):\n    return 1\n"


def _ref(name: str) -> Doc:
    return {"Ref": name}


def _get(name: str, attribute: str) -> Doc:
    return {"Fn::GetAtt": [name, attribute]}


def _one(kind: str, properties: Doc | None = None, *after: str) -> Doc:
    made: Doc = {"Type": f"AWS::{kind}", "Properties": properties or {}}
    return {**made, "DependsOn": list(after)} if after else made


def _role(service: str) -> Doc:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return _one("IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}})


def _network() -> Doc:
    subnets = {
        f"Subnet{n}": _one(
            "EC2::Subnet", {"VpcId": _ref("Vpc"), "CidrBlock": f"10.0.{n}.0/24", "AvailabilityZone": zone}
        )
        for n, zone in enumerate(("us-east-1a", "us-east-1b"))
    }
    joined = {
        f"Joined{n}": _one(
            "EC2::SubnetRouteTableAssociation", {"SubnetId": _ref(f"Subnet{n}"), "RouteTableId": _ref("Table")}
        )
        for n in range(2)
    }
    everywhere = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": _ref("Gateway")}
    web = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "CidrIp": "0.0.0.0/0"}
    return {
        "Vpc": _one("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        "Gateway": _one("EC2::InternetGateway"),
        "Attached": _one("EC2::VPCGatewayAttachment", {"VpcId": _ref("Vpc"), "InternetGatewayId": _ref("Gateway")}),
        "Table": _one("EC2::RouteTable", {"VpcId": _ref("Vpc")}),
        "Out": _one("EC2::Route", {"RouteTableId": _ref("Table"), **everywhere}, "Attached"),
        "Group": _one(
            "EC2::SecurityGroup", {"VpcId": _ref("Vpc"), "GroupDescription": "g", "SecurityGroupIngress": [web]}
        ),
        **subnets,
        **joined,
    }


def _service(server: Server, version: str, port: int) -> Doc:
    subnets, groups = [_ref("Subnet0"), _ref("Subnet1")], [_ref("Group")]
    definition = container(server, version)
    shown = {name[0].upper() + name[1:]: value for name, value in definition.items()}
    shown["PortMappings"] = [{"ContainerPort": PORT}]
    shown["Environment"] = [{"Name": "VERSION", "Value": version}]
    quick = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2}
    at_once = {"TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]}
    forward = {"Type": "forward", "TargetGroupArn": _ref("Targets")}
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"}}
    network = {"Subnets": subnets, "SecurityGroups": groups, "AssignPublicIp": "ENABLED"}
    return {
        "Balancer": _one("ElasticLoadBalancingV2::LoadBalancer", {"Subnets": subnets, "SecurityGroups": groups}, "Out"),
        "Targets": _one(
            "ElasticLoadBalancingV2::TargetGroup",
            {"VpcId": _ref("Vpc"), "Protocol": "HTTP", "Port": port, "TargetType": "ip", **quick, **at_once},
        ),
        "Listener": _one(
            "ElasticLoadBalancingV2::Listener",
            {"LoadBalancerArn": _ref("Balancer"), "Protocol": "HTTP", "Port": 8080, "DefaultActions": [forward]},
        ),
        "Rule": _one(
            "ElasticLoadBalancingV2::ListenerRule",
            {
                "ListenerArn": _ref("Listener"),
                "Priority": 1,
                "Conditions": [{"Field": "path-pattern", "Values": [f"/{version}"]}],
                "Actions": [answer],
            },
        ),
        "Cluster": _one("ECS::Cluster"),
        "Definition": _one(
            "ECS::TaskDefinition",
            {
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "Cpu": "256",
                "Memory": "512",
                "ContainerDefinitions": [shown],
            },
        ),
        "Service": _one(
            "ECS::Service",
            {
                "Cluster": _ref("Cluster"),
                "TaskDefinition": _ref("Definition"),
                "DesiredCount": 1,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {"AwsvpcConfiguration": network},
                "LoadBalancers": [
                    {"TargetGroupArn": _ref("Targets"), "ContainerName": "web", "ContainerPort": PORT},
                ],
            },
            "Listener",
            "Joined0",
            "Joined1",
        ),
    }


def _around(version: str) -> Doc:
    return {
        "Log": _one("Logs::LogGroup", {"RetentionInDays": 7 if version == "one" else 14}),
        "Filter": _one(
            "Logs::MetricFilter",
            {
                "LogGroupName": _ref("Log"),
                "FilterPattern": "ERROR",
                "MetricTransformations": [{"MetricNamespace": "App", "MetricName": "Errors", "MetricValue": "1"}],
            },
        ),
        "Alarm": _one(
            "CloudWatch::Alarm",
            {
                "Namespace": "App",
                "MetricName": "Errors",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [_ref("Topic")],
            },
        ),
        "Topic": _one("SNS::Topic", {"DisplayName": version}),
        "Dead": _one("SQS::Queue"),
        "Queue": _one(
            "SQS::Queue",
            {
                **({"QueueName": "renamed"} if version != "one" else {}),
                "RedrivePolicy": {"deadLetterTargetArn": _get("Dead", "Arn"), "maxReceiveCount": 3},
            },
        ),
        "Subscription": _one(
            "SNS::Subscription", {"TopicArn": _ref("Topic"), "Protocol": "sqs", "Endpoint": _get("Queue", "Arn")}
        ),
        "Bucket": _one("S3::Bucket"),
        "Repository": _one("ECR::Repository"),
        "Key": _one("KMS::Key", {"KeyPolicy": _key_policy(), "PendingWindowInDays": 7}),
        "FunctionRole": _role("lambda"),
        "Function": _one(
            "Lambda::Function",
            {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": _get("FunctionRole", "Arn"),
                "Code": {"ZipFile": _CODE},
                "Environment": {"Variables": {"VERSION": version}},
            },
        ),
        "Schedule": _one("Events::Rule", {"ScheduleExpression": "rate(1 day)", "State": "DISABLED"}),
        "Secret": _one("SecretsManager::Secret", {"GenerateSecretString": {}}),
        "Endpoint": _one("SSM::Parameter", {"Type": "String", "Value": _get("Balancer", "DNSName")}, "Service"),
        **({"Old": _one("SNS::Topic")} if version == "one" else {"New": _one("SNS::Topic")}),
    }


def _key_policy() -> Doc:
    root = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def template(server: Server, *, changed: bool = False, broken: bool = False) -> str:
    """The change replaces the target group, the task definition and a queue, updates six others, drops one and adds
    one; broken, the last resource of all cannot be made."""
    version = "two" if changed else "one"
    resources = {**_network(), **_service(server, version, PORT + changed), **_around(version)}
    if broken:
        resources["Bad"] = _one("SSM::Parameter", {"Type": "String", "Name": TAKEN, "Value": "v"}, "Endpoint")
    return json.dumps({"Resources": resources})


class Create:
    """`ends`: the statuses at which the run is over."""

    name = "mixed-create"
    timeout_s = 120.0
    ends: tuple[str, ...] = ("CREATE_COMPLETE", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")

    def __init__(self) -> None:
        self.settings: Doc = {**drivers(), "clock": 60, "log_level": "info"}

    def prepare(self, server: Server) -> None:
        client(server, "ssm").put_parameter(Name=TAKEN, Value="x", Type="String")

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").create_stack(
            StackName=NAME, TemplateBody=template(server), Capabilities=["CAPABILITY_IAM"]
        )

    def has_begun(self, server: Server) -> bool:
        return bool(self.stack(server))

    def has_ended(self, server: Server) -> bool:
        return self.stack(server).get("StackStatus") in self.ends and self._is_settled(server)

    def stack(self, server: Server) -> Doc:
        found = client(server, "cloudformation").list_stacks()["StackSummaries"]
        return next((one for one in found if one["StackName"] == NAME), {})

    def _is_settled(self, server: Server) -> bool:
        """Nothing is under way any more, and no task is still being stopped."""
        ecs = client(server, "ecs")
        tasks = [
            arn for cluster in ecs.list_clusters()["clusterArns"] for arn in ecs.list_tasks(cluster=cluster)["taskArns"]
        ]
        wanted = 0 if "DELETE" in self.stack(server)["StackStatus"] else 1
        return len(tasks) == wanted and not unfinished(server)

    def end(self, server: Server) -> Doc:
        stack = self.stack(server)
        listed = client(server, "cloudformation").list_stack_resources(StackName=stack["StackId"])
        living = [one for one in listed["StackResourceSummaries"] if one["ResourceStatus"] != "DELETE_COMPLETE"]
        found = {
            "status": stack["StackStatus"],
            "resources": counts(one["LogicalResourceId"] for one in living),
            "there": {name: look(server) for name, look in _THERE.items()},
            "unfinished_workflows": unfinished(server),
        }
        return found if self.settings["containers"] == "fake" else {**found, **machine.running(server)}


class Update(Create):
    name = "mixed-update"
    ends = ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED")
    broken = False

    def prepare(self, server: Server) -> None:
        super().prepare(server)
        super().begin(server)
        client(server, "cloudformation").get_waiter("stack_create_complete").wait(
            StackName=NAME, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300}
        )

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").update_stack(
            StackName=NAME,
            TemplateBody=template(server, changed=True, broken=self.broken),
            Capabilities=["CAPABILITY_IAM"],
        )

    def has_begun(self, server: Server) -> bool:
        return bool(self.stack(server)["StackStatus"] != "CREATE_COMPLETE")


class FailedUpdate(Update):
    name = "mixed-failed-update"
    broken = True


class Delete(Update):
    name = "mixed-delete"
    ends = ("DELETE_COMPLETE", "DELETE_FAILED")

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").delete_stack(StackName=self.stack(server)["StackId"])


def _count(service: str, operation: str, member: str, **given: Any) -> Callable[[Server], int]:
    return lambda server: len(getattr(client(server, service), operation)(**given).get(member, []))


_THERE: dict[str, Callable[[Server], int]] = {
    "vpcs": _count("ec2", "describe_vpcs", "Vpcs"),
    "subnets": _count("ec2", "describe_subnets", "Subnets"),
    "route tables": _count("ec2", "describe_route_tables", "RouteTables"),
    "gateways": _count("ec2", "describe_internet_gateways", "InternetGateways"),
    "security groups": _count("ec2", "describe_security_groups", "SecurityGroups"),
    "interfaces": _count("ec2", "describe_network_interfaces", "NetworkInterfaces"),
    "load balancers": _count("elbv2", "describe_load_balancers", "LoadBalancers"),
    "target groups": _count("elbv2", "describe_target_groups", "TargetGroups"),
    "clusters": _count("ecs", "list_clusters", "clusterArns"),
    "task definitions": _count("ecs", "list_task_definitions", "taskDefinitionArns"),
    "log groups": _count("logs", "describe_log_groups", "logGroups"),
    "alarms": _count("cloudwatch", "describe_alarms", "MetricAlarms"),
    "topics": _count("sns", "list_topics", "Topics"),
    "subscriptions": _count("sns", "list_subscriptions", "Subscriptions"),
    "queues": _count("sqs", "list_queues", "QueueUrls"),
    "buckets": _count("s3", "list_buckets", "Buckets"),
    "repositories": _count("ecr", "describe_repositories", "repositories"),
    "roles": _count("iam", "list_roles", "Roles"),
    "functions": _count("lambda", "list_functions", "Functions"),
    "rules": _count("events", "list_rules", "Rules"),
    "secrets": _count("secretsmanager", "list_secrets", "SecretList"),
    "parameters": _count("ssm", "describe_parameters", "Parameters"),
}

SCENARIOS = {one.name: one for one in (Create, Update, FailedUpdate, Delete)}
