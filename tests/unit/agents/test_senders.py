"""Who has an address, and which deployment and commit it is of."""

from types import SimpleNamespace

import pytest

from trunkline.agents.senders import NOBODY, Senders
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger

ACCOUNT, REGION = "111122223333", "eu-west-1"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"


class World:
    """A ledger, and an ECS with one service of two task sets."""

    def __init__(self, path):
        self.db = Database(path)
        self.ledger = Ledger(self.db)
        self.clock = ManualClock()
        self.task_sets = [{"id": "ecs-svc/1", "status": "PRIMARY"}]
        self.vpcs = {"subnet-a": "vpc-a", "subnet-b": "vpc-b"}
        self.asked = 0
        self.whose = {}
        self.sandboxes = []
        networks = SimpleNamespace(whose=self.whose.get)
        self.settings = SimpleNamespace(account="000000000000", region="us-east-1")
        self.senders = Senders(self, SimpleNamespace(networks=networks, containers=self))

    async def call(self, service, operation, params, *, as_):
        self.asked += 1
        assert (as_.account, as_.region) == (ACCOUNT, REGION)
        if operation == "DescribeSubnets":
            return {"Subnets": [{"VpcId": self.vpcs[one]} for one in params["SubnetIds"]]}
        assert (operation, params) == ("DescribeServices", {"cluster": f"{ECS}:cluster/c", "services": ["web"]})
        return {"services": [{"taskSets": self.task_sets}]}

    async def list(self, labels):
        return self.sandboxes

    async def tell(self, detail_type, detail, source=""):
        source = source or ("aws.ecs" if "ECS" in detail_type else "aws.codepipeline")
        event = Event(source, detail_type, detail, ACCOUNT, REGION)
        await self.db.write(lambda tx: self.ledger.append(tx, event))

    async def task(self, name, address, *, status="RUNNING", owner="ecs-svc/1", image="web:latest", subnet="subnet-a"):
        details = [{"name": "privateIPv4Address", "value": address}, {"name": "subnetId", "value": subnet}]
        await self.tell(
            "ECS Task State Change",
            {
                "taskArn": f"{ECS}:task/c/{name}",
                "clusterArn": f"{ECS}:cluster/c",
                "taskDefinitionArn": f"{ECS}:task-definition/web:7",
                "group": "service:web",
                "startedBy": owner,
                "lastStatus": status,
                "attachments": [{"details": details}],
                "containers": [{"name": "web", "image": image}],
            },
        )

    async def action(self, category, external, execution="e-1", state="SUCCEEDED"):
        detail = {
            "execution-id": execution,
            "type": {"category": category},
            "state": state,
            "execution-result": {"external-execution-id": external},
        }
        await self.tell("CodePipeline Action Execution State Change", detail)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "db")
    yield made
    made.db.close()


async def test_a_replacement_is_green_and_knows_its_deployment_and_commit(world):
    await world.action("Source", "c0ffee")
    await world.task("one", "10.0.0.4")
    await world.task("two", "10.0.0.5", owner="ecs-svc/2")
    world.task_sets.append({"id": "ecs-svc/2", "status": "ACTIVE", "externalId": "d-NEW"})
    await world.action("Deploy", "d-NEW", state="STARTED")
    blue, green = await world.senders.find("10.0.0.4"), await world.senders.find("10.0.0.5")
    assert blue.annotations == {"deployment": "ecs-svc/1", "color": "blue", "revision": "web:7"}
    assert green.annotations == {
        "deployment": "d-NEW", "color": "green", "revision": "web:7", "commit": "c0ffee",
    }  # fmt: skip
    assert (green.account, green.region, green.task) == (ACCOUNT, REGION, f"{ECS}:task/c/two")


async def test_the_tag_of_an_image_may_be_a_commit(world):
    await world.task("one", "10.0.0.4", image="1.dkr.ecr.eu-west-1.amazonaws.com/web:0a1b2c3d4e5f")
    assert (await world.senders.find("10.0.0.4")).commit == "0a1b2c3d4e5f"


async def test_what_was_found_is_known_for_a_few_seconds(world):
    assert await world.senders.find("10.0.0.4") is NOBODY
    await world.task("one", "10.0.0.4")
    assert world.senders.known("10.0.0.4") is NOBODY
    await world.clock.advance(6)
    assert world.senders.known("10.0.0.4") is None
    assert (await world.senders.find("10.0.0.4")).revision == "web:7"
    asked = world.asked
    assert (await world.senders.find("10.0.0.4")).revision == "web:7"
    assert world.asked == asked


async def test_a_stopped_task_has_no_address_and_the_next_one_may_have_it(world):
    await world.task("one", "10.0.0.4", image="web:aaaaaaa")
    await world.task("one", "10.0.0.4", status="STOPPED")
    await world.task("two", "10.0.0.4", image="web:bbbbbbb")
    assert (await world.senders.find("10.0.0.4")).commit == "bbbbbbb"


async def test_networks_with_the_same_addresses_are_told_apart(world):
    await world.task("one", "10.0.0.4", image="web:aaaaaaa")
    await world.task("two", "10.0.0.4", image="web:bbbbbbb", subnet="subnet-b")
    world.whose.update({"100.64.0.9": ("vpc-a", "10.0.0.4"), "100.64.1.9": ("vpc-b", "10.0.0.4")})
    assert (await world.senders.find("100.64.0.9")).commit == "aaaaaaa"
    assert (await world.senders.find("100.64.1.9")).commit == "bbbbbbb"


async def test_a_function_is_known_by_its_sandbox(world):
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:3"
    world.sandboxes.append(SimpleNamespace(ip="172.17.0.5", labels={"trunkline.function": arn}))
    caller = await world.senders.caller("172.17.0.5")
    assert (caller.account, caller.region) == (ACCOUNT, REGION)
    assert (await world.senders.find("172.17.0.5")).annotations == {"revision": "3"}
    assert (await world.senders.caller("127.0.0.1")).account == "000000000000"


async def test_events_of_users_name_no_tasks(world):
    await world.tell("ECS Task State Change", {"taskArn": 7}, source="my.app")
    assert await world.senders.find("10.0.0.4") is NOBODY


async def test_what_the_application_says_stands(world):
    await world.task("one", "10.0.0.4")
    sender = await world.senders.find("10.0.0.4")
    marked = Senders.mark({"annotations": {"revision": "mine", "order": 7}}, sender)
    assert marked["annotations"] == {"deployment": "ecs-svc/1", "color": "blue", "revision": "mine", "order": 7}
    assert Senders.mark({"annotations": "nonsense"}, NOBODY) == {"annotations": "nonsense"}
    assert world.senders.known("127.0.0.1") is NOBODY
