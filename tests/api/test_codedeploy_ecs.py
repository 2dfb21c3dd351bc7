"""CodeDeploy with the real ECS, load balancer and CloudWatch of a running server, on the fake engines."""

import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tests.faults.site import Service, task_definition
from tests.support.server import Server, wait_until

Doc = dict[str, Any]
SLOW = "CodeDeployDefault.ECSCanary10Percent15Minutes"  # nine seconds with this clock


class Shop:
    """A server with the service `web` at version 1, and what tests ask of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.service = Service()
        self.service.make(server)
        self.codedeploy = server.client("codedeploy")
        balancer = server.client("elbv2").describe_load_balancers(Names=["web"])["LoadBalancers"][0]
        self.url = f"http://{balancer['DNSName']}:8080/"

    def definition(self, **changed: Any) -> str:
        made = task_definition(self.server, "v2")
        made["containerDefinitions"][0].update(changed)
        answer = self.server.client("ecs").register_task_definition(**made)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def deploy(self, definition: str, config: str = SLOW, **more: Any) -> str:
        content = {"content": self.service.appspec(definition)}
        return str(
            self.codedeploy.create_deployment(
                applicationName="web",
                deploymentGroupName="prod",
                deploymentConfigName=config,
                revision={"revisionType": "AppSpecContent", "appSpecContent": content},
                **more,
            )["deploymentId"]
        )

    def info(self, deployment: str) -> Doc:
        found: Doc = self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return found

    def ended(self, deployment: str) -> Doc:
        over = ("Succeeded", "Failed", "Stopped")
        wait_until(lambda: self.info(deployment)["status"] in over, 60, what=f"the end of {deployment}")
        return self.info(deployment)

    def share_pct(self, deployment: str) -> float:
        found = self.codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=["main:web"])
        sets = found["deploymentTargets"][0]["ecsTarget"].get("taskSetsInfo", [])
        return float(next((one["trafficWeight"] for one in sets if one["taskSetLabel"] == "Green"), 0))

    def settled(self) -> None:
        """No rollback runs, and nothing is left but one task set with its task."""
        wait_until(lambda: not self._active(), 60, what="the end of the rollback")
        wait_until(lambda: self.service.is_settled(self.server), 60, what="one task set with one task")

    def _active(self) -> list[str]:
        statuses = ["Created", "Queued", "InProgress", "Ready"]
        found: list[str] = self.codedeploy.list_deployments(includeOnlyStatuses=statuses)["deployments"]
        return found

    def served(self) -> str:
        with urllib.request.urlopen(self.url, timeout=5) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Server(tmp_path_factory.mktemp("shop") / "data", clock=100) as server:
        yield Shop(server)


def test_a_deployment_serves_the_new_version_and_none_of_the_old(shop: Shop) -> None:
    assert shop.served() == "v1"
    deployment = shop.deploy(shop.service.task_definitions["v2"], "CodeDeployDefault.ECSAllAtOnce")
    assert shop.ended(deployment)["status"] == "Succeeded"
    assert {shop.served() for _ in range(20)} == {"v2"}
    back = shop.deploy(shop.service.task_definitions["v1"], "CodeDeployDefault.ECSAllAtOnce")
    assert shop.ended(back)["status"] == "Succeeded"
    assert {shop.served() for _ in range(20)} == {"v1"}
    shop.settled()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"image": "public.ecr.aws/nothing/here:1"}, "CannotPull"),
        ({"command": ["sh", "-c", "exit 3"]}, "exited with code 3"),
    ],
    ids=["image that does not exist", "container that exits at once"],
)
def test_a_replacement_that_does_not_stay_up_fails_with_the_reason(shop: Shop, changed: Doc, why: str) -> None:
    begun = time.monotonic()
    info = shop.ended(shop.deploy(shop.definition(**changed)))
    assert info["status"] == "Failed"
    assert why in info["errorInformation"]["message"], info["errorInformation"]
    assert time.monotonic() - begun < 30
    shop.settled()
    assert {shop.served() for _ in range(20)} == {"v1"}


def test_a_stopped_canary_goes_back_to_the_version_before(shop: Shop) -> None:
    deployment = shop.deploy(shop.service.task_definitions["v2"])
    wait_until(lambda: shop.share_pct(deployment) == 10, 30, what="10 %")
    assert "v2" in {shop.served() for _ in range(200)}
    shop.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    info = shop.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert {shop.served() for _ in range(50)} == {"v1"}
    assert shop.ended(info["rollbackInfo"]["rollbackDeploymentId"])["creator"] == "codeDeployRollback"
    shop.settled()


def test_an_alarm_takes_a_canary_back(shop: Shop) -> None:
    cloudwatch = shop.server.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="Shop",
        MetricName="Errors",
        Statistic="Sum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    alarms = {"enabled": True, "alarms": [{"name": "errors"}]}
    rollback = {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}
    deployment = shop.deploy(
        shop.service.task_definitions["v2"],
        "Trunkline.ECSSteps10PercentEvery90Minutes",
        overrideAlarmConfiguration=alarms,
        autoRollbackConfiguration=rollback,
    )
    wait_until(lambda: shop.share_pct(deployment) == 10, 30, what="10 %")
    # Of high resolution: a sample of standard resolution belongs to the beginning of its minute.
    sample = {"MetricName": "Errors", "Value": 5, "StorageResolution": 1}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[sample])
    info = shop.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert info["errorInformation"]["message"].endswith("Activated alarms: errors")
    assert {shop.served() for _ in range(50)} == {"v1"}
    assert shop.ended(info["rollbackInfo"]["rollbackDeploymentId"])["status"] == "Succeeded"
    shop.settled()


def test_an_appspec_that_names_an_unknown_task_definition_fails_before_anything_is_made(shop: Shop) -> None:
    info = shop.ended(shop.deploy("web:999"))
    assert info["errorInformation"]["code"] == "INVALID_REVISION"
    assert "web:999, which does not exist" in info["errorInformation"]["message"]
    shop.settled()
