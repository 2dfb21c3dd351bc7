"""Driving the delivery path: push a version, approve it, and watch it go."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from trunkline.cli.demo.path import NAME
from trunkline.cli.demo.screen import Broken
from trunkline.cli.endpoint import Endpoint

T = TypeVar("T")
_HELPER = '!f() { test "$1" = get && aws codecommit credential-helper --ignore-host-check get; }; f'
_ENDED = ("Succeeded", "Failed", "Stopped")


def until(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """The first thing that `look` finds."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise Broken(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.2)
    return found


class WorkingCopy:
    """A clone of the repository, pushed with stock git and the AWS CLI's credential helper."""

    def __init__(self, example: Path, url: str, at: Endpoint) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="trunkline-demo-hello-"))
        self._environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "GIT_"))},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "AWS_ACCESS_KEY_ID": at.access_key_id,
            "AWS_SECRET_ACCESS_KEY": at.secret_access_key,
            "AWS_DEFAULT_REGION": at.region,
            "GIT_TERMINAL_PROMPT": "0",
        }
        shutil.copytree(
            example, self._folder, dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__", "infra", "README.md", ".*"),
        )  # fmt: skip
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("remote", "add", "origin", url)
        self._git("config", "user.name", "Trunkline demo")
        self._git("config", "user.email", "demo@example.com")
        self._git("config", "credential.helper", _HELPER)
        self._git("config", "credential.UseHttpPath", "true")

    def push(self, version: str, *, fail_every: int = 0) -> str:
        """Commit and push a version of the app; the commit's id."""
        app = self._folder / "app.py"
        text = re.sub(r'^VERSION = ".*"', f'VERSION = "{version}"', app.read_text(), flags=re.MULTILINE)
        app.write_text(re.sub(r"^FAIL_EVERY = \d+", f"FAIL_EVERY = {fail_every}", text, flags=re.MULTILINE))
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", f"Version {version}")
        self._git("push", "--quiet", "origin", "main")
        return self._git("rev-parse", "HEAD").strip()

    def remove(self) -> None:
        """Delete the clone."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self._folder, env=self._environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Broken(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout


class Delivery:
    """One run of the pipeline."""

    def __init__(self, at: Endpoint, commit: str) -> None:
        self._pipeline = at.client("codepipeline")
        self._codedeploy = at.client("codedeploy")
        self._commit = commit
        self.execution = until(self._find, 30, "the start of the pipeline")

    def _find(self) -> str | None:
        found = self._pipeline.list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
        for run in found:
            if any(source.get("revisionId") == self._commit for source in run.get("sourceRevisions", [])):
                return str(run["pipelineExecutionId"])
        return None

    def action(self, name: str) -> dict[str, Any]:
        """What the pipeline says of an action of this run; nothing before it began."""
        found = self._pipeline.list_action_executions(
            pipelineName=NAME, filter={"pipelineExecutionId": self.execution}
        )["actionExecutionDetails"]
        return next((action for action in found if action["actionName"] == name), {})

    def built(self) -> str:
        """Wait for the build; its id. Broken when it failed."""
        done = until(lambda: self._ended("Build"), 120, "the end of the build")
        if done["status"] != "Succeeded":
            raise Broken(f"the build failed: {done['output']['executionResult']['errorDetails']['message']}")
        return str(done["output"]["executionResult"]["externalExecutionId"])

    def _ended(self, name: str) -> dict[str, Any] | None:
        found = self.action(name)
        return found if found.get("status") in ("Succeeded", "Failed", "Abandoned") else None

    def approve(self) -> None:
        """Wait until the pipeline asks, then approve."""

        def token() -> str | None:
            for stage in self._pipeline.get_pipeline_state(name=NAME)["stageStates"]:
                latest = stage.get("latestExecution", {})
                if stage["stageName"] == "Approve" and latest.get("pipelineExecutionId") == self.execution:
                    found: str | None = stage["actionStates"][0].get("latestExecution", {}).get("token")
                    return found
            return None

        self._pipeline.put_approval_result(
            pipelineName=NAME,
            stageName="Approve",
            actionName="Approve",
            token=until(token, 60, "the request for approval"),
            result={"summary": "The demo says so.", "status": "Approved"},
        )

    def deployment(self) -> str:
        """Wait for the deployment to begin; its id."""

        def begun() -> str | None:
            result = self.action("Deploy").get("output", {}).get("executionResult", {})
            found: str | None = result.get("externalExecutionId")
            return found

        return until(begun, 60, "the start of the deployment")

    def ended(self, deployment: str, seconds: float = 180) -> dict[str, Any]:
        """Wait for a deployment's end; what CodeDeploy says of it."""

        def look() -> dict[str, Any] | None:
            info: dict[str, Any] = self._codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
            return info if info["status"] in _ENDED else None

        return until(look, seconds, f"the end of deployment {deployment}")
