"""Fixtures for every test."""

import uuid

import pytest

from tests.support.server import Server


def pytest_collection_modifyitems(items):
    """The long ones first, so that no worker is left with them when the others are done."""
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/e2e", "tests/wire", "tests/faults")))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server with fake engines for all API tests of a session; tests use random names."""
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def aws(server):
    """`aws("s3")` is a boto3 client for the shared server (root's key); keywords go to `Server.client`."""
    clients = {}

    def client(service, **more):
        if more:
            return server.client(service, **more)
        if service not in clients:
            clients[service] = server.client(service)
        return clients[service]

    return client


@pytest.fixture(scope="session")
def real_server(tmp_path_factory):
    """A server on the real engines, Docker and HAProxy; its waits run 60 times faster. Mark its tests `docker`."""
    server = Server(tmp_path_factory.mktemp("real") / "data", containers="docker", proxy="haproxy", clock=60)
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def real(real_server):
    """`real("codebuild")` is a boto3 client for the server on real engines."""
    return real_server.client


@pytest.fixture
def name():
    """A name nobody else uses."""
    return f"t-{uuid.uuid4().hex[:12]}"
