"""A Trunkline server as a user starts it: a process with its own data directory and port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from trunkline.cli.endpoint import Endpoint

ACCESS_KEY = "AKIATESTROOT00000000"
SECRET_KEY = "test-root-secret"
ACCOUNT = "000000000000"
REGION = "us-east-1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, timeout_s: float = 30, every_s: float = 0.05, what: str = "the condition"):
    """The first true value of `condition()`; fails loudly at the deadline."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {timeout_s} s")
        time.sleep(every_s)


class Server:
    """`with Server(tmp) as server: server.client("s3")`. Kill it, start it again: the data directory stays."""

    def __init__(self, data_dir: Path, *, port: int | None = None, env: dict[str, str] | None = None, **settings: Any):
        self.data_dir = data_dir
        self.port = port or free_port()
        self.xray_port = free_port()
        self.settings = {"containers": "fake", "proxy": "fake", "log_level": "warning", **settings}
        self.env = env or {}
        self.process: subprocess.Popen[bytes] | None = None
        self.log_path = data_dir.parent / f"{data_dir.name}.log"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True, env: dict[str, str] | None = None) -> "Server":
        variables = {f"TRUNKLINE_{name.upper()}": str(value) for name, value in self.settings.items()}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "trunkline", "up", "--data-dir", str(self.data_dir), "--port", str(self.port)],
                env={
                    **os.environ,
                    "TRUNKLINE_ROOT_ACCESS_KEY_ID": ACCESS_KEY,
                    "TRUNKLINE_ROOT_SECRET_ACCESS_KEY": SECRET_KEY,
                    "TRUNKLINE_CONSOLE_PORT": str(free_port()),
                    "TRUNKLINE_XRAY_PORT": str(self.xray_port),
                    **variables,
                    **self.env,
                    **(env or {}),
                },
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout_s: float = 30) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            with (
                contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
                urllib.request.urlopen(f"{self.endpoint}/_trunkline/health", timeout=1) as answer,
            ):
                if answer.status == 200:
                    return
            if time.monotonic() > deadline:
                raise AssertionError(f"the server was not ready within {timeout_s} s:\n{self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, timeout_s: float = 15) -> int:
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not stop within {timeout_s} s:\n{self.log_tail()}") from None
        return self.process.returncode

    def remove(self) -> None:
        """Stop the server together with its containers, networks and load balancer."""
        try:
            self.page("shutdown?data_plane=remove", "POST")
            assert self.process is not None
            self.process.wait(30)
        finally:
            self.kill()

    def page(self, name: str, method: str = "GET") -> dict[str, Any]:
        """One of Trunkline's own pages, as root."""
        return Endpoint(self.endpoint, ACCESS_KEY, SECRET_KEY, None, REGION).page(name, method)

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def client(
        self, service: str, *, key: str = ACCESS_KEY, secret: str = SECRET_KEY, region: str = REGION, **more: Any
    ):
        """A boto3 client for this server; `more` goes to the client (config, aws_session_token)."""
        config = Config(retries={"max_attempts": 0}, parameter_validation=more.pop("validate", True))
        if "config" in more:
            config = config.merge(more.pop("config"))
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=config,
            **more,
        )
