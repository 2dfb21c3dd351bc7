"""`cdk deploy` of a VPC with a Fargate service behind a load balancer, beside MiniStack and moto.

    .venv/bin/python benchmarks/cdk_deploy.py                   # one JSON line a server

The app is the one of the tests (tests/wire/cdk/app): its image is built from a Dockerfile and pushed first. `stack_s`
is what the server needs, from the stack's first event to its last; `cli_s` is the rest of the command's wall time:
Node.js, the image, the CLI's polling. The CLI's bootstrap is told apart. Trunkline runs the service's task in Docker
behind HAProxy and waits until it is healthy (two checks, five seconds apart); peers keep records. Where a deployment
fails, the line says how. Peers get no Docker: containers that they leave behind could not be told from others.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.servers import Server as Peer
from benchmarks.servers import install_peers
from benchmarks.stacks import HEALTH
from tests.support.cdk import Cdk, CdkFailed
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY, Server

APP = Path(__file__).resolve().parent.parent / "tests" / "wire" / "cdk" / "app"
STACK = "bench-service"
TIMEOUT_S = 180.0


@contextmanager
def _ours(folder: Path) -> Iterator[str]:
    server = Server(folder / "data", containers="docker", proxy="haproxy").start()
    try:
        yield server.endpoint
    finally:
        server.remove()


@contextmanager
def _peer(name: str, folder: Path) -> Iterator[str]:
    server = Peer(name, folder, HEALTH[name])
    server.start()
    try:
        yield server.endpoint
    finally:
        server.stop()


def _running(name: str, folder: Path) -> AbstractContextManager[str]:
    folder.mkdir()
    return _ours(folder) if name == "trunkline" else _peer(name, folder)


def measure(name: str, folder: Path) -> dict[str, Any]:
    """The figures of one server, or where it failed and with which words."""
    found: dict[str, Any] = {"benchmark": "cdk deploy", "server": name}
    with _running(name, folder) as endpoint:
        cdk = Cdk(APP, endpoint, folder, prefix="bench")
        step = "synth"
        try:
            cdk.synth(message="one")
            for step, words in (("bootstrap", ()), ("deploy", ("--require-approval", "never", STACK))):
                began = time.perf_counter()
                cdk(step, *words, timeout_s=TIMEOUT_S)
                found[f"{step}_wall_s"] = round(time.perf_counter() - began, 1)
        except (CdkFailed, TimeoutExpired) as error:
            return {**found, "failed": step, "why": _words(error)}
        found["stack_s"] = round(_stack_s(endpoint), 1)
        found["cli_s"] = round(found["deploy_wall_s"] - found["stack_s"], 1)
    return found


def _words(error: CdkFailed | TimeoutExpired) -> str:
    if isinstance(error, TimeoutExpired):
        return f"not over after {TIMEOUT_S:.0f} s"
    lines = [line.strip() for line in error.text.splitlines() if line.strip()]
    told = [line for line in lines if ": fail:" in line] or [line for line in lines if "error" in line.lower()]
    return (told or lines)[-1][:300]


def _stack_s(endpoint: str) -> float:
    client = boto3.client(
        "cloudformation",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    pages = client.get_paginator("describe_stack_events").paginate(StackName=STACK)
    events = [event for page in pages for event in page["StackEvents"]]
    times = [event["Timestamp"] for event in events if event["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
    return (max(times) - min(times)).total_seconds()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--servers", type=lambda text: text.split(","), default=list(HEALTH))
    options = parser.parse_args()
    print(json.dumps({"benchmark": "cdk deploy", **install_peers(upgrade=False)}))
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        for name in options.servers:
            print(json.dumps(measure(name, Path(folder) / name)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
