"""The loop that keeps every service at what was asked for. It holds nothing: after a crash it just goes on."""

import asyncio
import contextlib

from trunkline.aws.service import Kit
from trunkline.core.log import get
from trunkline.services.ecs import store
from trunkline.services.ecs.model import Service
from trunkline.services.ecs.scheduling.reconcile import Key, apply, planned
from trunkline.services.ecs.scheduling.targets import TargetHealth
from trunkline.services.ecs.waking import Waking

log = get(__name__)

_ROUND_S = 0.5


class Scheduler:
    """`start` and `stop`; in between, every service is looked at in each round and whenever something changed."""

    def __init__(self, kit: Kit, waking: Waking) -> None:
        self._kit = kit
        self._waking = waking
        self._targets = TargetHealth(kit)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        waking.service = self._wake.set

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ecs-scheduler")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            for service in store.live_services(self._kit.db):
                try:
                    await self._step(service)
                except Exception:
                    log.exception("a service could not be brought closer to its state", service=service.arn)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ROUND_S):
                    await self._wake.wait()

    async def _step(self, service: Service) -> None:
        key: Key = (service.account, service.region, service.cluster, service.name)
        await self._targets.look(service, store.service_tasks(self._kit.db, service))
        # Planning on a reader costs no commit; only what turns out to be needed is written.
        if planned(self._kit.db, self._kit, key, self._targets.states):
            states = dict(self._targets.states)
            if await self._kit.db.write(lambda tx: apply(tx, self._kit, key, states)):
                self._waking.all()
