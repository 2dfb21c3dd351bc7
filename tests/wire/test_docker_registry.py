"""docker against ECR: login, push, pull, as a user does."""

import base64
import io
import os
import shutil
import subprocess
import sys
import tarfile
import uuid
from pathlib import Path

import pytest
from tests.support.ledger import events
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY, Server

pytestmark = pytest.mark.docker
BIN = Path(sys.executable).parent


class Docker:
    """The docker CLI with an own configuration; images it tagged are removed at the end."""

    def __init__(self, home: Path) -> None:
        self.env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(home), "DOCKER_CONFIG": str(home / "docker")}
        self.images: list[str] = []

    def __call__(self, *arguments: str, stdin: bytes | None = None, ok: bool = True) -> str:
        done = subprocess.run(
            ["docker", *arguments], check=False, env=self.env, input=stdin, capture_output=True, timeout=100
        )
        out = (done.stdout + done.stderr).decode()
        assert not ok or done.returncode == 0, out
        return out.strip()

    def make(self, tag: str, size: int = 100_000) -> str:
        """A small image with random content; its id."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as tar:
            data = os.urandom(size)
            info = tarfile.TarInfo("file")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        self.images.append(tag)
        return self("import", "-", tag, stdin=content.getvalue())

    def forget(self, tag: str) -> None:
        self("rmi", "-f", tag)


@pytest.fixture
def docker(tmp_path):
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no Docker Engine answers")
    docker = Docker(tmp_path)
    yield docker
    for tag in docker.images:
        docker("rmi", "-f", tag, ok=False)


@pytest.fixture
def uri(aws, name):
    return aws("ecr").create_repository(repositoryName=f"team/{name}")["repository"]["repositoryUri"]


def login(docker, ecr, uri):
    (data,) = ecr.get_authorization_token()["authorizationData"]
    user, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
    return docker("login", "-u", user, "--password-stdin", uri.partition("/")[0], stdin=password.encode())


def test_login_with_the_clis_password_then_push_and_pull(docker, uri, server, aws, name):
    environment = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_DEFAULT_REGION": REGION}
    command = ["aws", "--endpoint-url", server.endpoint, "ecr", "get-login-password"]
    password = subprocess.run(command, env={**docker.env, **environment}, check=True, capture_output=True).stdout
    host = uri.partition("/")[0]
    assert "Login Succeeded" in docker("login", "-u", "AWS", "--password-stdin", host, stdin=password)
    image = docker.make(f"{uri}:v1", 3_000_000)
    out = docker("push", f"{uri}:v1")
    digest = out.rpartition("digest: ")[2].split()[0]
    assert digest.startswith("sha256:")
    docker.forget(f"{uri}:v1")
    docker("pull", f"{uri}:v1")
    assert docker("image", "inspect", "-f", "{{.Id}}", f"{uri}:v1") == image
    docker.forget(f"{uri}:v1")
    docker.images.append(f"{uri}@{digest}")
    docker("pull", f"{uri}@{digest}")
    (found,) = aws("ecr").describe_images(repositoryName=f"team/{name}")["imageDetails"]
    assert (found["imageDigest"], found["imageTags"]) == (digest, ["v1"])
    assert found["imageSizeInBytes"] > 1_000_000
    (event,) = events(server, "ECR Image Action", **{"repository-name": f"team/{name}"})
    assert (event["action-type"], event["image-digest"], event["image-tag"]) == ("PUSH", digest, "v1")


def test_without_login_nothing_is_pushed_or_pulled(docker, uri):
    docker.make(f"{uri}:v1")
    assert "no basic auth credentials" in docker("push", f"{uri}:v1", ok=False)
    docker("login", "-u", "AWS", "-p", "wrong", uri.partition("/")[0], ok=False)
    assert "unauthorized" in docker("pull", f"{uri}:v2", ok=False).lower() or "no basic auth" in docker(
        "pull", f"{uri}:v2", ok=False
    )


def test_a_repository_that_does_not_exist_is_named(docker, uri, aws):
    login(docker, aws("ecr"), uri)
    docker.make(f"{uri}-none:v1")
    assert "does not exist in the registry" in docker("push", f"{uri}-none:v1", ok=False)


def test_an_immutable_tag_is_not_overwritten(docker, uri, aws, name):
    ecr = aws("ecr")
    ecr.put_image_tag_mutability(repositoryName=f"team/{name}", imageTagMutability="IMMUTABLE")
    login(docker, ecr, uri)
    docker.make(f"{uri}:v1")
    docker("push", f"{uri}:v1")
    docker("push", f"{uri}:v1")
    docker.make(f"{uri}:v1")
    assert "tag is immutable" in docker("push", f"{uri}:v1", ok=False)


def test_layers_are_shared_between_repositories(docker, uri, aws, name):
    ecr = aws("ecr")
    other = ecr.create_repository(repositoryName=f"team/{name}-2")["repository"]["repositoryUri"]
    login(docker, ecr, uri)
    docker.make(f"{uri}:v1")
    docker("push", f"{uri}:v1")
    docker("tag", f"{uri}:v1", f"{other}:v1")
    docker.images.append(f"{other}:v1")
    assert "Mounted from" in docker("push", f"{other}:v1")
    docker.forget(f"{other}:v1")
    docker("pull", f"{other}:v1")


def test_a_pushed_image_survives_a_killed_server(docker, tmp_path):
    with Server(tmp_path / "data") as server:
        ecr = server.client("ecr")
        uri = ecr.create_repository(repositoryName=f"t-{uuid.uuid4().hex[:8]}")["repository"]["repositoryUri"]
        login(docker, ecr, uri)
        image = docker.make(f"{uri}:v1", 500_000)
        docker("push", f"{uri}:v1")
        server.kill()
        docker.forget(f"{uri}:v1")
        server.start()
        docker("pull", f"{uri}:v1")
        assert docker("image", "inspect", "-f", "{{.Id}}", f"{uri}:v1") == image
