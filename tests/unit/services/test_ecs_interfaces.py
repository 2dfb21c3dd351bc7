"""A task's network interface goes with it, also one whose id was lost in a crash between making and recording it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from trunkline.services.ecs.model import Launch, Task
from trunkline.services.ecs.running.interfaces import Interfaces

ABOUT = "arn:aws:ecs:us-east-1:000000000000:attachment/a-1"


class Ec2:
    """Two interfaces, one of them the task's."""

    def __init__(self):
        self.there = {"eni-1": ABOUT, "eni-2": "another's"}

    async def __call__(self, service, operation, params, *, as_):
        if operation == "DeleteNetworkInterface":
            del self.there[params["NetworkInterfaceId"]]
            return {}
        assert operation == "DescribeNetworkInterfaces"
        (wanted,) = params["Filters"][0]["Values"]
        return {
            "NetworkInterfaces": [{"NetworkInterfaceId": id} for id, about in self.there.items() if about == wanted]
        }


def task(**more):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Task("000000000000", "us-east-1", "main", "t", "d:1", "g", Launch(), now, [], attachment_id="a-1", **more)


@pytest.mark.parametrize("known", ["eni-1", ""])
async def test_is_deleted_with_its_task(known):
    ec2 = Ec2()
    interfaces = Interfaces(SimpleNamespace(call=ec2), record=None, own_address=True)
    gone = task(subnet="subnet-1", interface_id=known)
    await interfaces.detach(gone)
    assert ec2.there == {"eni-2": "another's"}
    if not known:
        await interfaces.detach(gone)  # once more, after a crash


async def test_a_task_without_a_network_of_its_own_has_none():
    ec2 = Ec2()
    await Interfaces(SimpleNamespace(call=ec2), record=None, own_address=True).detach(task())
    assert len(ec2.there) == 2
