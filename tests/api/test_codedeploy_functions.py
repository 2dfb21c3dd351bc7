"""Deployments of functions: an alias moves from version to version, waits for its hooks, and comes back by itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.api.lambda_.conftest import zipped
from tests.support.roles import service_role
from tests.support.server import Server, wait_until
from tests.support.stacks import Stacks

Doc = dict[str, Any]
AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
SLOW = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
HOOK = """
import boto3
def handler(event, context):
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"], status="{status}")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Waits are a hundred times shorter."""
    with Server(Path(tmp_path_factory.mktemp("functions")) / "data", clock=100) as server:
        yield server


@pytest.fixture(scope="module")
def roles(server: Server) -> dict[str, str]:
    return {name: service_role(server.client, name, name) for name in ("lambda", "codedeploy")}


class Site:
    """A function with two versions, its alias `live` at the first, and a deployment group for it."""

    def __init__(self, server: Server, roles: dict[str, str], name: str) -> None:
        self.functions, self.codedeploy = server.client("lambda"), server.client("codedeploy")
        self.name, self.roles = name, roles
        self.function("def handler(event, context): return 1")
        self.functions.publish_version(FunctionName=name)
        self.functions.update_function_code(FunctionName=name, ZipFile=zipped(index__py="def handler(e, c): return 2"))
        self.functions.publish_version(FunctionName=name)
        self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        self.codedeploy.create_application(applicationName=name, computePlatform="Lambda")
        self.place = {"applicationName": name, "deploymentGroupName": "prod"}
        rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]}
        alarms = {"enabled": True, "alarms": [{"name": name}]}
        self.codedeploy.create_deployment_group(
            **self.place,
            serviceRoleArn=roles["codedeploy"],
            autoRollbackConfiguration=rollback,
            alarmConfiguration=alarms,
        )

    def function(self, source: str, suffix: str = "") -> str:
        code = {"ZipFile": zipped(index__py=source)}
        given = {"Runtime": "python3.12", "Handler": "index.handler", "Role": self.roles["lambda"]}
        return self.functions.create_function(FunctionName=self.name + suffix, Code=code, **given)["FunctionName"]

    def deploy(
        self, config: str = "CodeDeployDefault.LambdaAllAtOnce", hooks: Doc | None = None, **versions: Any
    ) -> str:
        properties = {"Name": self.name, "Alias": "live", "CurrentVersion": 1, "TargetVersion": 2, **versions}
        resources = [{"f": {"Type": "AWS::Lambda::Function", "Properties": properties}}]
        spec = {"version": 0.0, "Resources": resources, "Hooks": [{key: name} for key, name in (hooks or {}).items()]}
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}}
        return str(
            self.codedeploy.create_deployment(**self.place, revision=revision, deploymentConfigName=config)[
                "deploymentId"
            ]
        )

    def ended(self, id: str) -> Doc:
        def look() -> Doc | None:
            info = self.codedeploy.get_deployment(deploymentId=id)["deploymentInfo"]
            return info if info["status"] in ("Succeeded", "Failed", "Stopped") else None

        return wait_until(look, what=f"the end of {id}")

    def alias(self) -> tuple[str, Doc]:
        found = self.functions.get_alias(FunctionName=self.name, Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def targets(self, id: str) -> list[Doc]:
        """There is none before the AppSpec file has been read."""
        ids = self.codedeploy.list_deployment_targets(deploymentId=id)["targetIds"]
        found = self.codedeploy.batch_get_deployment_targets(deploymentId=id, targetIds=ids)["deploymentTargets"]
        return [one["lambdaTarget"] for one in found]

    def weight(self, id: str) -> float:
        return sum(one["lambdaFunctionInfo"]["targetVersionWeight"] for one in self.targets(id))


@pytest.fixture
def site(server: Server, roles: dict[str, str], name: str) -> Site:
    return Site(server, roles, name)


def test_a_canary_ends_with_all_traffic_at_the_new_version(site: Site) -> None:
    id = site.deploy("CodeDeployDefault.LambdaCanary10Percent5Minutes")
    wait_until(lambda: site.alias() == ("1", {"2": 0.1}), what="the canary")
    info = site.ended(id)
    assert (info["status"], info["computePlatform"], site.alias()) == ("Succeeded", "Lambda", ("2", {}))
    (target,) = site.targets(id)
    assert target["lambdaFunctionInfo"] == {
        "functionName": site.name,
        "functionAlias": "live",
        "currentVersion": "1",
        "targetVersion": "2",
        "targetVersionWeight": 1.0,
    }
    assert [(one["lifecycleEventName"], one["status"]) for one in target["lifecycleEvents"]] == [
        (event, "Succeeded") for event in ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
    ]


def test_an_alarm_gives_the_traffic_back(site: Site, server: Server) -> None:
    cloudwatch = server.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=site.name,
        Namespace="t",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    id = site.deploy(SLOW)
    wait_until(lambda: site.alias() == ("1", {"2": 0.1}), what="the canary")
    cloudwatch.set_alarm_state(AlarmName=site.name, StateValue="ALARM", StateReason="test")
    info = site.ended(id)
    assert (info["status"], info["errorInformation"]["code"], site.alias()) == ("Stopped", "ALARM_ACTIVE", ("1", {}))
    back = site.ended(info["rollbackInfo"]["rollbackDeploymentId"])
    assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    cloudwatch.delete_alarms(AlarmNames=[site.name])


def test_a_stop_without_rollback_leaves_the_weights_and_with_it_takes_them_back(site: Site) -> None:
    first = site.deploy(SLOW)
    wait_until(lambda: site.alias() == ("1", {"2": 0.1}), what="the canary")
    site.codedeploy.stop_deployment(deploymentId=first)
    assert site.ended(first)["status"] == "Stopped"
    assert site.alias() == ("1", {"2": 0.1})
    second = site.deploy(SLOW)
    wait_until(lambda: site.weight(second) == 0.1, what="the second canary")
    site.codedeploy.stop_deployment(deploymentId=second, autoRollbackEnabled=True)
    site.ended(second)
    wait_until(lambda: site.alias() == ("1", {}), what="the original version")


@pytest.mark.parametrize(("status", "ends"), [("Succeeded", "Succeeded"), ("Failed", "Failed")])
def test_a_hook_decides_before_any_traffic_moves(site: Site, status: str, ends: str) -> None:
    hook = site.function(HOOK.replace("{status}", status), "-hook")
    info = site.ended(site.deploy(hooks={"BeforeAllowTraffic": hook}))
    assert info["status"] == ends
    assert site.alias() == (("2", {}) if ends == "Succeeded" else ("1", {}))
    if ends == "Failed":
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"


@pytest.mark.parametrize(
    ("versions", "code", "told"),
    [
        ({"CurrentVersion": "2", "TargetVersion": "1"}, "INVALID_LAMBDA_CONFIGURATION", "points to version 1"),
        ({"Alias": "absent"}, "INVALID_LAMBDA_CONFIGURATION", "Cannot find alias arn"),
        ({"TargetVersion": "9"}, "INVALID_LAMBDA_CONFIGURATION", "Function not found"),
        ({"TargetVersion": None}, "INVALID_REVISION", "no TargetVersion"),
    ],
)
def test_what_cannot_be_moved_fails_in_one_sentence(site: Site, versions: Doc, code: str, told: str) -> None:
    info = site.ended(site.deploy(**versions))
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)
    assert told in info["errorInformation"]["message"]
    assert site.alias() == ("1", {})


