"""A small delivery path on the real engines: a commit is built, approved and deployed blue/green behind HAProxy.

Given such a path, a test pushes files of which one is wrong, and says at which stage it fails, why, and that nothing is
left behind. The build makes no image (the service is a script in the task definition), so a whole run takes seconds.
"""

import json
import subprocess
import urllib.error
import urllib.request
from typing import Any

from tests.support.roles import service_role
from tests.support.server import Server, wait_until

IMAGE = "public.ecr.aws/docker/library/python:3.11-slim"
NAME = "edge"
GOOD_BUILDSPEC = """
version: 0.2
phases:
  build:
    commands:
      - echo tested > unit.xml
reports: {}
artifacts: {files: [taskdef.json, appspec.yaml]}
"""
GOOD_APPSPEC = """
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo: {ContainerName: edge, ContainerPort: 8080}
"""
_SERVICE = """
import os, signal
from http.server import *
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        bad = self.path == "/health" and os.environ.get("SICK")
        self.send_response(503 if bad else 200)
        self.send_header("Content-Length", "0")
        self.send_header("X-Version", os.environ["VERSION"])
        self.end_headers()
    def log_message(self, *a): pass
ThreadingHTTPServer(("", 8080), H).serve_forever()
"""
_ENDED = ("Succeeded", "Failed", "Stopped", "Superseded", "Cancelled")


def task_definition(role: str, version: str, **changes: Any) -> dict[str, Any]:
    """The service in that version; `changes` are those of its container."""
    container = {
        "name": NAME,
        "image": IMAGE,
        "command": ["python3", "-c", _SERVICE],
        "essential": True,
        "stopTimeout": 2,  # a first process that has no handler yet does not see SIGTERM
        "environment": [{"name": "VERSION", "value": version}],
        "portMappings": [{"containerPort": 8080}],
        **changes,
    }
    return {
        "family": NAME,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": role,
        "containerDefinitions": [container],
    }


