"""Samples of ECS's resource types."""

from typing import Any

from tests.support.resource_samples import Sample
from tests.support.resource_samples.elbv2 import network

_TAGS = [{"Key": "team", "Value": "delivery"}]
_OTHER_TAGS = [{"Key": "team", "Value": "platform"}]
_CLUSTER = ("AWS::ECS::Cluster", {})
_FARGATE = {"CapacityProvider": "FARGATE", "Weight": 1, "Base": 0}
_SPOT = {"CapacityProvider": "FARGATE_SPOT", "Weight": 1, "Base": 0}


def _definition(image: str = "public.ecr.aws/docker/library/debian:12-slim") -> tuple[str, dict[str, Any]]:
    container = {
        "Name": "web",
        "Image": image,
        "Command": ["sleep", "600"],
        "PortMappings": [{"ContainerPort": 8080}],
    }
    return "AWS::ECS::TaskDefinition", {
        "RequiresCompatibilities": ["FARGATE"],
        "NetworkMode": "awsvpc",
        "Cpu": "256",
        "Memory": "512",
        "ContainerDefinitions": [container],
    }


def _network(group: str) -> dict[str, Any]:
    return {
        "AwsvpcConfiguration": {
            "Subnets": [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}],
            "SecurityGroups": [{"Ref": group}],
            "AssignPublicIp": "DISABLED",
        }
    }


_EXTERNAL = (
    "AWS::ECS::Service",
    {"Cluster": {"Ref": "Cluster"}, "DeploymentController": {"Type": "EXTERNAL"}, "DesiredCount": 1},
)
_TASK_SET = (
    "AWS::ECS::TaskSet",
    {
        "Cluster": {"Ref": "Cluster"},
        "Service": {"Fn::GetAtt": ["Service", "Name"]},
        "TaskDefinition": {"Ref": "Definition"},
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {
            "AwsVpcConfiguration": {"Subnets": [{"Ref": "SubnetA"}], "SecurityGroups": [{"Ref": "Group"}]}
        },
        "Scale": {"Unit": "PERCENT", "Value": 0},
    },
)

SAMPLES: dict[str, Sample] = {
    "AWS::ECS::Cluster": Sample(
        {
            "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "DefaultCapacityProviderStrategy": [_FARGATE],
            "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
            "Configuration": {"ExecuteCommandConfiguration": {"Logging": "DEFAULT"}},
            "Tags": _TAGS,
        },
        {
            "DefaultCapacityProviderStrategy": [_SPOT],
            "CapacityProviders": ["FARGATE"],
            "ClusterSettings": [{"Name": "containerInsights", "Value": "disabled"}],
            "Configuration": {"ExecuteCommandConfiguration": {"Logging": "NONE"}},
            "Tags": _OTHER_TAGS,
        },
    ),
    "AWS::ECS::ClusterCapacityProviderAssociations": Sample(
        {
            "Cluster": {"Ref": "Cluster"},
            "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "DefaultCapacityProviderStrategy": [_FARGATE],
        },
        {"DefaultCapacityProviderStrategy": [_SPOT], "CapacityProviders": ["FARGATE"]},
        {"Cluster": _CLUSTER},
    ),
    "AWS::ECS::TaskDefinition": Sample(
        {
            "Family": "sampled",
            "RequiresCompatibilities": ["FARGATE"],
            "NetworkMode": "awsvpc",
            "Cpu": "256",
            "Memory": "512",
            "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "RuntimePlatform": {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
            "Volumes": [{"Name": "scratch"}],
            "ContainerDefinitions": [
                {
                    "Name": "web",
                    "Image": "public.ecr.aws/docker/library/debian:12-slim",
                    "Essential": True,
                    "Environment": [{"Name": "MODE", "Value": "test"}],
                    "PortMappings": [{"ContainerPort": 8080, "Protocol": "tcp", "Name": "http"}],
                    "MountPoints": [{"SourceVolume": "scratch", "ContainerPath": "/scratch", "ReadOnly": False}],
                    "HealthCheck": {"Command": ["CMD-SHELL", "true"], "Interval": 5, "Retries": 3},
                    "DockerLabels": {"com.Example.team": "delivery"},
                    "Ulimits": [{"Name": "nofile", "SoftLimit": 1024, "HardLimit": 2048}],
                    "LogConfiguration": {
                        "LogDriver": "awslogs",
                        "Options": {
                            "awslogs-group": "sampled",
                            "awslogs-region": "us-east-1",
                            "awslogs-stream-prefix": "web",
                        },
                    },
                    "Secrets": [{"Name": "KEY", "ValueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/key"}],
                }
            ],
            "Tags": _TAGS,
        },
        {"Tags": _OTHER_TAGS},
        {
            "Role": (
                "AWS::IAM::Role",
                {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            }
                        ],
                    }
                },
            )
        },
    ),
    "AWS::ECS::Service": Sample(
        {
            "Cluster": {"Ref": "Cluster"},
            "TaskDefinition": {"Ref": "Definition"},
            "LaunchType": "FARGATE",
            "DesiredCount": 1,
            "DeploymentConfiguration": {
                "MaximumPercent": 200,
                "MinimumHealthyPercent": 100,
                "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
                "Alarms": {"AlarmNames": [], "Enable": False, "Rollback": False},
            },
            "DeploymentController": {"Type": "ECS"},
            "NetworkConfiguration": _network("Group"),
            "EnableECSManagedTags": False,
            "EnableExecuteCommand": True,
            "PropagateTags": "SERVICE",
            "AvailabilityZoneRebalancing": "ENABLED",
            "Tags": _TAGS,
        },
        {
            "DesiredCount": 0,
            "TaskDefinition": {"Ref": "OtherDefinition"},
            "NetworkConfiguration": _network("OtherGroup"),
            "DeploymentConfiguration": {"MaximumPercent": 150, "MinimumHealthyPercent": 50},
            "EnableECSManagedTags": True,
            "PropagateTags": "TASK_DEFINITION",
            "ForceNewDeployment": {"EnableForceNewDeployment": True, "ForceNewDeploymentNonce": "again"},
            "Tags": _OTHER_TAGS,
        },
        network("10.84.0.0/16") | {"Cluster": _CLUSTER, "Definition": _definition(), "OtherDefinition": _definition()},
    ),
    "AWS::ECS::TaskSet": Sample(
        {**_TASK_SET[1], "ExternalId": "one", "Tags": _TAGS},
        {"Scale": {"Unit": "PERCENT", "Value": 100}, "Tags": _OTHER_TAGS},
        network("10.85.0.0/16") | {"Cluster": _CLUSTER, "Definition": _definition(), "Service": _EXTERNAL},
    ),
    "AWS::ECS::PrimaryTaskSet": Sample(
        {
            "Cluster": {"Ref": "Cluster"},
            "Service": {"Fn::GetAtt": ["Service", "Name"]},
            "TaskSetId": {"Fn::GetAtt": ["TaskSet", "Id"]},
        },
        {"TaskSetId": {"Fn::GetAtt": ["OtherTaskSet", "Id"]}},
        network("10.86.0.0/16")
        | {
            "Cluster": _CLUSTER,
            "Definition": _definition(),
            "Service": _EXTERNAL,
            "TaskSet": _TASK_SET,
            "OtherTaskSet": _TASK_SET,
        },
        stays=True,
    ),
}