def test_a_group_of_functions_shifts_traffic(site: Site) -> None:
    with pytest.raises(ClientError, match="InvalidDeploymentStyleException"):
        site.codedeploy.create_deployment_group(
            applicationName=site.name,
            deploymentGroupName="other",
            serviceRoleArn=site.roles["codedeploy"],
            deploymentStyle={"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
        )
    with pytest.raises(ClientError, match="InvalidDeploymentConfigNameException"):
        site.deploy("CodeDeployDefault.ECSAllAtOnce")


def test_a_stack_lets_codedeploy_move_its_alias(server: Server, site: Site, name: str) -> None:
    """UpdatePolicy.CodeDeployLambdaAliasUpdate: what SAM and the CDK emit."""
    stacks = Stacks(server.client("cloudformation"), f"{name}-stack")

    def alias(version: str, group: str = "prod") -> Doc:
        policy = {"CodeDeployLambdaAliasUpdate": {"ApplicationName": name, "DeploymentGroupName": group}}
        properties = {"FunctionName": name, "Name": "stack", "FunctionVersion": version}
        return {"Alias": {"Type": "AWS::Lambda::Alias", "Properties": properties, "UpdatePolicy": policy}}

    def points_to() -> str:
        return str(site.functions.get_alias(FunctionName=name, Name="stack")["FunctionVersion"])

    assert stacks.create(alias("1")) == "CREATE_COMPLETE"
    assert site.codedeploy.list_deployments(**site.place)["deployments"] == []
    assert stacks.update(alias("2")) == "UPDATE_COMPLETE"
    (id,) = site.codedeploy.list_deployments(**site.place)["deployments"]
    assert (site.ended(id)["status"], points_to()) == ("Succeeded", "2")
    assert stacks.update(alias("1", group="absent")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "No Deployment Group found for name: absent" in stacks.reasons("UPDATE_FAILED")[0]
    assert points_to() == "2"
    stacks.delete()
