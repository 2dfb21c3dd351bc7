"""The delivery path of the example, deployed by the CDK app in its folder `infra` with the CDK's own command line."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path as FilePath

from trunkline.cli.demo.screen import Broken
from trunkline.cli.endpoint import Endpoint

NAME = "hello"
CANARY = "Trunkline.ECSSteps10Percent50PercentEvery1Minutes"
_CDK = FilePath(sys.executable).parent / "cdk"


@dataclass(frozen=True)
class Path:
    """What the rest of the demo needs to know of it: the stack's outputs."""

    clone_url: str
    host: str
    port: int


class Infrastructure:
    """The CDK app, as a user would run it: nothing but the endpoint and the keys tell it that this is not AWS."""

    def __init__(self, app: FilePath, at: Endpoint) -> None:
        if not _CDK.exists():
            raise Broken("the CDK's command line is not installed: run `make setup`")
        self._app = app
        self._work = tempfile.TemporaryDirectory(prefix="trunkline-demo-cdk-")
        self._environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "PATH": f"{_CDK.parent}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": at.url,
            "AWS_ACCESS_KEY_ID": at.access_key_id,
            "AWS_SECRET_ACCESS_KEY": at.secret_access_key,
            "AWS_REGION": at.region,
            "CDK_HOME": self._work.name,  # it remembers accounts by access key
            "CDK_DISABLE_VERSION_CHECK": "1",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        }

    def deploy(self) -> Path:
        """Bootstrap the account and deploy the app."""
        self._run("synth", "--quiet")
        self._run("bootstrap")
        outputs = FilePath(self._work.name) / "outputs.json"
        self._run("deploy", "--all", "--require-approval", "never", "--outputs-file", str(outputs))
        made = json.loads(outputs.read_text())[NAME]
        return Path(made["CloneUrl"], made["Host"], int(made["Port"]))

    def has_differences(self) -> bool:
        """Whether a second deployment would change anything."""
        return "There were no differences" not in self._run("diff", "--all")

    def remove(self) -> None:
        """Delete what the command line kept; the stacks stay."""
        self._work.cleanup()

    def _run(self, command: str, *words: str) -> str:
        assembly = FilePath(self._work.name) / "cdk.out"
        where = ["--output", str(assembly)] if command == "synth" else ["--app", str(assembly)]
        done = subprocess.run(
            [str(_CDK), command, *where, "--ci", "--no-color", *words],
            cwd=self._app,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Broken(f"cdk {command} failed:\n{done.stdout[-3000:]}")
        return done.stdout
