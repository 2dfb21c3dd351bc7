"""Fixtures for every test."""

import uuid

import pytest

from tests.support.server import Server


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


@pytest.fixture
def name():
    """A name nobody else uses."""
    return f"t-{uuid.uuid4().hex[:12]}"
