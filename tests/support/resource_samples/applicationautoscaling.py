"""Samples of Application Auto Scaling's types."""

from tests.support.resource_samples import Sample

_RESOURCE = {"Fn::Join": ["/", ["service", {"Ref": "Cluster"}, {"Fn::GetAtt": ["Service", "Name"]}]]}
_PLACE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": _RESOURCE}
_NEEDS = {
    "Cluster": ("AWS::ECS::Cluster", {}),
    "Service": (
        "AWS::ECS::Service",
        {"Cluster": {"Ref": "Cluster"}, "DeploymentController": {"Type": "EXTERNAL"}, "DesiredCount": 0},
    ),
}
_TARGET = ("AWS::ApplicationAutoScaling::ScalableTarget", {**_PLACE, "MinCapacity": 0, "MaxCapacity": 5})


def _tracking(value: float) -> dict:
    return {
        "TargetValue": value,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "ScaleInCooldown": 60,
        "ScaleOutCooldown": 30,
    }


def _steps(amount: int) -> dict:
    return {
        "AdjustmentType": "ChangeInCapacity",
        "Cooldown": 60,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": amount}],
    }


SAMPLES = {
    "AWS::ApplicationAutoScaling::ScalableTarget": Sample(
        {
            **_PLACE,
            "MinCapacity": 0,
            "MaxCapacity": 5,
            "ScheduledActions": [
                {
                    "ScheduledActionName": "night",
                    "Schedule": "cron(0 22 * * ? *)",
                    "Timezone": "Europe/Berlin",
                    "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 1},
                }
            ],
        },
        {
            "MinCapacity": 1,
            "MaxCapacity": 8,
            "RoleARN": "arn:aws:iam::000000000000:role/scaler",
            "SuspendedState": {"DynamicScalingInSuspended": True},
            "ScheduledActions": [
                {
                    "ScheduledActionName": "day",
                    "Schedule": "cron(0 7 * * ? *)",
                    "ScalableTargetAction": {"MinCapacity": 2},
                }
            ],
        },
        _NEEDS,
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Sample(
        {
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "TargetTrackingScalingPolicyConfiguration": _tracking(50),
        },
        {"TargetTrackingScalingPolicyConfiguration": _tracking(70)},
        {**_NEEDS, "Target": _TARGET},
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy (in steps)": Sample(
        {**_PLACE, "PolicyName": "steps", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": _steps(1)},
        {"StepScalingPolicyConfiguration": _steps(2)},
        {**_NEEDS, "Target": _TARGET},
    ),
}
