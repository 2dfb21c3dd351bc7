"""The settings of a deployment group: AWS's rules for blue/green deployments of an ECS service or a function."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.services.codedeploy.model import Doc

MEMBERS = (
    "ec2TagFilters",
    "onPremisesInstanceTagFilters",
    "autoScalingGroups",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ec2TagSet",
    "ecsServices",
    "onPremisesTagSet",
    "terminationHookEnabled",
)
_STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
_MOST_ALARMS = 10
_MOST_TRIGGERS = 10
_MOST_MINUTES = 2880


def checked_settings(platform: str, settings: Doc) -> Doc:
    """The settings as they are kept; AwsError for what no deployment could work with."""
    settings = dict(settings)
    check_alarms(settings.get("alarmConfiguration"))
    check_rollback(settings.get("autoRollbackConfiguration"))
    _check_triggers(settings.get("triggerConfigurations") or [])
    if platform == "Server":
        return settings
    if settings.setdefault("deploymentStyle", dict(_STYLE)) != _STYLE:
        raise AwsError(
            "InvalidDeploymentStyleException",
            f"For {platform} deployment group, deployment type must be BLUE_GREEN and deployment option must be"
            " WITH_TRAFFIC_CONTROL.",
        )
    if platform == "Lambda":
        return settings
    services = settings.get("ecsServices") or []
    if len(services) != 1 or not services[0].get("serviceName"):
        raise AwsError("InvalidECSServiceException", "For ECS deployment group, one ECS service must be specified.")
    services[0].setdefault("clusterName", "default")
    settings["blueGreenDeploymentConfiguration"] = _blue_green(settings.get("blueGreenDeploymentConfiguration"))
    _check_pair(settings.get("loadBalancerInfo"))
    return settings


def check_alarms(alarms: Doc | None) -> None:
    if not alarms:
        return
    named = alarms.get("alarms") or []
    if len(named) > _MOST_ALARMS:
        raise AwsError(
            "AlarmsLimitExceededException", f"A deployment group can have no more than {_MOST_ALARMS} alarms."
        )
    names = [alarm.get("name") for alarm in named]
    if any(not name for name in names) or len(set(names)) < len(names):
        raise AwsError("InvalidAlarmConfigException", "Every alarm needs a name, and no name may occur twice.")
    if alarms.get("enabled") and not named:
        raise AwsError("InvalidAlarmConfigException", "An enabled alarm configuration needs at least one alarm.")


def check_rollback(rollback: Doc | None) -> None:
    if rollback and rollback.get("enabled") and not rollback.get("events"):
        raise AwsError("InvalidAutoRollbackConfigException", "An enabled automatic rollback needs at least one event.")


def _check_triggers(triggers: list[Doc]) -> None:
    if len(triggers) > _MOST_TRIGGERS:
        raise AwsError(
            "TriggerTargetsLimitExceededException",
            f"A deployment group can have no more than {_MOST_TRIGGERS} triggers.",
        )
    for trigger in triggers:
        if not all(trigger.get(key) for key in ("triggerName", "triggerTargetArn", "triggerEvents")):
            raise AwsError("InvalidTriggerConfigException", "A trigger needs a name, a target ARN and events.")


def _blue_green(config: Doc | None) -> Doc:
    config = {key: value for key, value in (config or {}).items() if key != "greenFleetProvisioningOption"}
    terminate = config.setdefault("terminateBlueInstancesOnDeploymentSuccess", {})
    if terminate.setdefault("action", "TERMINATE") != "TERMINATE":
        raise _bad_blue_green("For ECS deployment group, the action on the original task set must be TERMINATE.")
    ready = config.setdefault("deploymentReadyOption", {})
    on_timeout = ready.setdefault("actionOnTimeout", "CONTINUE_DEPLOYMENT")
    for name, minutes in (
        ("terminationWaitTimeInMinutes", terminate.setdefault("terminationWaitTimeInMinutes", 0)),
        ("waitTimeInMinutes", ready.setdefault("waitTimeInMinutes", 0)),
    ):
        if not 0 <= minutes <= _MOST_MINUTES:
            raise _bad_blue_green(f"{name} must be from 0 to {_MOST_MINUTES} minutes.")
    if on_timeout == "STOP_DEPLOYMENT" and not ready["waitTimeInMinutes"]:
        raise _bad_blue_green("STOP_DEPLOYMENT needs a waitTimeInMinutes, the time to continue the deployment in.")
    return config


def _check_pair(balancer: Doc | None) -> None:
    pairs = (balancer or {}).get("targetGroupPairInfoList") or []
    if len(pairs) != 1:
        raise AwsError(
            "InvalidLoadBalancerInfoException", "For ECS deployment group, one target group pair must be specified."
        )
    names = [group.get("name") for group in pairs[0].get("targetGroups") or []]
    if len(names) != 2 or len(set(names)) != 2 or not all(names):
        raise AwsError(
            "InvalidTargetGroupPairException", "A target group pair needs two different target groups by name."
        )
    production = (pairs[0].get("prodTrafficRoute") or {}).get("listenerArns") or []
    test = (pairs[0].get("testTrafficRoute") or {}).get("listenerArns") or []
    if len(production) != 1 or len(test) > 1:
        raise AwsError(
            "InvalidTargetGroupPairException",
            "A target group pair needs one production listener, and may have one test listener.",
        )
    if production == test:
        raise AwsError("InvalidTargetGroupPairException", "The production and the test listener must differ.")


def _bad_blue_green(message: str) -> AwsError:
    return AwsError("InvalidBlueGreenDeploymentConfigurationException", message)
