"""Brings the machine to the state that the records give: every changed VPC is applied, in the background.

Which VPCs are behind is a table, marked in the transaction that changes them, so a crash between a change and its
effect loses nothing: `start` marks every VPC and goes on. What waits for the network (a NAT gateway that is to become
available) moves on when its VPC has been applied.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.networks.interface import Networks
from trunkline.services.ec2 import carrying
from trunkline.services.ec2.store import INTERFACES, VPCS, Edit, View
from trunkline.services.ec2.store.tables import DIRTY, Dirty
from trunkline.services.ec2.transitions import move_on

log = get(__name__)
_RETRY_S = (0.2, 1.0, 5.0, 30.0)
_PATIENCE_S = 10.0
_FIRST_ROUND_S = 30.0


class Carrier:
    """One task; `wake` may be called from any thread."""

    def __init__(self, kit: Kit, networks: Networks) -> None:
        self._kit = kit
        self._networks = networks
        self._work = asyncio.Event()
        self._progress = asyncio.Condition()
        self._failing: set[str] = set()
        self._carried_once = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Every VPC is applied once more: what happened to the machine meanwhile is not known."""
        self._loop = asyncio.get_running_loop()

        def mark_all(tx: Tx) -> None:
            for vpc in VPCS.find(tx):
                Edit(tx, vpc.account, vpc.region).touch(vpc.id)

        await self._kit.db.write(mark_all)
        self._work.set()
        self._task = asyncio.create_task(self._run(), name="ec2-carrier")
        if self._networks.real:
            # What other services attach as they start needs the VPCs to be there.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_ROUND_S):
                    await self._carried_once.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def wake(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the next start takes it up
                self._loop.call_soon_threadsafe(self._work.set)

    async def settle(self, account: str, region: str, vpcs: Iterable[str]) -> None:
        """Return when these VPCs are carried as they are now, so that a rule that was answered for holds.

        Only where packets flow: nothing is waited for in a VPC without interfaces. Where the machine is slow or fails,
        this gives up and lets the answer go; the work goes on.
        """
        if not self._networks.real or self._task is None:
            return
        inhabited = {one.vpc_id for one in View(self._kit.db, account, region).all(INTERFACES, kind="interface")}
        wanted = (set(vpcs) & inhabited) - self._failing
        waiting = {id: mark for id in wanted if (mark := self._mark(account, region, id))}

        def carried() -> bool:
            return all(id in self._failing or self._mark(account, region, id) != mark for id, mark in waiting.items())

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S), self._progress:
                await self._progress.wait_for(carried)

    def _mark(self, account: str, region: str, id: str) -> str:
        found = DIRTY.get(self._kit.db, account, region, id)
        return found.mark if found else ""

    async def _run(self) -> None:
        failures = 0
        while True:
            await self._work.wait()
            self._work.clear()
            behind = DIRTY.find(self._kit.db)
            done = await asyncio.gather(*(self._bring(one) for one in behind))
            self._failing = {one.id for one, well in zip(behind, done, strict=True) if not well}
            self._carried_once.set()
            async with self._progress:
                self._progress.notify_all()
            if self._failing:
                pause = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
                failures += 1
                asyncio.get_running_loop().call_later(pause, self._work.set)
            else:
                failures = 0

    async def _bring(self, dirty: Dirty) -> bool:
        """Apply one VPC; whether that worked."""
        view = View(self._kit.db, dirty.account, dirty.region)
        try:
            vpc = view.find(VPCS, dirty.id)
            if vpc is None:
                await self._networks.remove(dirty.id)
            else:
                await self._networks.apply(carrying.vpc(carrying.records(view, vpc), self._kit.settings.instance_id))
        except Exception as error:
            log.exception("a VPC could not be brought to its state", vpc=dirty.id, error=str(error))
            return False

        now = self._kit.clock.now()

        def carried(tx: Tx) -> bool:
            fresh = DIRTY.get(tx, dirty.account, dirty.region, dirty.id)
            if fresh is None or fresh.mark != dirty.mark:
                return False
            DIRTY.delete(tx, dirty.account, dirty.region, dirty.id)
            edit = Edit(tx, dirty.account, dirty.region)
            move_on(edit, dirty.id, now)
            return not edit.touched

        if not await self._kit.db.write(carried):
            self._work.set()
        return True
