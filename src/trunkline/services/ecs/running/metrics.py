"""CPUUtilization and MemoryUtilization of services, each minute: per cent of what their tasks reserve."""

import asyncio
import contextlib

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines.containers import Containers, ContainersError, Stats
from trunkline.services.ecs import store
from trunkline.services.ecs.definitions import cpu_units, memory_mib
from trunkline.services.ecs.model import RUNNING, Service, Task, container_name
from trunkline.services.ecs.placement import PRINCIPAL

log = get(__name__)
_EVERY_S = 60.0


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
            used: dict[str, list[float]] = {"CPUUtilization": [], "MemoryUtilization": []}
            for task in store.service_tasks(self._kit.db, service):
                if task.last_status == RUNNING:
                    cpu, memory = await self._of_task(task, before)
                    if cpu is not None:
                        used["CPUUtilization"].append(cpu)
                    if memory is not None:
                        used["MemoryUtilization"].append(memory)
            await self._put(service, used)

    async def _of_task(self, task: Task, before: dict[tuple[str, str], Stats]) -> tuple[float | None, float | None]:
        cpu_share, memory_bytes, known = 0.0, 0, False
        seen = 0
        for one in task.containers:
            name = container_name(self._kit.settings.instance_id, task.id, one.name)
            try:
                sample = await self._containers.stats(name)
            except ContainersError:
                continue
            self._before[task.id, one.name] = sample
            memory_bytes += sample.memory_bytes
            seen += 1
            last = before.get((task.id, one.name))
            if last is not None and sample.at_ns > last.at_ns:
                cpu_share += (sample.cpu_ns - last.cpu_ns) / (sample.at_ns - last.at_ns)
                known = True
        units, mib = cpu_units(task.cpu), memory_mib(task.memory)
        cpu = cpu_share / (units / 1024) * 100 if units and known else None
        return cpu, memory_bytes / (mib * 2**20) * 100 if mib and seen else None

    async def _put(self, service: Service, used: dict[str, list[float]]) -> None:
        dimensions = [
            {"Name": "ClusterName", "Value": service.cluster},
            {"Name": "ServiceName", "Value": service.name},
        ]
        now = self._kit.clock.now()
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": now, "Values": values, "Unit": "Percent"}
            for name, values in used.items()
            if values
        ]
        if not data:
            return
        as_ = Caller.service(PRINCIPAL, service.account, service.region)
        try:
            await self._kit.call("cloudwatch", "PutMetricData", {"Namespace": "AWS/ECS", "MetricData": data}, as_=as_)
        except AwsError as error:
            log.warning("metrics of a service were refused", service=service.arn, error=error)