class DeliveryPath:
    """Made once and used by many tests, one after another. `live` is the version that has to be in production."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.aws = server.client
        self.live = "1"
        self._count = 0
        self._made()

    # what a test does ------------------------------------------------------------------------------------------------

    def push(self, *, version: str = "next", buildspec: str | None = None, appspec: str | None = None, **changes: Any):
        """Commit the files and wait until the pipeline has started for them: the run."""
        files = {
            "buildspec.yml": buildspec or GOOD_BUILDSPEC,
            "appspec.yaml": appspec or GOOD_APPSPEC,
            "taskdef.json": json.dumps(task_definition(self.role, version, **changes)),
        }
        self._count += 1
        files["count"] = str(self._count)
        commit = self._commit(files)

        def started() -> str | None:
            runs = self.aws("codepipeline").list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
            return next(
                (
                    run["pipelineExecutionId"]
                    for run in runs
                    if any(source.get("revisionId") == commit for source in run.get("sourceRevisions", []))
                ),
                None,
            )

        return Run(self, version, wait_until(started, 30, what="the start of the pipeline"))

    def version(self) -> str:
        """Which version answers in production."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}/", timeout=5) as answer:
                return str(answer.headers["X-Version"])
        except urllib.error.HTTPError as error:
            return f"{error.code}"
        except OSError as error:
            return f"no answer: {error}"

    def containers(self) -> set[str]:
        """Everything of this instance that Docker knows, running or not, but what only holds a task's network."""
        instance = self.server.settings["instance_id"]
        listed = subprocess.run(
            ["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", f"label=trunkline.instance={instance}"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return {name for name in listed.stdout.split() if not name.endswith(".sandbox")}

    def is_as_before(self) -> None:
        """Nothing is left behind: one task set and its container, and the listener where it was."""

        def look() -> bool:
            sets = self.task_sets()
            return len(self.containers()) == len(sets) == 1 and sets[0]["stabilityStatus"] == "STEADY_STATE"

        try:
            wait_until(look, 30, what="the end of what was left behind")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.containers()}, {self.task_sets()}") from None
        (primary,) = self.task_sets()
        assert primary["status"] == "PRIMARY"
        assert self.weights() == {primary["loadBalancers"][0]["targetGroupArn"]: 100}
        assert self.version() == self.live

    def task_sets(self) -> list[dict[str, Any]]:
        found = self.aws("ecs").describe_services(cluster=NAME, services=[NAME])["services"][0]
        return list(found["taskSets"])

    def weights(self) -> dict[str, int]:
        """The target groups that production traffic goes to, in per cent."""
        (listener,) = self.aws("elbv2").describe_listeners(ListenerArns=[self.listener])["Listeners"]
        (action,) = listener["DefaultActions"]
        groups = action["ForwardConfig"]["TargetGroups"] if "ForwardConfig" in action else []
        if not groups:
            return {action["TargetGroupArn"]: 100}
        total = sum(group.get("Weight", 1) for group in groups)
        return {
            group["TargetGroupArn"]: 100 * group.get("Weight", 1) // total for group in groups if group.get("Weight", 1)
        }

    def approval_minutes(self, minutes: int) -> None:
        """How long the pipeline waits for an approval."""
        pipeline = self.aws("codepipeline")
        declaration = pipeline.get_pipeline(name=NAME)["pipeline"]
        declaration["stages"][2]["actions"][0]["timeoutInMinutes"] = minutes
        pipeline.update_pipeline(pipeline=declaration)

    # how it is made --------------------------------------------------------------------------------------------------

    def _commit(self, files: dict[str, str]) -> str:
        codecommit = self.aws("codecommit")
        parent = {}
        branches = codecommit.list_branches(repositoryName=NAME)["branches"]
        if branches:
            parent["parentCommitId"] = codecommit.get_branch(repositoryName=NAME, branchName="main")["branch"][
                "commitId"
            ]
        puts = [{"filePath": path, "fileContent": text.encode()} for path, text in files.items()]
        return str(
            codecommit.create_commit(repositoryName=NAME, branchName="main", putFiles=puts, **parent)["commitId"]
        )

    def _made(self) -> None:
        aws = self.aws
        self.role = service_role(aws, "tasks", "ecs-tasks", "logs:*", "ecr:*")
        aws("codecommit").create_repository(repositoryName=NAME)
        aws("s3").create_bucket(Bucket="edge-artifacts")
        aws("codebuild").create_project(
            name=NAME,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=service_role(aws, "build", "codebuild"),
        )
        self._made_load_balancer()
        self._made_service()
        self._made_deployment_group()
        self._made_pipeline()
        wait_until(lambda: self.version() == "1", 60, what="version 1 in production")
        wait_until(lambda: self.task_sets()[0]["stabilityStatus"] == "STEADY_STATE", 60, what="a steady service")

    def _made_load_balancer(self) -> None:
        ec2, elb = self.aws("ec2"), self.aws("elbv2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]}
        self.subnets = list(zones.values())[:2]
        balancer = elb.create_load_balancer(Name=NAME, Subnets=self.subnets)["LoadBalancers"][0]
        self.groups = []
        for colour in ("blue", "green"):
            group = elb.create_target_group(
                Name=f"{NAME}-{colour}", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip",
                HealthCheckPath="/health", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
                HealthyThresholdCount=2, UnhealthyThresholdCount=2,
            )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
            elb.modify_target_group_attributes(
                TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
            )
            self.groups.append(group)
        listener = elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups[0]}],
        )["Listeners"][0]  # fmt: skip
        self.host, self.port, self.listener = balancer["DNSName"], listener["Port"], listener["ListenerArn"]

    def _made_service(self) -> None:
        ecs = self.aws("ecs")
        ecs.create_cluster(clusterName=NAME)
        ecs.register_task_definition(**task_definition(self.role, "1"))
        ecs.create_service(
            cluster=NAME,
            serviceName=NAME,
            taskDefinition=NAME,
            desiredCount=1,
            launchType="FARGATE",
            deploymentController={"type": "CODE_DEPLOY"},
            networkConfiguration={"awsvpcConfiguration": {"subnets": self.subnets, "assignPublicIp": "ENABLED"}},
            loadBalancers=[{"targetGroupArn": self.groups[0], "containerName": NAME, "containerPort": 8080}],
        )

    def _made_deployment_group(self) -> None:
        codedeploy = self.aws("codedeploy")
        codedeploy.create_application(applicationName=NAME, computePlatform="ECS")
        pair = {
            "targetGroups": [{"name": f"{NAME}-blue"}, {"name": f"{NAME}-green"}],
            "prodTrafficRoute": {"listenerArns": [self.listener]},
        }
        codedeploy.create_deployment_group(
            applicationName=NAME,
            deploymentGroupName=NAME,
            serviceRoleArn=service_role(self.aws, "deploy", "codedeploy"),
            deploymentConfigName="CodeDeployDefault.ECSCanary10Percent5Minutes",  # five seconds at clock 60
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            blueGreenDeploymentConfiguration={
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 0},
            },
            autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]},
            loadBalancerInfo={"targetGroupPairInfoList": [pair]},
            ecsServices=[{"serviceName": NAME, "clusterName": NAME}],
        )

    def _made_pipeline(self) -> None:
        deploy = {
            "ApplicationName": NAME,
            "DeploymentGroupName": NAME,
            "TaskDefinitionTemplateArtifact": "built",
            "AppSpecTemplateArtifact": "built",
        }
        self.aws("codepipeline").create_pipeline(
            pipeline={
                "name": NAME,
                "roleArn": service_role(self.aws, "pipeline", "codepipeline"),
                "artifactStore": {"type": "S3", "location": "edge-artifacts"},
                "pipelineType": "V2",
                "stages": [
                    _stage(
                        "Source", "Source", "CodeCommit", {"RepositoryName": NAME, "BranchName": "main"}, out="source"
                    ),
                    _stage("Build", "Build", "CodeBuild", {"ProjectName": NAME}, given="source", out="built"),
                    _stage("Approve", "Approval", "Manual", {}),
                    _stage("Deploy", "Deploy", "CodeDeployToECS", deploy, given="built"),
                ],
            }
        )


