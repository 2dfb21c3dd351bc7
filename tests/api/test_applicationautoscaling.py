"""Application Auto Scaling through boto3, on ECS services with fake containers and alarms set by hand."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until

_DIMENSION = "ecs:service:DesiredCount"


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def scaling(aws):
    return aws("application-autoscaling")


@pytest.fixture
def service(aws, name):
    """A service whose desired count can be changed; nothing runs for it."""
    ecs = aws("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.create_service(cluster=name, serviceName="web", desiredCount=1, deploymentController={"type": "EXTERNAL"})
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/web",
        "ScalableDimension": _DIMENSION,
    }


@pytest.fixture
def target(scaling, service):
    scaling.register_scalable_target(**service, MinCapacity=1, MaxCapacity=6, Tags={"team": "a"})
    return service


@pytest.fixture
def desired(aws, name):
    def desired():
        return aws("ecs").describe_services(cluster=name, services=["web"])["services"][0]["desiredCount"]

    return desired


@pytest.fixture
def put_metric(aws, name):
    def put(value, namespace=None):
        aws("cloudwatch").put_metric_data(
            Namespace=namespace or name,
            MetricData=[{"MetricName": "load", "Value": value, "Timestamp": datetime.now(UTC)}],
        )

    return put


def tracking(name, **more):
    metric = {"MetricName": "load", "Namespace": name, "Statistic": "Average"}
    return {"TargetValue": 10.0, "CustomizedMetricSpecification": metric, **more}


def test_targets_are_registered_and_changed(scaling, service):
    assert "required" in refused("ValidationException", scaling.register_scalable_target, **service, MinCapacity=1)
    arn = scaling.register_scalable_target(**service, MinCapacity=1, MaxCapacity=3, Tags={"a": "b"})[
        "ScalableTargetARN"
    ]
    again = scaling.register_scalable_target(
        **service, MaxCapacity=4, SuspendedState={"DynamicScalingInSuspended": True}
    )
    assert again["ScalableTargetARN"] == arn
    listed = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[service["ResourceId"]])
    (found,) = listed["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 4)
    assert found["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}
    scaling.tag_resource(ResourceARN=arn, Tags={"c": "d"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"c": "d"}
    refused("ResourceNotFoundException", scaling.list_tags_for_resource, ResourceARN=f"{arn}x")
    assert "less than minimum" in refused(
        "ValidationException", scaling.register_scalable_target, **service, MinCapacity=9
    )
    scaling.deregister_scalable_target(**service)
    refused("ObjectNotFoundException", scaling.deregister_scalable_target, **service)


def test_what_cannot_be_scaled(scaling, service):
    gone = {**service, "ResourceId": "service/none/web", "MinCapacity": 1, "MaxCapacity": 2}
    assert "doesn't exist" in refused("ValidationException", scaling.register_scalable_target, **gone)
    odd = {**gone, "ResourceId": "web"}
    refused("ValidationException", scaling.register_scalable_target, **odd)
    table = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/t",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": 1,
        "MaxCapacity": 2,
    }
    assert "Trunkline scales" in refused("ValidationException", scaling.register_scalable_target, **table)
    refused("ObjectNotFoundException", scaling.put_scaling_policy, **service, PolicyName="p")


def test_target_tracking_makes_alarms_and_follows_them(aws, scaling, target, name, desired, put_metric):
    cloudwatch = aws("cloudwatch")
    config = tracking(name, ScaleOutCooldown=0, ScaleInCooldown=0)
    put = {
        **target,
        "PolicyName": "track",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": config,
    }
    answer = scaling.put_scaling_policy(**put)
    names = sorted(alarm["AlarmName"] for alarm in answer["Alarms"])
    assert [one.startswith(f"TargetTracking-{target['ResourceId']}-Alarm") for one in names] == [True, True]
    high, low = names
    assert "-AlarmHigh-" in high and "-AlarmLow-" in low
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[high])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (10.0, 3)
    assert alarm["AlarmActions"] == [answer["PolicyARN"]]

    put_metric(25.0)
    cloudwatch.set_alarm_state(AlarmName=high, StateValue="ALARM", StateReason="test")
    wait_until(lambda: desired() == 3, what="scaling out to 25/10 of one task")
    cloudwatch.set_alarm_state(AlarmName=high, StateValue="OK", StateReason="test")
    (activity,) = scaling.describe_scaling_activities(**target)["ScalingActivities"]
    assert activity["StatusCode"] == "Successful" and "Setting desired count to 3" in activity["Description"]
    assert f"monitor alarm {high} in state ALARM triggered policy track" in activity["Cause"]

    scaling.put_scaling_policy(
        **{**put, "TargetTrackingScalingPolicyConfiguration": {**config, "DisableScaleIn": True}}
    )
    assert cloudwatch.describe_alarms(AlarmNames=[low])["MetricAlarms"] == []
    scaling.delete_scaling_policy(**target, PolicyName="track")
    assert cloudwatch.describe_alarms(AlarmNames=[high])["MetricAlarms"] == []
    refused("ObjectNotFoundException", scaling.delete_scaling_policy, **target, PolicyName="track")


def test_step_scaling_is_driven_by_any_alarm_and_rests_in_its_cooldown(aws, scaling, target, name, desired, put_metric):
    steps = [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3},
    ]
    config = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, "Cooldown": 600}
    given = {**target, "PolicyName": "steps", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config}
    policy = scaling.put_scaling_policy(**given)["PolicyARN"]
    cloudwatch = aws("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmActions=[policy],
        Namespace=name,
        MetricName="load",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
    )
    listed = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["steps"])["ScalingPolicies"]
    (found,) = [one for one in listed if one["ResourceId"] == target["ResourceId"]]
    assert [alarm["AlarmName"] for alarm in found["Alarms"]] == [name]
    put_metric(65.0)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    wait_until(lambda: desired() == 4, what="the second step")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    time.sleep(0.5)
    assert desired() == 4


def test_a_muted_alarm_scales_nothing(aws, scaling, target, name, desired, put_metric):
    cloudwatch = aws("cloudwatch")

    def alarm(policy, adjustment):
        config = {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": adjustment}],
        }
        given = {**target, "PolicyName": policy, "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config}
        cloudwatch.put_metric_alarm(
            AlarmName=f"{name}-{policy}",
            AlarmActions=[scaling.put_scaling_policy(**given)["PolicyARN"]],
            Namespace=name,
            MetricName="load",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=50,
            ComparisonOperator="GreaterThanThreshold",
        )
        return f"{name}-{policy}"

    muted, heard = alarm("muted", 3), alarm("heard", 1)
    always = {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}}
    cloudwatch.put_alarm_mute_rule(Name=name, Rule=always, MuteTargets={"AlarmNames": [muted]})
    put_metric(65.0)
    for one in (muted, heard):  # heard of in this order
        cloudwatch.set_alarm_state(AlarmName=one, StateValue="ALARM", StateReason="test")
    wait_until(lambda: desired() > 1, what="a step")
    assert desired() == 2


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"AdjustmentType": "ChangeInCapacity"}, "At least one"),
        ({"StepAdjustments": [{"ScalingAdjustment": 1}]}, "AdjustmentType"),
        (
            {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [
                    {"MetricIntervalUpperBound": 0, "ScalingAdjustment": 1},
                    {"MetricIntervalLowerBound": 5, "ScalingAdjustment": 1},
                ],
            },
            "gap",
        ),
    ],
)
def test_steps_are_checked(scaling, target, config, words):
    given = {**target, "PolicyName": "steps", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config}
    assert words in refused("ValidationException", scaling.put_scaling_policy, **given)


def test_scheduled_actions_change_the_bounds_and_the_capacity(scaling, target, desired):
    soon = (datetime.now(UTC) + timedelta(seconds=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    scaling.put_scheduled_action(
        **target, ScheduledActionName="up", Schedule=soon, ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 9}
    )
    wait_until(lambda: desired() == 4, what="the scheduled minimum")
    listed = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])
    assert listed["ScalableTargets"][0]["MaxCapacity"] == 9
    activities = scaling.describe_scaling_activities(**target)["ScalingActivities"]
    assert "scheduled action name up was triggered" in activities[0]["Cause"]
    (shown,) = scaling.describe_scheduled_actions(**target)["ScheduledActions"]
    assert shown["Schedule"] == soon
    wrong = {**target, "ScheduledActionName": "x", "Schedule": "tomorrow", "ScalableTargetAction": {"MinCapacity": 1}}
    refused("ValidationException", scaling.put_scheduled_action, **wrong)
    refused("ValidationException", scaling.put_scheduled_action, **{**wrong, "Schedule": soon, "Timezone": "Mars/X"})
    scaling.delete_scheduled_action(**target, ScheduledActionName="up")
    refused("ObjectNotFoundException", scaling.delete_scheduled_action, **target, ScheduledActionName="up")
