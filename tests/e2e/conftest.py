"""One delivery path for all tests of edges, on a server whose way to Docker can be closed."""

import uuid

import pytest

from tests.support.delivery_path import DeliveryPath
from tests.support.server import Server
from tests.support.socket_door import SocketDoor

DOCKER = "/var/run/docker.sock"


@pytest.fixture(scope="session")
def docker_door(tmp_path_factory):
    """Docker as the server under test sees it; others who use the same Docker Engine notice nothing when it closes."""
    door = SocketDoor(tmp_path_factory.mktemp("door") / "docker.sock", DOCKER).open()
    yield door
    door.close()


@pytest.fixture(scope="session")
def path(tmp_path_factory, docker_door):
    server = Server(
        tmp_path_factory.mktemp("edges") / "data", containers="docker", proxy="haproxy", clock=60,
        instance_id=uuid.uuid4().hex[:8], env={"DOCKER_HOST": f"unix://{docker_door.path}"},
    )  # fmt: skip
    server.start()
    try:
        yield DeliveryPath(server)
    finally:
        server.remove()
