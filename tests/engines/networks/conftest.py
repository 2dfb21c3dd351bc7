"""A driver under test, and boxes to attach."""

import secrets

import pytest

from tests.engines.networks.box import Box
from trunkline.engines.networks import FakeNetworks
from trunkline.engines.networks.linux import LinuxNetworks, missing

NEEDS_LINUX = [pytest.mark.docker, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


async def _pid_of(container: str) -> int:
    return int(container)


@pytest.fixture
def make_linux(tmp_path):
    """`make_linux()` is a driver as another process of the same instance would have it; not started."""
    instance = f"test{secrets.token_hex(3)}"
    return lambda: LinuxNetworks(instance, tmp_path, 4566, 2000, _pid_of)


@pytest.fixture
async def linux(make_linux):
    networks = make_linux()
    try:
        await networks.start()
        yield networks
    finally:
        await networks.remove_all()


@pytest.fixture(params=["fake", pytest.param("linux", marks=NEEDS_LINUX)])
def networks(request):
    """Each driver."""
    if request.param == "fake":
        return FakeNetworks()
    return request.getfixturevalue("linux")


@pytest.fixture
def box():
    """`box()` is a new process with a network of its own."""
    made = []

    def make(**more):
        made.append(Box(**more))
        return made[-1]

    yield make
    for one in made:
        one.close()
