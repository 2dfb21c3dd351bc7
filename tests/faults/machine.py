"""What really runs of one instance: containers in Docker, backends in HAProxy, network namespaces in the kernel.

Asked of them directly, not of the server: what the server has forgotten is just what is looked for.
"""

import json
import os
import socket
import subprocess
import tomllib
from typing import Any

from tests.faults.kills import counts
from tests.support.server import Server

Doc = dict[str, Any]


def running(server: Server) -> Doc:
    """Counts that must not depend on crashes, and `strangers`: what runs though the API tells of nothing it is for."""
    instance = tomllib.loads((server.data_dir / "root-key.toml").read_text())["instance_id"]
    containers = _containers(instance)
    tasks = {arn.rpartition("/")[2] for arn in _tasks(server)}
    vpcs = {one["VpcId"] for one in server.client("ec2").describe_vpcs()["Vpcs"]}
    namespaces = _namespaces(instance)
    backends, frontends = _proxied(server)
    groups = server.client("elbv2").describe_target_groups()["TargetGroups"]
    return {
        "containers": counts(one["kind"] for one in containers),
        "namespaces": len(namespaces),
        "backends": len(backends),
        "frontends": len(frontends),
        "up": len([one for members in backends.values() for one in members if one == "UP"]),
        "strangers": [
            *(f"container {one['name']}" for one in containers if one["task"] not in {*tasks, ""}),
            *(f"namespace {one}" for one in namespaces if one not in vpcs),
            *(["backends without a target group"] if len(backends) > len(groups) else []),
        ],
    }


def _containers(instance: str) -> list[Doc]:
    ids = _output("docker", "ps", "--all", "--quiet", "--filter", f"label=trunkline.instance={instance}").split()
    found = []
    for one in json.loads(_output("docker", "inspect", *ids)) if ids else []:
        labels = one["Config"]["Labels"]
        kind = labels.get("trunkline.ecs.container") or labels.get("trunkline.service") or "?"
        found.append(
            {
                "name": one["Name"],
                "kind": f"{kind} {one['State']['Status']}",
                "task": labels.get("trunkline.ecs.task", ""),
            }
        )
    return found


def _tasks(server: Server) -> list[str]:
    ecs = server.client("ecs")
    return [
        arn
        for cluster in ecs.list_clusters()["clusterArns"]
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    ]


def _namespaces(instance: str) -> list[str]:
    prefix = f"trunkline-{instance}-"
    names = [line.split()[0] for line in _output("ip", "netns", "list").splitlines() if line]
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _proxied(server: Server) -> tuple[dict[str, list[str]], list[str]]:
    """Backends with the states of their servers, and frontends, of listeners and target groups."""
    backends: dict[str, list[str]] = {}
    frontends = []
    for line in _ask(server, "@1 show stat").splitlines():
        if line.startswith(("t-", "l-")):
            proxy, name, *rest = line.split(",")
            if name == "FRONTEND" and proxy.startswith("l-"):
                frontends.append(proxy)
            elif proxy.startswith("t-"):
                states = backends.setdefault(proxy, [])
                if name != "BACKEND":
                    states.append(rest[15].split()[0])
    return backends, frontends


def _ask(server: Server, command: str) -> str:
    """HAProxy's answer; nothing where it does not run, as when there is no listener."""
    folder = server.data_dir / "proxy"
    if not (folder / "master.sock").exists():
        return ""
    descriptor = os.open(folder, os.O_RDONLY)  # a path in it is short enough for a socket's address
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(5)
            door.connect(f"/proc/self/fd/{descriptor}/master.sock")
            door.sendall(f"{command}\n".encode())
            door.shutdown(socket.SHUT_WR)  # or it waits for more
            return b"".join(iter(lambda: door.recv(65536), b"")).decode()
    except ConnectionRefusedError:
        return ""
    finally:
        os.close(descriptor)


def _output(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout
