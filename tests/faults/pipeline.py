"""The scenario of one pipeline run: source, build (where there is Docker), approval, blue/green deployment."""

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError

from tests.faults.kills import drivers
from tests.faults.site import IMAGE, Service, client, container, role, task_definition, unfinished
from tests.support import ledger
from tests.support.server import Server

Doc = dict[str, Any]
_BUILDSPEC = """
version: 0.2
phases:
  build:
    commands:
      - test -f appspec.yaml
artifacts:
  files: ['**/*']
"""
_ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


class Pipeline:
    name = "codepipeline"
    timeout_s = 150.0

    def __init__(self) -> None:
        self.settings: Doc = {**drivers(), "clock": 600, "log_level": "info"}
        self.service = Service()
        self.builds = self.settings["containers"] == "docker"
        self.role_arn = ""

    def prepare(self, server: Server) -> None:
        self.service.make(server)
        self.role_arn = role(server, "pipeline", "codepipeline.amazonaws.com", _ALLOW_ALL)
        client(server, "s3").create_bucket(Bucket="artifacts")
        commit = client(server, "codecommit")
        commit.create_repository(repositoryName="web")
        definition = {**task_definition(server, "v2"), "containerDefinitions": [container(server, "v2")]}
        files = {
            "appspec.yaml": self.service.appspec("<TASK_DEFINITION>"),
            "taskdef.json": json.dumps(definition),
            "buildspec.yml": _BUILDSPEC,
        }
        put = [{"filePath": name, "fileContent": content.encode()} for name, content in files.items()]
        commit.create_commit(repositoryName="web", branchName="main", putFiles=put, commitMessage="version 2")
        if self.builds:
            client(server, "codebuild").create_project(
                name="web",
                source={"type": "CODEPIPELINE"},
                artifacts={"type": "CODEPIPELINE"},
                environment={"type": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL", "image": IMAGE},
                serviceRole=role(server, "build", "codebuild.amazonaws.com", _ALLOW_ALL),
            )

    def begin(self, server: Server) -> None:
        client(server, "codepipeline").create_pipeline(
            pipeline={
                "name": "web",
                "roleArn": self.role_arn,
                "pipelineType": "V2",
                "artifactStore": {"type": "S3", "location": "artifacts"},
                "stages": self._stages(),
            }
        )

    def _stages(self) -> list[Doc]:
        source = action(
            "Source",
            "Source",
            "CodeCommit",
            {"RepositoryName": "web", "BranchName": "main", "PollForSourceChanges": "false"},
            made="source",
        )
        build = action("Build", "Build", "CodeBuild", {"ProjectName": "web"}, used="source", made="built")
        artifact = "built" if self.builds else "source"
        configuration = {
            "ApplicationName": "web",
            "DeploymentGroupName": "prod",
            "TaskDefinitionTemplateArtifact": artifact,
            "AppSpecTemplateArtifact": artifact,
        }
        deploy = action("Deploy", "Deploy", "CodeDeployToECS", configuration, used=artifact)
        approve = action("Approve", "Approval", "Manual", {})
        middle = [build] if self.builds else []
        return [{"name": one["name"] + "Stage", "actions": [one]} for one in (source, *middle, approve, deploy)]

    def has_begun(self, server: Server) -> bool:
        return bool(client(server, "codepipeline").list_pipelines()["pipelines"])

    def has_ended(self, server: Server) -> bool:
        """Also plays the person who approves."""
        pipelines = client(server, "codepipeline")
        if not pipelines.list_pipelines()["pipelines"]:
            return False
        runs = pipelines.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
        self._approve(pipelines)
        over = bool(runs) and all(one["status"] != "InProgress" for one in runs)
        return over and not unfinished(server) and self.service.is_settled(server)

    def _approve(self, pipelines: Any) -> None:
        for stage in pipelines.get_pipeline_state(name="web")["stageStates"]:
            latest = stage["actionStates"][0].get("latestExecution") or {}
            if stage["stageName"] == "ApproveStage" and latest.get("status") == "InProgress" and latest.get("token"):
                # Told twice it says so, and that is as good.
                with contextlib.suppress(ClientError):
                    pipelines.put_approval_result(
                        pipelineName="web",
                        stageName="ApproveStage",
                        actionName="Approve",
                        result={"summary": "ok", "status": "Approved"},
                        token=latest["token"],
                    )

    def end(self, server: Server) -> Doc:
        pipelines = client(server, "codepipeline")
        runs = pipelines.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
        actions = pipelines.list_action_executions(pipelineName="web")["actionExecutionDetails"]
        events = ("Pipeline", "Stage", "Action")
        told = {
            kind: [
                (one.get("action", one.get("stage", "")), one["state"])
                for one in ledger.events(server, f"CodePipeline {kind} Execution State Change")
            ]
            for kind in events
        }
        builds = client(server, "codebuild").list_builds()["ids"] if self.builds else []
        # A task definition registered again after a crash is one revision more, which is all the same to its users.
        deployed = {key: value for key, value in self.service.end(server).items() if key != "primary"}
        return {
            **deployed,
            "executions": [one["status"] for one in runs],
            "actions": sorted((one["actionName"], one["status"]) for one in actions),
            "told": told,
            "builds": len(builds),
        }


def action(name: str, category: str, provider: str, configuration: Doc, *, used: str = "", made: str = "") -> Doc:
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "inputArtifacts": [{"name": used}] if used else [],
        "outputArtifacts": [{"name": made}] if made else [],
    }
