"""Keeps the proxy as the tables say: at every change, at start, and again while it could not be done.

A change is committed first and then put into force. When the proxy refuses it, it is undone and the caller is told;
when we are killed in between, the next start puts it into force. So a shift of traffic that was answered has
happened.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.proxy.interface import (
    ConfigurationRefused,
    Desired,
    Health,
    Proxy,
    ProxyError,
    RequestSink,
)
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.desired import desired
from trunkline.services.elbv2.errors import unavailable
from trunkline.services.elbv2.model import Doc, Target, TargetGroup
from trunkline.services.elbv2.reach import Reach

log = get(__name__)
T = TypeVar("T")

_DRAIN_LOOK_S = 0.25
_AGAIN_S = 2.0


class Control:
    def __init__(self, kit: Kit, proxy: Proxy, reach: Reach) -> None:
        self._db = kit.db
        self._clock = kit.clock
        self._proxy = proxy
        self.reach = reach
        self._one_at_a_time = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self.trouble = ""
        """Why the proxy is not as it should be, or ""."""
        self._rules: Mapping[tuple[str, str], Sequence[Doc]] = {}
        """X-Ray's sampling rules for load balancers, by account and region."""
        self._closed: set[str] = set()
        """Listeners that cannot be opened now."""

    async def start(self) -> None:
        await self.reach.start()
        async with self._one_at_a_time:
            await self._try_to_apply()
        self._tasks = [asyncio.create_task(self._watch(), name="elbv2-control")]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def sample(self, rules: Mapping[tuple[str, str], Sequence[Doc]]) -> None:
        """By which rules requests are chosen to be traced, by account and region, from now on."""
        if rules == self._rules:
            return
        self._rules = rules
        if self._tasks:  # else the start does it
            async with self._one_at_a_time:
                await self._try_to_apply()

    def subscribe(self, sink: RequestSink) -> None:
        self._proxy.subscribe(sink)

    async def change(self, work: Callable[[Tx], T], undo: Callable[[Tx], object]) -> T:
        """Commit a change of what requests meet (listeners, rules, settings) and put it into force, or undo it."""
        async with self._one_at_a_time:
            result = await self._db.write(work)
            try:
                await self._apply()
            except ProxyError as error:
                await self._db.write(undo)
                if isinstance(error, ConfigurationRefused):
                    raise AwsError("InvalidConfigurationRequest", f"The load balancer refused it: {error}") from error
                raise unavailable(str(error)) from error
            return result

    async def note(self, work: Callable[[Tx], T]) -> T:
        """Commit a change that stands whether or not the proxy is there to follow it now (targets, removals)."""
        async with self._one_at_a_time:
            result = await self._db.write(work)
            await self._try_to_apply()
            self._wake.set()
            return result

    async def health(self) -> Health:
        """What the proxy knows; nothing while it is away."""
        try:
            return await self._proxy.health()
        except ProxyError as error:
            self._troubled(error)
            self._wake.set()
            return {}

    async def _apply(self) -> None:
        wanted: Desired = desired(self._db, self.reach, self._rules)
        if self._closed:
            listeners = tuple(listener for listener in wanted.listeners if listener.id not in self._closed)
            wanted = replace(wanted, listeners=listeners)
        await self._proxy.apply(wanted)
        if self.trouble and not self._closed:
            log.info("the load balancer is as it should be again")
            self.trouble = ""

    async def _try_to_apply(self) -> None:
        """As much as can be done: one listener whose port another program took must not close all others."""
        self._closed = set()
        while True:
            try:
                await self._apply()
            except ConfigurationRefused as error:
                self._troubled(error)
                if set(error.listeners) - self._closed:
                    self._closed |= set(error.listeners)
                    continue
            except ProxyError as error:
                self._troubled(error)
            return

    def _troubled(self, error: ProxyError) -> None:
        if self.trouble != str(error):
            log.warning("the load balancer does not follow; trying again", error=str(error))
        self.trouble = str(error)

    # --- draining ---------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Ends deregistrations, and tries again what the proxy could not do."""
        while True:
            draining = False
            try:
                draining = await self._finish_draining()
                if self.trouble:
                    async with self._one_at_a_time:
                        await self._try_to_apply()
            except Exception:
                log.exception("keeping the load balancer in order failed")
            if self.trouble:
                await self._clock.sleep(_AGAIN_S)
            elif draining:
                await self._clock.sleep(_DRAIN_LOOK_S)
            else:
                await self._wake.wait()
            self._wake.clear()

    async def _finish_draining(self) -> bool:
        """A target is gone once nothing is open, or its delay is over. True while there are others."""
        groups = {group.arn: group for group in store.target_groups.find(self._db)}
        draining = [target for target in store.targets.find(self._db) if target.drains_until is not None]
        if not draining:
            return False
        health = await self.health()
        gone = [target for target in draining if self._drained(target, groups.get(target.group_arn), health)]
        if gone:
            async with self._one_at_a_time:
                await self._db.write(lambda tx: _forget(tx, gone))
                await self._try_to_apply()
        return len(gone) < len(draining)

    def _drained(self, target: Target, group: TargetGroup | None, health: Health) -> bool:
        if group is None or target.drains_until is None or self._clock.time() >= target.drains_until:
            return True
        known = health.get(group.id, {}).get(self.reach.member(group.vpc, target)) if health else None
        return known is not None and known.sessions == 0


def _forget(tx: Tx, gone: list[Target]) -> None:
    """Those that were not registered again meanwhile."""
    for target in gone:
        now = store.targets.get(tx, target.group_arn, target.ip, target.port)
        if now is not None and now.drains_until is not None:
            store.targets.delete(tx, target.group_arn, target.ip, target.port)
