"""Utilization is told in per cent of what tasks reserve."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.engines.containers import NotRunning, Stats
from trunkline.services.ecs import store
from trunkline.services.ecs.model import RUNNING, Cluster, Launch, Service, Task, TaskContainer
from trunkline.services.ecs.running.metrics import Metrics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MIB = 2**20


class Engine:
    """Answers the samples it was given, in turn."""

    def __init__(self, *samples: Stats) -> None:
        self.samples = list(samples)

    async def stats(self, _name: str) -> Stats:
        if not self.samples:
            raise NotRunning("gone")
        return self.samples.pop(0)


@pytest.fixture
def kit(tmp_path):
    db = Database(tmp_path / "state.db")
    db.migrate("ecs", store.STEPS)
    put = []

    async def call(service, operation, params, *, as_):
        assert (service, operation, as_.principal.name) == ("cloudwatch", "PutMetricData", "ecs.amazonaws.com")
        put.append(params)

    service = Service("0", "us-east-1", "c", "web", 1, "ECS", Launch(), "td:1", NOW, "me")
    task = Task(
        "0", "us-east-1", "c", "t", "td:1", "g", Launch(), NOW, [TaskContainer("app", "i", "c")],
        service="web", last_status=RUNNING, cpu="512", memory="1024",
    )  # fmt: skip

    def rows(tx):
        store.SERVICES.put(tx, service)
        store.TASKS.put(tx, task)

    db.write_blocking(rows)
    settings = SimpleNamespace(instance_id="i")
    yield SimpleNamespace(db=db, clock=ManualClock(), call=call, put=put, settings=settings)
    db.close()


async def test_cpu_needs_two_samples_and_memory_one(kit):
    second = 1_000_000_000
    metrics = Metrics(kit, Engine(Stats(0, 0, 256 * MIB, None), Stats(60 * second, 6 * second, 512 * MIB, None)))
    await metrics.measure()
    await metrics.measure()
    told = [{one["MetricName"]: one["Values"] for one in params["MetricData"]} for params in kit.put]
    # a tenth of a CPU out of half a one; a quarter, then a half of 1024 MiB
    assert told == [{"MemoryUtilization": [25.0]}, {"CPUUtilization": [20.0], "MemoryUtilization": [50.0]}]
    assert kit.put[0]["Namespace"] == "AWS/ECS"
    assert {one["Name"]: one["Value"] for one in kit.put[0]["MetricData"][0]["Dimensions"]} == {
        "ClusterName": "c",
        "ServiceName": "web",
    }


async def test_a_service_whose_containers_are_gone_tells_nothing(kit):
    await Metrics(kit, Engine()).measure()
    assert kit.put == []


async def test_container_insights_tell_what_that_is(kit):
    cluster = Cluster("0", "us-east-1", "c", NOW, settings=[{"name": "containerInsights", "value": "enabled"}])
    await kit.db.write(lambda tx: store.CLUSTERS.put(tx, cluster))
    await Metrics(kit, Engine(Stats(0, 0, 256 * MIB, None))).measure()
    [insights] = [params for params in kit.put if params["Namespace"] == "ECS/ContainerInsights"]
    assert {one["MetricName"]: one["Value"] for one in insights["MetricData"]} == {
        "DesiredTaskCount": 1,
        "RunningTaskCount": 1,
        "PendingTaskCount": 0,
        "DeploymentCount": 0,
        "CpuReserved": 512,
        "MemoryReserved": 1024,
        "MemoryUtilized": 256,
    }
