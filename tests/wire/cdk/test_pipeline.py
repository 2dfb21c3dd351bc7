"""A pipeline made by the CDK's `pipelines` module: it deploys, and changes itself when its own definition changes."""

import json

import pytest
from tests.support.cdk import Cdk
from tests.support.server import wait_until
from tests.wire.cdk.conftest import APP

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(400)]


class Repository:
    """Commits an assembly, and waits until the pipeline has dealt with it."""

    def __init__(self, real, name):
        self._name, self._commit = name, None
        self._codecommit, self._pipeline, self._logs = real("codecommit"), real("codepipeline"), real("logs")

    def push(self, assembly):
        files = [
            {"filePath": f"assembly/{path.relative_to(assembly)}", "fileContent": path.read_bytes()}
            for path in sorted(assembly.rglob("*"))
            if path.is_file()
        ]
        parent = {"parentCommitId": self._commit} if self._commit else {}
        self._commit = self._codecommit.create_commit(
            repositoryName=self._name, branchName="main", putFiles=files, **parent
        )["commitId"]

    def delivered(self):
        """Wait for the pushed commit's last execution (self-mutation restarts the pipeline), which must end well."""

        def look():
            runs = self._pipeline.list_pipeline_executions(pipelineName=self._name)["pipelineExecutionSummaries"]
            newest = runs[0]
            revisions = {one.get("revisionId") for one in newest.get("sourceRevisions", [])}
            if self._commit not in revisions or newest["status"] == "InProgress":
                return None
            return newest

        newest = wait_until(look, 240, 0.5, "the end of the pipeline's execution")
        if newest["status"] != "Succeeded":
            pytest.fail(self._failures(newest["pipelineExecutionId"]))

    def _failures(self, execution):
        """What failed, with the last lines of its build."""
        actions = self._pipeline.list_action_executions(
            pipelineName=self._name, filter={"pipelineExecutionId": execution}
        )["actionExecutionDetails"]
        failed = [one for one in actions if one["status"] == "Failed"]
        return "\n".join(f"{one['actionName']}: {one['output']}\n{self._log(one['output'])}" for one in failed)

    def _log(self, output):
        build = output.get("executionResult", {}).get("externalExecutionId", "")
        if ":" not in build:
            return ""
        project, stream = build.split(":", 1)
        found = self._logs.get_log_events(logGroupName=f"/aws/codebuild/{project}", logStreamName=stream)
        return "\n".join(event["message"] for event in found["events"][-40:])


def test_a_pipeline_deploys_and_changes_itself(cdk, prefix, real, real_server, tmp_path):
    name = f"{prefix}-pipe"
    mine = Cdk(APP.parent / "pipeline", real_server.endpoint, tmp_path, prefix=name)
    mine.synth(message="one", stages="blue")
    mine.deploy(f"{name}-delivery")
    repository = Repository(real, name)
    repository.push(mine.folder / "cdk.out")
    repository.delivered()
    assert real("ssm").get_parameter(Name=f"/{name}-blue/message")["Parameter"]["Value"] == "one"
    answer = real("lambda").invoke(FunctionName=f"{name}-blue-app")["Payload"].read()
    assert json.loads(answer) == "one"

    mine.synth(message="two", stages="blue,green")
    repository.push(mine.folder / "cdk.out")
    repository.delivered()
    for stage in ("blue", "green"):
        assert real("ssm").get_parameter(Name=f"/{name}-{stage}/message")["Parameter"]["Value"] == "two"
    stages = [stage["name"] for stage in real("codepipeline").get_pipeline(name=name)["pipeline"]["stages"]]
    assert stages == ["Source", "Build", "UpdatePipeline", "Assets", "blue", "green"]
