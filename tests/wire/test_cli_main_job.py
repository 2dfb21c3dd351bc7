"""The main job by the aws CLI alone, versions 1 and 2, on Docker and HAProxy: build, run, shift, pipeline.

Both versions work at once, each on a project of its own, as two people of a team would. The CLI's waiters look every 6
or 15 seconds; where that would only cost time, they are asked when what they wait for is true already.
"""

import concurrent.futures
import json
import urllib.request
import uuid
import zipfile

import pytest
from tests.support.aws_cli import VERSIONS, Cli, program
from tests.support.delivery_path import GOOD_APPSPEC, GOOD_BUILDSPEC, task_definition
from tests.support.server import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(400)]
_SERVICES = ("codebuild", "codedeploy", "codepipeline", "ecs-tasks")


@pytest.fixture(scope="module")
def jobs(real_server, tmp_path_factory):
    """The job of each version, under way."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield {
            version: pool.submit(MainJob(Cli(version, real_server.endpoint, tmp_path_factory.mktemp(version))).run)
            for version in VERSIONS
            if program(version)
        }


@pytest.mark.parametrize("version", VERSIONS)
def test_the_main_job_by_the_cli(jobs, version):
    if version not in jobs:
        pytest.skip(f"no aws CLI {version} is installed (scripts/setup-machine installs Debian's)")
    jobs[version].result(timeout=380)


class MainJob:
    """What somebody types, in order."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.name = f"{cli.version}-{uuid.uuid4().hex[:8]}"
        self.bucket = f"{self.name}-artifacts"

    def run(self) -> None:
        self.role = self.make_role()
        self.upload_source()
        self.build()
        self.balance()
        self.run_a_task()
        self.serve()
        self.shift()
        self.deliver()
        self.is_refused()
        self.take_down()

    def make_role(self) -> str:
        principal = {"Service": [f"{service}.amazonaws.com" for service in _SERVICES]}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        role = self.cli(
            "iam", "create-role", "--role-name", self.name, "--assume-role-policy-document", _policy(trust)
        )["Role"]["Arn"]  # fmt: skip
        named = ("--role-name", self.name, "--policy-name", "work")
        self.cli("iam", "put-role-policy", *named, "--policy-document", _policy(allow))
        return role

    def upload_source(self) -> None:
        definition = task_definition(self.role, "2")
        definition["family"] = self.name
        with zipfile.ZipFile(self.cli.home / "source.zip", "w") as archive:
            archive.writestr("buildspec.yml", GOOD_BUILDSPEC)
            archive.writestr("appspec.yaml", GOOD_APPSPEC)
            archive.writestr("taskdef.json", json.dumps(definition))
        self.cli("s3", "mb", f"s3://{self.bucket}")
        self.cli(
            "s3api", "put-bucket-versioning", "--bucket", self.bucket, "--versioning-configuration", "Status=Enabled"
        )  # fmt: skip
        self.cli("s3", "cp", "source.zip", f"s3://{self.bucket}/source.zip")

    def build(self) -> None:
        cli, name = self.cli, self.name
        image = "type=LINUX_CONTAINER,image=aws/codebuild/standard:7.0,computeType=BUILD_GENERAL1_SMALL"
        cli(
            "codebuild", "create-project", "--name", name, "--service-role", self.role, "--environment", image,
            "--source", f"type=S3,location={self.bucket}/source.zip", "--artifacts", "type=NO_ARTIFACTS",
        )  # fmt: skip
        build = cli("codebuild", "start-build", "--project-name", name)["build"]["id"]
        tail = self.tail(f"/aws/codebuild/{name}")
        ended = wait_until(
            lambda: (
                found
                if (found := cli("codebuild", "batch-get-builds", "--ids", build)["builds"][0])["buildComplete"]
                else None
            ),
            60,
            what="the end of the build",
        )
        assert ended["buildStatus"] == "SUCCEEDED"
        found = cli(
            "logs", "filter-log-events", "--log-group-name", ended["logs"]["groupName"],
            "--filter-pattern", '"Phase complete"', "--query", "events[].message",
        )  # fmt: skip
        assert any("BUILD State: SUCCEEDED" in line for line in found)
        if tail is not None:
            for line in tail.stdout:
                if "Entering phase BUILD" in line:
                    break
            else:
                raise AssertionError("the tail ended without the build's output")
            tail.terminate()
            tail.wait(10)

    def tail(self, group: str):
        """`logs tail --follow` is version 2's; version 1 has `logs start-live-tail`, tried in a test of its own."""
        if self.cli.version == "v1":
            return None
        wait_until(
            lambda: self.cli("logs", "describe-log-groups", "--log-group-name-prefix", group)["logGroups"], 20,
            what="the log group",
        )  # fmt: skip
        return self.cli.start("logs", "tail", group, "--follow", "--since", "10m", "--format", "short")

    def balance(self) -> None:
        cli = self.cli
        vpc = cli("ec2", "describe-vpcs", "--query", "Vpcs[0].VpcId", "--output", "text")
        subnets = cli("ec2", "describe-subnets", "--filters", f"Name=vpc-id,Values={vpc}", "--query", "Subnets[:2]")
        self.subnets = [subnet["SubnetId"] for subnet in subnets]
        made = cli("elbv2", "create-load-balancer", "--name", self.name, "--subnets", *self.subnets)
        self.balancer = made["LoadBalancers"][0]
        cli("elbv2", "wait", "load-balancer-available", "--load-balancer-arns", self.balancer["LoadBalancerArn"])
        self.groups = [
            cli(
                "elbv2", "create-target-group", "--name", f"{self.name}-{colour}", "--protocol", "HTTP",
                "--port", "8080", "--vpc-id", vpc, "--target-type", "ip", "--health-check-path", "/health",
                "--health-check-interval-seconds", "5", "--health-check-timeout-seconds", "2",
                "--healthy-threshold-count", "2",
            )["TargetGroups"][0]["TargetGroupArn"]
            for colour in ("blue", "green")
        ]  # fmt: skip
        self.listener = cli(
            "elbv2", "create-listener", "--load-balancer-arn", self.balancer["LoadBalancerArn"], "--protocol", "HTTP",
            "--port", "8080", "--default-actions", f"Type=forward,TargetGroupArn={self.groups[0]}",
        )["Listeners"][0]["ListenerArn"]  # fmt: skip

    def run_a_task(self) -> None:
        cli = self.cli
        cli("ecs", "create-cluster", "--cluster-name", self.name)
        definition = task_definition(self.role, "1")
        definition["family"] = self.name
        made = cli("ecs", "register-task-definition", "--cli-input-json", cli.file("taskdef.json", definition))
        assert made["taskDefinition"]["revision"] == 1
        self.network = f"awsvpcConfiguration={{subnets=[{','.join(self.subnets)}],assignPublicIp=ENABLED}}"
        (task,) = cli(
            "ecs", "run-task", "--cluster", self.name, "--task-definition", self.name, "--launch-type", "FARGATE",
            "--network-configuration", self.network,
        )["tasks"]  # fmt: skip
        cli("ecs", "wait", "tasks-running", "--cluster", self.name, "--tasks", task["taskArn"])
        cli("ecs", "stop-task", "--cluster", self.name, "--task", task["taskArn"], "--reason", "enough")
        cli("ecs", "wait", "tasks-stopped", "--cluster", self.name, "--tasks", task["taskArn"])
        (told,) = cli("ecs", "describe-tasks", "--cluster", self.name, "--tasks", task["taskArn"])["tasks"]
        assert told["stoppedReason"] == "enough"

    def serve(self) -> None:
        cli = self.cli
        balancing = f"targetGroupArn={self.groups[0]},containerName=edge,containerPort=8080"
        cli(
            "ecs", "create-service", "--cluster", self.name, "--service-name", self.name,
            "--task-definition", f"{self.name}:1", "--desired-count", "1", "--launch-type", "FARGATE",
            "--deployment-controller", "type=CODE_DEPLOY", "--network-configuration", self.network,
            "--load-balancers", balancing,
        )  # fmt: skip
        worker = f"{self.name}-worker"
        cli(
            "ecs", "create-service", "--cluster", self.name, "--service-name", worker, "--desired-count", "1",
            "--task-definition", self.name, "--launch-type", "FARGATE", "--network-configuration", self.network,
        )  # fmt: skip
        wait_until(
            lambda: cli("elbv2", "describe-target-health", "--target-group-arn", self.groups[0],
                        "--query", "TargetHealthDescriptions[].TargetHealth.State") == ["healthy"],
            60, what="a healthy target",
        )  # fmt: skip
        cli("ecs", "wait", "services-stable", "--cluster", self.name, "--services", worker)
        cli("ecs", "delete-service", "--cluster", self.name, "--service", worker, "--force")
        assert self.version() == "1"

    def version(self) -> str:
        with urllib.request.urlopen(f"http://{self.balancer['DNSName']}:8080/", timeout=5) as answer:
            return str(answer.headers["X-Version"])

    def shift(self) -> None:
        cli, name = self.cli, self.name
        cli("deploy", "create-application", "--application-name", name, "--compute-platform", "ECS")
        pair = {
            "targetGroups": [{"name": f"{name}-blue"}, {"name": f"{name}-green"}],
            "prodTrafficRoute": {"listenerArns": [self.listener]},
        }
        cli(
            "deploy", "create-deployment-group", "--application-name", name, "--deployment-group-name", "prod",
            "--service-role-arn", self.role, "--ecs-services", f"serviceName={name},clusterName={name}",
            "--load-balancer-info", json.dumps({"targetGroupPairInfoList": [pair]}),
            "--deployment-style", "deploymentType=BLUE_GREEN,deploymentOption=WITH_TRAFFIC_CONTROL",
            "--blue-green-deployment-configuration", json.dumps({
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 0},
            }),
        )  # fmt: skip
        definition = task_definition(self.role, "cli")
        definition["family"] = name
        made = cli("ecs", "register-task-definition", "--cli-input-json", cli.file("next.json", definition))
        arn = made["taskDefinition"]["taskDefinitionArn"]
        appspec = GOOD_APPSPEC.replace("<TASK_DEFINITION>", arn)
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec}}
        deployment = cli(
            "deploy", "create-deployment", "--application-name", name, "--deployment-group-name", "prod",
            "--revision", cli.file("revision.json", revision),
        )["deploymentId"]  # fmt: skip
        cli("deploy", "wait", "deployment-successful", "--deployment-id", deployment)
        assert self.version() == "cli"
        (target,) = cli("deploy", "list-deployment-targets", "--deployment-id", deployment)["targetIds"]
        told = cli("deploy", "get-deployment-target", "--deployment-id", deployment, "--target-id", target)
        assert told["deploymentTarget"]["ecsTarget"]["status"] == "Succeeded"

    def deliver(self) -> None:
        cli, name = self.cli, self.name

        def stage(stage_name, category, provider, configuration, given="", out=""):
            action = {
                "name": stage_name,
                "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
                "configuration": configuration,
                "inputArtifacts": [{"name": given}] if given else [],
                "outputArtifacts": [{"name": out}] if out else [],
            }
            return {"name": stage_name, "actions": [action]}

        target = {"BucketName": self.bucket, "Extract": "true", "ObjectKey": "out"}
        source = {"S3Bucket": self.bucket, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"}
        pipeline = {
            "name": name,
            "roleArn": self.role,
            "artifactStore": {"type": "S3", "location": self.bucket},
            "pipelineType": "V2",
            "stages": [
                stage("Source", "Source", "S3", source, out="source"),
                stage("Approve", "Approval", "Manual", {}),
                stage("Deploy", "Deploy", "S3", target, "source"),
            ],
        }
        if cli.version == "v2":  # Debian's version is older than pipeline types
            del pipeline["pipelineType"]
        cli("codepipeline", "create-pipeline", "--pipeline", cli.file("pipeline.json", pipeline))
        run = cli("codepipeline", "list-pipeline-executions", "--pipeline-name", name)["pipelineExecutionSummaries"][0]
        query = "stageStates[?stageName=='Approve'].actionStates[0].latestExecution.token | [0]"
        token = wait_until(
            lambda: (
                found
                if (found := cli("codepipeline", "get-pipeline-state", "--name", name, "--query", query))
                not in (None, "")
                else None
            ),
            30,
            what="the request for approval",
        )
        cli(
            "codepipeline", "put-approval-result", "--pipeline-name", name, "--stage-name", "Approve",
            "--action-name", "Approve", "--token", token, "--result", "summary=go,status=Approved",
        )  # fmt: skip
        wait_until(
            lambda: cli(
                "codepipeline", "get-pipeline-execution", "--pipeline-name", name,
                "--pipeline-execution-id", run["pipelineExecutionId"], "--query", "pipelineExecution.status",
            ) == "Succeeded",
            30, what="the end of the pipeline",
        )  # fmt: skip
        assert "taskdef.json" in cli("s3", "ls", f"s3://{self.bucket}/out/")

    def is_refused(self) -> None:
        """AWS's exit code and words."""
        for error, operation, *words in (
            ("ResourceNotFoundException", "StartBuild", "codebuild", "start-build", "--project-name", "absent"),
            ("ClusterNotFoundException", "ListTasks", "ecs", "list-tasks", "--cluster", "absent"),
            (
                "DeploymentDoesNotExistException", "GetDeployment",
                "deploy", "get-deployment", "--deployment-id", "d-ABSENT123",
            ),
            ("PipelineNotFoundException", "GetPipeline", "codepipeline", "get-pipeline", "--name", "absent"),
            ("LoadBalancerNotFound", "DescribeLoadBalancers", "elbv2", "describe-load-balancers", "--names", "absent"),
        ):  # fmt: skip
            code, said = self.cli.refused(*words)
            assert code in (254, 255)
            assert f"An error occurred ({error}) when calling the {operation} operation: " in said

    def take_down(self) -> None:
        cli, name = self.cli, self.name
        cli("ecs", "delete-service", "--cluster", name, "--service", name, "--force")
        cli("elbv2", "delete-load-balancer", "--load-balancer-arn", self.balancer["LoadBalancerArn"])
        cli("elbv2", "wait", "load-balancers-deleted", "--load-balancer-arns", self.balancer["LoadBalancerArn"])


def _policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
