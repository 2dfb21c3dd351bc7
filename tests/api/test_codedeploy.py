"""CodeDeploy against the services around it as stubs: what a deployment does, and what it puts back."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.codedeploy_site import STEPS, Site, appspec, group, revision
from tests.support.ecs_world import ACCOUNT, BLUE_TG, GREEN_TG, REGION, ROLE, TEST_LISTENER

from trunkline.aws.errors import AwsError
from trunkline.services.codedeploy.workflow import deploy, undo

Doc = dict[str, Any]


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(deploy, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(undo, "RETURN_EVERY_S", 0.01)
    site = Site(tmp_path)
    await site.start()
    yield site
    await site.close()


async def test_shifts_step_by_step_and_replaces_the_task_set(site: Site) -> None:
    await site.prepare()
    deployment_id = await site.deploy()
    info = await site.ended(deployment_id)
    assert info["status"] == "Succeeded", info["errorInformation"]
    green = [weights[GREEN_TG] for weights in site.world.weights]
    assert green == [0, 10, 50, 100]
    assert all(weights[BLUE_TG] + weights[GREEN_TG] == 100 for weights in site.world.weights)
    assert site.world.primary() == "web:2"
    assert len(site.world.sets) == 1
    shifts = [(one["step"], one["weights"]["replacement"]) for one in site.events("Traffic Shift")]
    assert shifts == [(1, 10), (2, 50), (3, 100)]
    states = [one["state"] for one in site.events("CodeDeploy Deployment State-change Notification")]
    assert states == ["START", "SUCCESS"]


async def test_shows_its_target_with_lifecycle_events_and_weights(site: Site) -> None:
    await site.prepare()
    deployment_id = await site.deploy()
    await site.ended(deployment_id)
    assert (await site.call("ListDeploymentTargets", deploymentId=deployment_id))["targetIds"] == ["main:web"]
    answer = await site.call("GetDeploymentTarget", deploymentId=deployment_id, targetId="main:web")
    target = answer["deploymentTarget"]["ecsTarget"]
    assert [event["status"] for event in target["lifecycleEvents"]] == ["Succeeded"] * 8
    assert all(event["startTime"] <= event["endTime"] for event in target["lifecycleEvents"])
    weights = {one["taskSetLabel"]: (one["trafficWeight"], one["status"]) for one in target["taskSetsInfo"]}
    assert weights == {"Blue": (0.0, "DRAINING"), "Green": (100.0, "PRIMARY")}
    with pytest.raises(AwsError, match="DeploymentTargetDoesNotExistException"):
        await site.call("GetDeploymentTarget", deploymentId=deployment_id, targetId="other")


async def test_a_restart_in_the_middle_of_the_shift_goes_on_where_it_was(site: Site) -> None:
    await site.prepare()
    deployment_id = await site.deploy()
    for _ in range(6):
        await asyncio.sleep(0.04)
        await site.restart()
    assert (await site.ended(deployment_id))["status"] == "Succeeded"
    assert [one["weights"]["replacement"] for one in site.events("Traffic Shift")] == [10, 50, 100]
    assert len(site.world.called("CreateTaskSet")) == 1
    assert len(site.world.sets) == 1


async def test_an_alarm_returns_the_traffic_and_rolls_back(site: Site) -> None:
    alarms = {"enabled": True, "alarms": [{"name": "5xx"}]}
    await site.prepare("CodeDeployDefault.ECSCanary10Percent15Minutes", alarmConfiguration=alarms)
    deployment_id = await site.deploy()
    await site.until(lambda: site.world.green_share() == 10)
    await site.alarm("5xx")
    info = await site.ended(deployment_id)
    assert info["status"] == "Stopped"
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert info["errorInformation"]["message"].endswith("Activated alarms: 5xx")
    rollback = await site.ended(info["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], rollback["creator"]) == ("Succeeded", "codeDeployRollback")
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment_id
    assert site.world.green_share() == 0
    assert (site.world.primary(), len(site.world.sets)) == ("web:1", 1)
    assert site.world.listeners[TEST_LISTENER] == [{"Type": "forward", "TargetGroupArn": BLUE_TG}]
    assert site.events("Traffic Shift")[-1]["reason"] == "rollback"
    await site.idle()


async def test_an_alarm_that_rings_already_stops_the_deployment_before_it_makes_anything(site: Site) -> None:
    await site.prepare(alarmConfiguration={"enabled": True, "alarms": [{"name": "5xx"}]})
    await site.alarm("5xx")
    info = await site.ended(await site.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert site.world.called("CreateTaskSet") == []
    await site.idle()


async def test_an_alarm_during_the_termination_wait_makes_the_original_primary_again(site: Site) -> None:
    terminate = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 600}
    await site.prepare(
        "CodeDeployDefault.ECSAllAtOnce",
        alarmConfiguration={"enabled": True, "alarms": [{"name": "5xx"}]},
        blueGreenDeploymentConfiguration={"terminateBlueInstancesOnDeploymentSuccess": terminate},
    )
    deployment_id = await site.deploy()
    await site.until(lambda: site.world.primary() == "web:2")
    await site.alarm("5xx")
    assert (await site.ended(deployment_id))["status"] == "Stopped"
    await site.idle()
    assert (site.world.primary(), site.world.green_share(), len(site.world.sets)) == ("web:1", 0, 1)


async def test_stop_with_rollback_puts_everything_back(site: Site) -> None:
    await site.prepare("CodeDeployDefault.ECSCanary10Percent15Minutes", autoRollbackConfiguration={"enabled": False})
    deployment_id = await site.deploy()
    await site.until(lambda: site.world.green_share() == 10)
    answer = await site.call("StopDeployment", deploymentId=deployment_id, autoRollbackEnabled=True)
    assert answer["status"] == "Pending"
    info = await site.ended(deployment_id)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    await site.idle()
    assert (site.world.green_share(), len(site.world.sets)) == (0, 1)
    with pytest.raises(AwsError, match="DeploymentAlreadyCompletedException"):
        await site.call("StopDeployment", deploymentId=deployment_id)


async def test_stop_without_rollback_keeps_the_weights_and_the_next_deployment_cleans_up(site: Site) -> None:
    await site.prepare("CodeDeployDefault.ECSCanary10Percent15Minutes", autoRollbackConfiguration={"enabled": False})
    deployment_id = await site.deploy()
    await site.until(lambda: site.world.green_share() == 10)
    await site.call("StopDeployment", deploymentId=deployment_id)
    info = await site.ended(deployment_id)
    assert (info["status"], info["rollbackInfo"]) == ("Stopped", None)
    await site.idle()
    assert (site.world.green_share(), len(site.world.sets)) == (10, 2)
    second = await site.deploy(deploymentConfigName="CodeDeployDefault.ECSAllAtOnce")
    assert (await site.ended(second))["status"] == "Succeeded"
    assert (site.world.primary(), len(site.world.sets)) == ("web:2", 1)


async def test_a_container_that_exits_at_once_fails_with_the_reason_and_leaves_nothing(site: Site) -> None:
    site.world.green_exits, site.world.green_looks = True, 10**6
    await site.prepare()
    info = await site.ended(await site.deploy())
    assert info["status"] == "Failed"
    assert "container web exited with code 3" in info["errorInformation"]["message"]
    await site.idle()
    assert (site.world.ids(), site.world.green_share()) == ([site.world.sets[0]["id"]], 0)
    target = await site.call("GetDeploymentTarget", deploymentId=info["deploymentId"], targetId="main:web")
    statuses = {
        e["lifecycleEventName"]: e["status"] for e in target["deploymentTarget"]["ecsTarget"]["lifecycleEvents"]
    }
    assert (statuses["BeforeInstall"], statuses["Install"], statuses["AllowTraffic"]) == (
        "Succeeded",
        "Failed",
        "Skipped",
    )


async def test_a_replacement_that_never_gets_healthy_times_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "INSTALL_TIMEOUT_LEAST_S", 0.1)
    monkeypatch.setattr(deploy, "INSTALL_TIMEOUT_MINUTES", 1)
    site.world.green_looks = 10**6
    await site.prepare()
    info = await site.ended(await site.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "TIMEOUT")
    await site.idle()
    assert len(site.world.sets) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (appspec("web:9"), "names the task definition web:9, which does not exist"),
        ("{", "neither valid JSON nor valid YAML"),
        ("[]", "is not a mapping"),
        (json.dumps({"Resources": []}), "names 0 resources of type AWS::ECS::Service"),
        (appspec(Hooks=[{"ApplicationStop": "check-it"}]), "has the hook ApplicationStop"),
        (appspec(Hooks=[{"BeforeInstall": ""}]), "names no Lambda function for the hook BeforeInstall"),
    ],
)
async def test_an_appspec_that_cannot_be_used_fails_the_deployment_in_one_sentence(
    site: Site, content: str, why: str
) -> None:
    await site.prepare()
    info = await site.ended(await site.deploy(revision=revision(content=content)))
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INVALID_REVISION")
    assert why in info["errorInformation"]["message"]
    assert site.world.called("CreateTaskSet") == []
    await site.idle()


async def test_an_appspec_in_yaml_is_read_from_s3(site: Site) -> None:
    yaml = (
        "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n"
        "        TaskDefinition: web:2\n        LoadBalancerInfo:\n          ContainerName: web\n"
        "          ContainerPort: 80\n"
    )
    site.world.objects["appspec.yaml"] = yaml.encode()
    await site.prepare()
    place = {"bucket": "artifacts", "key": "appspec.yaml", "bundleType": "YAML"}
    assert (await site.ended(await site.deploy(revision={"revisionType": "S3", "s3Location": place})))[
        "status"
    ] == "Succeeded"
    place["key"] = "missing.yaml"
    info = await site.ended(await site.deploy(revision={"revisionType": "S3", "s3Location": place}))
    assert info["errorInformation"]["code"] == "REVISION_MISSING"


async def test_waits_for_continue_before_production_traffic_moves(site: Site) -> None:
    ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 600}
    terminate = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 600}
    await site.prepare(
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": ready,
            "terminateBlueInstancesOnDeploymentSuccess": terminate,
        }
    )
    deployment_id = await site.deploy()
    await site.until(lambda: site.status(deployment_id) == "Ready")
    assert site.world.green_share() == 0
    test = site.world.listeners[TEST_LISTENER][0]["ForwardConfig"]["TargetGroups"]
    assert test == [{"TargetGroupArn": GREEN_TG, "Weight": 100}]
    with pytest.raises(AwsError, match="DeploymentIsNotInReadyStateException"):
        await site.call("ContinueDeployment", deploymentId=deployment_id, deploymentWaitType="TERMINATION_WAIT")
    await site.call("ContinueDeployment", deploymentId=deployment_id, deploymentWaitType="READY_WAIT")
    await site.until(lambda: site.world.primary() == "web:2")
    await site.until(lambda: b'"termination_wait_started":true' in _document(site, deployment_id))
    assert (await site.info(deployment_id))["instanceTerminationWaitTimeStarted"] is True
    await site.call("SkipWaitTimeForInstanceTermination", deploymentId=deployment_id)
    assert (await site.ended(deployment_id))["status"] == "Succeeded"


def _document(site: Site, deployment_id: str) -> bytes:
    row = site.db.one("SELECT doc FROM codedeploy_deployments WHERE id = ?", (deployment_id,))
    return bytes(row["doc"])


async def test_nobody_continuing_in_time_stops_the_deployment(site: Site) -> None:
    ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 1}
    await site.prepare(blueGreenDeploymentConfiguration={"deploymentReadyOption": ready})
    info = await site.ended(await site.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "TIMEOUT")
    await site.idle()
    assert len(site.world.sets) == 1
    assert site.world.listeners[TEST_LISTENER] == [{"Type": "forward", "TargetGroupArn": BLUE_TG}]


async def test_a_role_without_permission_fails_with_that_reason(site: Site) -> None:
    site.world.fail["ModifyRule"] = AwsError("AccessDenied", "not authorized to perform this")
    await site.prepare()
    info = await site.ended(await site.deploy())
    assert info["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert "elbv2:ModifyRule" in info["errorInformation"]["message"]
    assert site.world.called("CreateTaskSet") == []
    await site.idle()


async def test_the_way_back_is_tried_until_the_load_balancer_takes_it(site: Site) -> None:
    await site.prepare("CodeDeployDefault.ECSCanary10Percent15Minutes")
    deployment_id = await site.deploy()
    await site.until(lambda: site.world.green_share() == 10)
    site.world.fail["ModifyRule"] = AwsError("InternalFailure", "HAProxy does not answer")
    tries = len(site.world.called("ModifyRule"))
    await site.call("StopDeployment", deploymentId=deployment_id)
    await site.until(lambda: len(site.world.called("ModifyRule")) > tries + 3)
    assert site.status(deployment_id) == "InProgress", "it has not ended while traffic still goes to the replacement"
    del site.world.fail["ModifyRule"]
    assert (await site.ended(deployment_id))["status"] == "Stopped"
    await site.idle()
    assert (site.world.green_share(), len(site.world.sets)) == (0, 1)


async def test_one_deployment_a_group_at_a_time(site: Site) -> None:
    await site.prepare("CodeDeployDefault.ECSCanary10Percent15Minutes")
    first = await site.deploy()
    with pytest.raises(AwsError, match=f"'prod' already has an active Deployment '{first}'"):
        await site.deploy()
    await site.call("StopDeployment", deploymentId=first)
    await site.idle()
    await site.deploy()


async def test_triggers_publish_to_their_topic(site: Site) -> None:
    trigger = {
        "triggerName": "news",
        "triggerTargetArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:news",
        "triggerEvents": ["DeploymentSuccess", "DeploymentFailure"],
    }
    await site.prepare(triggerConfigurations=[trigger])
    deployment_id = await site.deploy()
    await site.ended(deployment_id)
    await site.until(lambda: site.world.published)
    message = json.loads(site.world.published[0]["Message"])
    assert (message["deploymentId"], message["status"]) == (deployment_id, "SUCCEEDED")
    assert len(site.world.published) == 1


async def test_refuses_what_it_cannot_do_with_declared_errors(site: Site) -> None:
    await site.prepare()
    with pytest.raises(AwsError, match="InvalidRevisionException: The provided sha256"):
        await site.deploy(
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": "{}", "sha256": hashlib.sha256(b"other").hexdigest()},
            }
        )
    with pytest.raises(AwsError, match="DeploymentConfigDoesNotExistException"):
        await site.deploy(deploymentConfigName="Trunkline.ECSSteps50Percent10PercentEvery1Minutes")
    with pytest.raises(AwsError, match="InvalidDeploymentIdException"):
        await site.call("GetDeployment", deploymentId="nonsense")
    with pytest.raises(AwsError, match="DeploymentDoesNotExistException"):
        await site.call("GetDeployment", deploymentId="d-000000000")
    await site.call("CreateApplication", applicationName="fn", computePlatform="Server")
    await site.call("CreateDeploymentGroup", applicationName="fn", deploymentGroupName="prod", serviceRoleArn=ROLE)
    with pytest.raises(AwsError, match="does not deploy to the compute platform Server"):
        await site.call("CreateDeployment", applicationName="fn", deploymentGroupName="prod", revision=revision())
    site.world.is_trusted = False
    with pytest.raises(AwsError, match="InvalidRoleException: Cannot assume role provided"):
        await site.deploy()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"ecsServices": []}, "InvalidECSServiceException"),
        ({"loadBalancerInfo": {}}, "InvalidLoadBalancerInfoException"),
        ({"deploymentStyle": {"deploymentType": "IN_PLACE"}}, "InvalidDeploymentStyleException"),
        ({"alarmConfiguration": {"enabled": True, "alarms": []}}, "InvalidAlarmConfigException"),
        ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "InvalidAutoRollbackConfigException"),
        ({"deploymentConfigName": "CodeDeployDefault.AllAtOnce"}, "InvalidDeploymentConfigNameException"),
        ({"triggerConfigurations": [{"triggerName": "x"}]}, "InvalidTriggerConfigException"),
    ],
)
async def test_a_group_that_could_not_deploy_is_refused(site: Site, changed: Doc, error: str) -> None:
    await site.call("CreateApplication", applicationName="web", computePlatform="ECS")
    with pytest.raises(AwsError, match=error):
        await site.call("CreateDeploymentGroup", **group(**changed))


async def test_lists_configurations_and_describes_them_by_their_grammar(site: Site) -> None:
    names = (await site.call("ListDeploymentConfigs"))["deploymentConfigsList"]
    assert {"CodeDeployDefault.ECSAllAtOnce", "CodeDeployDefault.LambdaAllAtOnce", STEPS} <= set(names)
    for name in names:
        info = (await site.call("GetDeploymentConfig", deploymentConfigName=name))["deploymentConfigInfo"]
        assert info["deploymentConfigName"] == name
    routing = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 30, "linearInterval": 2}}
    params = {"deploymentConfigName": "mine", "computePlatform": "ECS", "trafficRoutingConfig": routing}
    await site.call("CreateDeploymentConfig", **params)
    with pytest.raises(AwsError, match="DeploymentConfigAlreadyExistsException"):
        await site.call("CreateDeploymentConfig", **params)
    await site.prepare("mine")
    with pytest.raises(AwsError, match="DeploymentConfigInUseException"):
        await site.call("DeleteDeploymentConfig", deploymentConfigName="mine")
    await site.ended(await site.deploy())
    assert [weights[GREEN_TG] for weights in site.world.weights] == [0, 30, 60, 90, 100]


async def test_keeps_revisions_tags_and_history(site: Site) -> None:
    await site.prepare()
    await site.call("RegisterApplicationRevision", applicationName="web", revision=revision(), description="first")
    deployment_id = await site.deploy()
    await site.ended(deployment_id)
    info = await site.call("GetApplicationRevision", applicationName="web", revision=revision())
    assert (info["revisionInfo"]["deploymentGroups"], info["revisionInfo"]["description"]) == (["prod"], "first")
    listed = await site.call("ListApplicationRevisions", applicationName="web", deployed="include")
    assert len(listed["revisions"]) == 1
    found = await site.call("GetDeploymentGroup", applicationName="web", deploymentGroupName="prod")
    described = found["deploymentGroupInfo"]
    assert described["lastSuccessfulDeployment"]["deploymentId"] == deployment_id
    assert described["targetRevision"]["revisionType"] == "AppSpecContent"
    listed = await site.call(
        "ListDeployments", applicationName="web", deploymentGroupName="prod", includeOnlyStatuses=["Succeeded"]
    )
    assert listed["deployments"] == [deployment_id]
    arn = f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:web/prod"
    await site.call("TagResource", ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}, {"Key": "x", "Value": "y"}])
    await site.call("UntagResource", ResourceArn=arn, TagKeys=["x"])
    tags = await site.call("ListTagsForResource", ResourceArn=arn)
    assert tags["Tags"] == [{"Key": "team", "Value": "a"}]
