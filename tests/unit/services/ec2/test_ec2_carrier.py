"""The machine follows the records: after every change, after failures, and after a crash."""

import asyncio

import pytest
from tests.support.provisioning import provisioning

from trunkline.core.db import Tx
from trunkline.engines.networks import FakeNetworks
from trunkline.services.ec2 import store
from trunkline.services.ec2.carrier import Carrier
from trunkline.services.ec2.store import Edit
from trunkline.services.ec2.store.tables import DIRTY

HERE = ("000000000000", "us-east-1")


class Stubborn(FakeNetworks):
    """Fails as often as it is told to."""

    real = True

    def __init__(self, failures=0):
        super().__init__()
        self.failures = failures

    async def apply(self, vpc):
        if self.failures:
            self.failures -= 1
            raise OSError("no such device")
        await super().apply(vpc)


@pytest.fixture
async def kit(tmp_path):
    """Of a server whose own carrier does not know what the tests change."""
    async with provisioning(tmp_path) as provisioner:
        yield provisioner.kit


async def _make_vpc(kit) -> str:
    def work(tx: Tx) -> str:
        return store.new_vpc(Edit(tx, *HERE), "10.0.0.0/16").id

    return await kit.db.write(work)


async def _until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_was_changed_before_a_crash_is_applied_at_the_next_start(kit):
    id = await _make_vpc(kit)
    assert [one.id for one in DIRTY.find(kit.db) if one.id == id] == [id]
    networks = Stubborn()
    carrier = Carrier(kit, networks)
    await carrier.start()
    await _until(lambda: id in networks.vpcs and not DIRTY.find(kit.db))
    assert networks.vpcs[id].cidrs == ("10.0.0.0/16",)
    await carrier.stop()


async def test_a_failure_is_tried_again(kit):
    id = await _make_vpc(kit)
    networks = Stubborn(failures=2)
    carrier = Carrier(kit, networks)
    await carrier.start()
    await _until(lambda: id in networks.vpcs and not DIRTY.find(kit.db))
    await carrier.stop()


async def test_a_deleted_vpc_is_removed_from_the_machine(kit):
    id = await _make_vpc(kit)
    networks = Stubborn()
    carrier = Carrier(kit, networks)
    await carrier.start()
    await _until(lambda: id in networks.vpcs)

    def work(tx: Tx) -> None:
        edit = Edit(tx, *HERE)
        edit.drop(store.VPCS, edit.get(store.VPCS, id))

    await kit.db.write(work)
    carrier.wake()
    await _until(lambda: id not in networks.vpcs)
    await carrier.stop()
