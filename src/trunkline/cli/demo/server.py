"""The demo's own Trunkline: a process with its own data directory and port, that may be killed and started again."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from trunkline.cli.demo.screen import Broken
from trunkline.cli.endpoint import Endpoint, find

_READY_S = 30


class Server:
    """`start`, `kill` and `start` again, `remove` at the end."""

    def __init__(self, clock: float) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="trunkline-demo-"))
        self._clock = clock
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Everything the server said."""
        return self.data_dir / "server.log"

    def start(self) -> float:
        """Start it and wait until it is ready; seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "trunkline", "up", "--data-dir", str(self.data_dir), "--port", str(self.port),
                    "--clock", str(self._clock), "--log-level", "warning",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
                start_new_session=True,
            )  # fmt: skip
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > _READY_S:
                raise Broken(f"the server did not start: {self.log.read_text()[-1500:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_trunkline/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """SIGKILL: what a power cut does to a process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def endpoint(self) -> Endpoint:
        """How to reach it with root's key."""
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION"):
            os.environ.pop(name, None)
        return find(self.data_dir)

    def remove(self) -> None:
        """Stop the server, its containers and its load balancer, and delete what it kept."""
        try:
            if self._process is not None and self._process.poll() is None:
                self.endpoint().page("shutdown?data_plane=remove", "POST")
                self._process.wait(30)
        finally:
            self.kill()
            shutil.rmtree(self.data_dir, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
