"""The real CDK CLI against a server: an app is synthesized once per message, then deployed from its assembly."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY

_BIN = Path(sys.executable).parent


class CdkFailed(AssertionError):
    """The CLI ended with an error: what it printed."""

    def __init__(self, words: tuple[str, ...], code: int, text: str) -> None:
        super().__init__(f"cdk {' '.join(words)} ended with {code}:\n{text[-6000:]}")
        self.text = text


class Cdk:
    """`cdk("deploy", stack)` runs the CLI in a copy of the app; the answer is all it printed."""

    def __init__(self, app: Path, endpoint: str, work: Path, **context: str) -> None:
        self.folder = work / "app"
        shutil.copytree(app, self.folder)
        self._context = context
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            "HOME": str(work),
            "CDK_HOME": str(work / "cdk-home"),
            "CDK_DISABLE_VERSION_CHECK": "1",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
            "DOCKER_BUILDKIT": "0",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def synth(self, **context: str) -> None:
        """Make the assembly that the following commands use."""
        given = [word for key, value in {**self._context, **context}.items() for word in ("-c", f"{key}={value}")]
        self._run("synth", "--quiet", "--output", "cdk.out", *given)

    def __call__(self, command: str, *words: str, timeout_s: float = 240, check: bool = True) -> str:
        quiet = ["--app", "cdk.out", "--ci", "--no-color"]
        return self._run(command, *quiet, *words, timeout_s=timeout_s, check=check)

    def deploy(self, *stacks: str, **more: Any) -> dict[str, dict[str, str]]:
        """Deploy stacks; their outputs."""
        outputs = self.folder / "outputs.json"
        outputs.unlink(missing_ok=True)
        self("deploy", "--require-approval", "never", "--outputs-file", str(outputs), *stacks, **more)
        return json.loads(outputs.read_text()) if outputs.exists() else {}

    @contextlib.contextmanager
    def watching(self, *words: str) -> Iterator[Callable[[], str]]:
        """`cdk watch` on the app's sources while the block runs; the value tells what it has printed so far."""
        told = self.folder.parent / "watch.log"
        given = [word for key, value in self._context.items() for word in ("-c", f"{key}={value}")]
        with told.open("wb") as log:
            process = subprocess.Popen(
                [str(_BIN / "cdk"), "watch", "--ci", "--no-color", "--no-logs", *given, *words],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # `cdk` begins a Node.js of its own, which is to end with it
            )
        try:
            yield lambda: told.read_text(errors="replace")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)

    def _run(self, *words: str, timeout_s: float = 240, check: bool = True) -> str:
        done = subprocess.run(
            [str(_BIN / "cdk"), *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode:
            raise CdkFailed(words, done.returncode, done.stdout)
        return done.stdout