def _stage(
    name: str, category: str, provider: str, configuration: dict[str, str], *, given: str = "", out: str = ""
) -> dict[str, Any]:
    action = {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "inputArtifacts": [{"name": given}] if given else [],
        "outputArtifacts": [{"name": out}] if out else [],
    }
    return {"name": name, "actions": [action]}


class Run:
    """One execution of the pipeline."""

    def __init__(self, path: DeliveryPath, version: str, execution: str) -> None:
        self.path, self.version, self.execution = path, version, execution
        self.pipeline = path.aws("codepipeline")

    def status(self) -> str:
        found = self.pipeline.get_pipeline_execution(pipelineName=NAME, pipelineExecutionId=self.execution)
        return str(found["pipelineExecution"]["status"])

    def action(self, name: str) -> dict[str, Any]:
        """What the pipeline says of an action; nothing before it began."""
        found = self.pipeline.list_action_executions(pipelineName=NAME, filter={"pipelineExecutionId": self.execution})[
            "actionExecutionDetails"
        ]
        return next((action for action in found if action["actionName"] == name), {})

    def external(self, name: str, timeout_s: float = 30) -> str:
        """The build or deployment behind an action, once it is known."""

        def look() -> str | None:
            result = self.action(name).get("output", {}).get("executionResult", {})
            found: str | None = result.get("externalExecutionId")
            return found

        return str(wait_until(look, timeout_s, what=f"the beginning of {name}"))

    def token(self) -> str:
        """The approval's token, once the pipeline asks."""

        def look() -> str | None:
            if self.status() in _ENDED:
                raise AssertionError(f"the run ended before it asked: {self.why('Build')}")
            for stage in self.pipeline.get_pipeline_state(name=NAME)["stageStates"]:
                if stage["stageName"] == "Approve":
                    latest = stage.get("latestExecution", {})
                    if latest.get("pipelineExecutionId") == self.execution:
                        return stage["actionStates"][0].get("latestExecution", {}).get("token")
            return None

        return str(wait_until(look, 60, what="the request for approval"))

    def answer(self, status: str = "Approved", summary: str = "fine") -> "Run":
        self.pipeline.put_approval_result(
            pipelineName=NAME, stageName="Approve", actionName="Approve", token=self.token(),
            result={"status": status, "summary": summary},
        )  # fmt: skip
        return self

    def ended(self, timeout_s: float = 90) -> str:
        return str(
            wait_until(
                lambda: found if (found := self.status()) in _ENDED else None, timeout_s, what="the end of the run"
            )
        )

    def why(self, name: str) -> str:
        return str(
            self.action(name).get("output", {}).get("executionResult", {}).get("errorDetails", {}).get("message")
        )

    def fails_at(self, stage: str, *says: str, timeout_s: float = 90) -> str:
        """It fails there and nowhere else, and says why in one sentence."""
        assert self.ended(timeout_s) == "Failed"
        states = {
            name: action["status"] for name in ("Source", "Build", "Approve", "Deploy") if (action := self.action(name))
        }
        assert [name for name, status in states.items() if status != "Succeeded"] == [stage], states
        why = self.why(stage)
        for text in says:
            assert text in why, why
        assert "\n" not in why
        assert "Traceback" not in why
        return why

    def succeeds(self, timeout_s: float = 120) -> None:
        status = self.ended(timeout_s)
        if status == "Succeeded":
            self.path.live = self.version
        assert status == "Succeeded", [self.why(name) for name in ("Source", "Build", "Approve", "Deploy")]
