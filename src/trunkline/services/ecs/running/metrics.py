"""What services use, each minute: in AWS/ECS per cent of what their tasks reserve, and where a cluster has Container
Insights, in ECS/ContainerInsights what that is.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines.containers import Containers, ContainersError, Stats
from trunkline.services.ecs import store
from trunkline.services.ecs.definitions import cpu_units, memory_mib
from trunkline.services.ecs.model import RUNNING, Cluster, Doc, Service, Task, container_name
from trunkline.services.ecs.placement import PRINCIPAL

log = get(__name__)
_EVERY_S = 60.0
_PENDING = {"PROVISIONING", "PENDING", "ACTIVATING"}


class _Used(NamedTuple):
    """By one task: CPU units (1,024 are a processor) and MiB, what it used of them and what it reserves."""

    cpu: float | None
    memory: float | None
    cpu_reserved: float
    memory_reserved: float


class Metrics:
    """`start` and `stop`."""

    def __init__(self, kit: Kit, containers: Containers) -> None:
        self._kit = kit
        self._containers = containers
        self._before: dict[tuple[str, str], Stats] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ecs-metrics")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self.measure()
            except Exception:
                log.exception("metrics of services could not be measured")
            await self._kit.clock.sleep(_EVERY_S)

    async def measure(self) -> None:
        """One sample of every service."""
        before, self._before = self._before, {}
        for service in store.live_services(self._kit.db):
            tasks = store.service_tasks(self._kit.db, service)
            running = [task for task in tasks if task.last_status == RUNNING]
            used = [await self._of_task(task, before) for task in running]
            await self._put(service, "AWS/ECS", _utilization(used))
            cluster = store.CLUSTERS.get(self._kit.db, service.account, service.region, service.cluster)
            if cluster is not None and _insights(cluster):
                counts = {
                    "DesiredTaskCount": service.desired_count,
                    "RunningTaskCount": len(running),
                    "PendingTaskCount": sum(task.last_status in _PENDING for task in tasks),
                    "DeploymentCount": len(service.deployments),
                }
                await self._put(service, "ECS/ContainerInsights", _insight_data(used, counts))

    async def _of_task(self, task: Task, before: dict[tuple[str, str], Stats]) -> _Used:
        cpu_share, memory_bytes, known, seen = 0.0, 0, False, False
        for one in task.containers:
            name = container_name(self._kit.settings.instance_id, task.id, one.name)
            try:
                sample = await self._containers.stats(name)
            except ContainersError:
                continue
            self._before[task.id, one.name] = sample
            memory_bytes += sample.memory_bytes
            seen = True
            last = before.get((task.id, one.name))
            if last is not None and sample.at_ns > last.at_ns:
                cpu_share += (sample.cpu_ns - last.cpu_ns) / (sample.at_ns - last.at_ns)
                known = True
        return _Used(
            cpu_share * 1024 if known else None,
            memory_bytes / 2**20 if seen else None,
            cpu_units(task.cpu) or 0,
            memory_mib(task.memory) or 0,
        )

    async def _put(self, service: Service, namespace: str, data: list[Doc]) -> None:
        dimensions = [
            {"Name": "ClusterName", "Value": service.cluster},
            {"Name": "ServiceName", "Value": service.name},
        ]
        now = self._kit.clock.now()
        stamped = [{**datum, "Dimensions": dimensions, "Timestamp": now} for datum in data]
        if not stamped:
            return
        as_ = Caller.service(PRINCIPAL, service.account, service.region)
        try:
            await self._kit.call(
                "cloudwatch", "PutMetricData", {"Namespace": namespace, "MetricData": stamped}, as_=as_
            )
        except AwsError as error:
            log.warning("metrics of a service were refused", service=service.arn, error=error)


def _insights(cluster: Cluster) -> bool:
    return any(
        one.get("name") == "containerInsights" and one.get("value") in {"enabled", "enhanced"}
        for one in cluster.settings
    )


def _utilization(used: Sequence[_Used]) -> list[Doc]:
    cpu = [100 * one.cpu / one.cpu_reserved for one in used if one.cpu is not None and one.cpu_reserved]
    memory = [100 * one.memory / one.memory_reserved for one in used if one.memory is not None and one.memory_reserved]
    shares = {"CPUUtilization": cpu, "MemoryUtilization": memory}
    return [{"MetricName": name, "Values": values, "Unit": "Percent"} for name, values in shares.items() if values]


def _insight_data(used: Sequence[_Used], counts: dict[str, int]) -> list[Doc]:
    data: list[Doc] = [{"MetricName": name, "Value": float(count), "Unit": "Count"} for name, count in counts.items()]
    cpu = [one.cpu for one in used if one.cpu is not None]
    memory = [one.memory for one in used if one.memory is not None]
    totals = {
        "CpuUtilized": (sum(cpu) if cpu else None, "None"),
        "CpuReserved": (float(sum(one.cpu_reserved for one in used)), "None"),
        "MemoryUtilized": (sum(memory) if memory else None, "Megabytes"),
        "MemoryReserved": (float(sum(one.memory_reserved for one in used)), "Megabytes"),
    }
    return data + [
        {"MetricName": name, "Value": value, "Unit": unit}
        for name, (value, unit) in totals.items()
        if value is not None
    ]
