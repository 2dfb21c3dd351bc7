"""A proxy of each driver."""

import random
import shutil
import socket

import pytest
import pytest_asyncio

from trunkline.core.clock import RealClock
from trunkline.engines.proxy.fake import FakeProxy
from trunkline.engines.proxy.haproxy import HaproxyProxy

NO_HAPROXY = pytest.mark.skipif(shutil.which("haproxy") is None, reason="no HAProxy")


@pytest.fixture(
    params=[
        pytest.param("haproxy", marks=[pytest.mark.haproxy, NO_HAPROXY]),
        "fake",
    ]
)
def driver(request):
    return request.param


@pytest_asyncio.fixture
async def make(driver, tmp_path):
    """Makes proxies on one directory, and ends what they started."""
    made = []

    async def new():
        proxy = HaproxyProxy(tmp_path / "proxy", RealClock()) if driver == "haproxy" else FakeProxy(RealClock())
        made.append(proxy)
        await proxy.start()
        return proxy

    yield new
    for proxy in made:
        await proxy.shutdown()


@pytest_asyncio.fixture
async def proxy(make):
    return await make()


@pytest.fixture
def address():
    """A loopback address and port of its own."""
    ip = f"127.{random.randint(20, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
    with socket.socket() as probe:
        probe.bind((ip, 0))
        return ip, probe.getsockname()[1]
