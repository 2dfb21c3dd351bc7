"""Samples of CodeDeploy's resource types."""

from typing import Any

from tests.support.resource_samples import Sample
from tests.support.resource_samples.codebuild import role

_LISTENER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/site/1111111111111111/"


def _pair(listener: str) -> dict[str, Any]:
    return {
        "TargetGroupPairInfoList": [
            {
                "ProdTrafficRoute": {"ListenerArns": [_LISTENER + listener]},
                "TargetGroups": [{"Name": "blue"}, {"Name": "green"}],
            }
        ]
    }


def _blue_green(minutes: int) -> dict[str, Any]:
    return {
        "DeploymentReadyOption": {"ActionOnTimeout": "CONTINUE_DEPLOYMENT", "WaitTimeInMinutes": 0},
        "TerminateBlueInstancesOnDeploymentSuccess": {
            "Action": "TERMINATE",
            "TerminationWaitTimeInMinutes": minutes,
        },
    }


def _trigger(name: str) -> dict[str, Any]:
    return {"TriggerName": name, "TriggerTargetArn": {"Ref": "Topic"}, "TriggerEvents": ["DeploymentFailure"]}


SAMPLES: dict[str, Sample] = {
    "AWS::CodeDeploy::Application": Sample(
        {"ComputePlatform": "ECS", "Tags": [{"Key": "team", "Value": "delivery"}]},
        {"Tags": [{"Key": "team", "Value": "platform"}]},
    ),
    "AWS::CodeDeploy::DeploymentGroup": Sample(
        {
            "ApplicationName": {"Ref": "Application"},
            "ServiceRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DeploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
            "BlueGreenDeploymentConfiguration": _blue_green(5),
            "ECSServices": [{"ClusterName": "sampled", "ServiceName": "web"}],
            "LoadBalancerInfo": _pair("1"),
            "AutoRollbackConfiguration": {"Enabled": True, "Events": ["DEPLOYMENT_FAILURE"]},
            "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": "errors"}]},
            "TriggerConfigurations": [_trigger("one")],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "ServiceRoleArn": {"Fn::GetAtt": ["Other", "Arn"]},
            "DeploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes",
            "BlueGreenDeploymentConfiguration": _blue_green(1),
            "ECSServices": [{"ClusterName": "sampled", "ServiceName": "api"}],
            "LoadBalancerInfo": _pair("2"),
            "AutoRollbackConfiguration": {
                "Enabled": True,
                "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
            "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": "latency"}]},
            "TriggerConfigurations": [_trigger("two")],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {
            "Application": ("AWS::CodeDeploy::Application", {"ComputePlatform": "ECS"}),
            "Role": role("codedeploy.amazonaws.com"),
            "Other": role("codedeploy.amazonaws.com"),
            "Topic": ("AWS::SNS::Topic", {}),
        },
    ),
    "AWS::CodeDeploy::DeploymentConfig": Sample(
        {
            "ComputePlatform": "ECS",
            "TrafficRoutingConfig": {
                "Type": "TimeBasedCanary",
                "TimeBasedCanary": {"CanaryInterval": 5, "CanaryPercentage": 20},
            },
        }
    ),
}
