"""A service's whole life with SIGKILL before or after single commits: it ends as an undisturbed one does.

`TRUNKLINE_ECS_CRASHES=all` goes through every commit; otherwise a few, spread over the run, are taken.
"""

import contextlib
import os
import subprocess
import uuid

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.server import Server, wait_until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800)]
IMAGE = "public.ecr.aws/docker/library/debian:12-slim"
COMMITS = 64
"""About as many as one run makes behind the start of the server."""


def points() -> list[str]:
    wanted = range(1, COMMITS, 1 if os.environ.get("TRUNKLINE_ECS_CRASHES") == "all" else 30)
    return [f"{number}:{'before' if index % 2 else 'after'}" for index, number in enumerate(wanted)]


class Run:
    """One service from creation over a new version to its deletion, by a client that repeats what got no answer."""

    def __init__(self, server: Server):
        self.server = server
        self.kills = 0

    def call(self, client: str, operation: str, /, **params):
        while True:
            if self.server.process.poll() is not None:
                self.kills += 1
                self.server.start(env={"TRUNKLINE_CRASH_AT": ""})
            try:
                return getattr(self.server.client(client), operation)(**params)
            except (BotoCoreError, OSError) as error:
                last = error
            wait_until(lambda: self.server.process.poll() is not None, 5, what=f"the server ended after {last!r}")

    def whole(self) -> None:
        name = f"t-{uuid.uuid4().hex[:6]}"
        subnets = [one["SubnetId"] for one in self.call("ec2", "describe_subnets")["Subnets"]]
        self.call("ecs", "create_cluster", clusterName=name)
        old, new = (self._definition(name, seconds) for seconds in ("600", "601"))
        with contextlib.suppress(ClientError):
            self.call(
                "ecs", "create_service", cluster=name, serviceName=name, taskDefinition=old, desiredCount=2,
                launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
                clientToken=name,
            )  # fmt: skip
        wait_until(lambda: self._completed(name, old), 40, what="the first deployment completed")
        self.call("ecs", "update_service", cluster=name, service=name, taskDefinition=new)
        wait_until(lambda: self._completed(name, new), 40, what="the second deployment completed")
        tasks = self.call("ecs", "list_tasks", cluster=name, serviceName=name)["taskArns"]
        assert sorted(self._containers()) == sorted(arn.rpartition("/")[2] for arn in tasks)
        assert len(tasks) == 2
        with contextlib.suppress(ClientError):  # deleted already by the call that got no answer
            self.call("ecs", "delete_service", cluster=name, service=name, force=True)
        wait_until(lambda: self._service(name)["status"] == "INACTIVE", 40, what="the service was INACTIVE")
        assert self._containers() == []

    def _definition(self, name: str, seconds: str) -> str:
        container = {"name": "app", "image": IMAGE, "command": ["sleep", seconds], "stopTimeout": 0}
        return self.call(
            "ecs", "register_task_definition", family=name, containerDefinitions=[container], networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip

    def _service(self, name: str):
        return self.call("ecs", "describe_services", cluster=name, services=[name])["services"][0]

    def _completed(self, name: str, definition: str) -> bool:
        service = self._service(name)
        (first, *others) = service["deployments"]
        return first["taskDefinition"] == definition and first["rolloutState"] == "COMPLETED" and not others

    def _containers(self) -> list[str]:
        text = (self.server.data_dir / "root-key.toml").read_text()
        instance = next(line.split('"')[1] for line in text.splitlines() if line.startswith("instance_id"))
        command = ["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", f"label=trunkline.instance={instance}"]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        return [name.split("-ecs-")[1].split("-")[0] for name in names if not name.endswith(".sandbox")]

    def clean(self) -> None:
        if self.server.process is None or self.server.process.poll() is not None:
            self.server.start()
        self.server.remove()


@pytest.mark.parametrize("point", points())
def test_a_service_ends_as_if_nothing_had_happened(tmp_path, point):
    server = Server(tmp_path / "data", containers="docker", proxy="fake")
    run = Run(server)
    try:
        with server:  # the schema's commits are not what this is about
            pass
        server.start(wait=False, env={"TRUNKLINE_CRASH_AT": point})
        with contextlib.suppress(AssertionError):  # killed while it started
            server.wait_ready()
        run.whole()
        if not run.kills:
            pytest.skip("this time the run made fewer commits")
    finally:
        run.clean()
