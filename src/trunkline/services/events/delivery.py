"""Carrying events to targets: each delivery is a row until its target took it, so that a crash loses none.

A target that fails is tried again with growing pauses, as often and as long as its RetryPolicy says (AWS's defaults:
185 times within 24 hours). Errors that trying again cannot mend end a delivery at once.
"""

import asyncio
import random
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.events import store, targets
from trunkline.services.events.matching import Bus, Rules, deliveries
from trunkline.services.events.model import DEFAULT_BUS, Delivery, Rule

log = get(__name__)

_AT_ONCE = 16
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
_FORGET_EVERY_S = 3600.0
_HOPELESS = {400, 403, 404}
_PASSING = {"ThrottlingException", "Throttling", "TooManyRequestsException", "ConcurrentModificationException"}


class Courier:
    """Takes events in, and delivers."""

    def __init__(self, kit: Kit, rules: Rules) -> None:
        self._kit = kit
        self._rules = rules
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._busy: set[tuple[str, str, str]] = set()
        self._forgot = 0.0

    async def take(self, event: Event) -> None:
        """An event of the ledger: it goes through the rules of its account's default bus. Safe to repeat."""
        await self.route((event.account, event.region, DEFAULT_BUS), event.to_eventbridge())

    async def route(self, bus: Bus, event: dict[str, Any], also: int | None = None) -> None:
        """Make deliveries for every rule that fires; `also` is the queued event that this was."""
        fired = self._rules.fired(bus, event)
        if fired or also is not None:
            await self._add(fired, event, also)

    async def fire(self, rule: Rule, event: dict[str, Any], occurrence: float) -> None:
        """A schedule's occurrence, for its own targets only."""

        def add(tx: Tx) -> None:
            store.note_occurrence(tx, rule.arn, occurrence)
            self._enqueue(tx, [rule], event)

        await self._kit.db.write(add)

    async def _add(self, fired: list[Rule], event: dict[str, Any], also: int | None) -> None:
        def add(tx: Tx) -> None:
            self._enqueue(tx, fired, event)
            if also is not None:
                store.drop_custom(tx, also)

        await self._kit.db.write(add)

    def _enqueue(self, tx: Tx, fired: list[Rule], event: dict[str, Any]) -> None:
        now = self._kit.clock.time()
        for rule in fired:
            store.add_deliveries(tx, deliveries(rule, event, now))
        tx.after_commit(self.nudge)

    def nudge(self) -> None:
        """There is something new; callable from the writer's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver for ever."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                await self._take_custom()
                self._start_due()
                await self._forget()
                await self._pause()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _take_custom(self) -> None:
        while waiting := store.custom(self._kit.db, 100):
            for seq, bus_arn, event in waiting:
                _, _, _, region, account, resource = bus_arn.split(":", 5)
                await self.route((account, region, resource.partition("/")[2]), event, also=seq)

    def _start_due(self) -> None:
        room = _AT_ONCE - len(self._running)
        if room <= 0:
            return
        for delivery in store.due(self._kit.db, self._kit.clock.time(), _AT_ONCE + len(self._busy)):
            key = (delivery.event_id, delivery.rule_arn, delivery.target_id)
            if key in self._busy or room == 0:
                continue
            room -= 1
            self._busy.add(key)
            task = asyncio.get_running_loop().create_task(self._deliver(delivery))
            self._running.add(task)
            task.add_done_callback(lambda done, key=key: self._ended(done, key))  # type: ignore[misc]

    def _ended(self, task: "asyncio.Task[None]", key: tuple[str, str, str]) -> None:
        self._running.discard(task)
        self._busy.discard(key)
        self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("a delivery broke off", event=key[0], rule=key[1], error=task.exception())

    async def _pause(self) -> None:
        due = store.next_due(self._kit.db)
        wait = _FORGET_EVERY_S if due is None else max(due - self._kit.clock.time(), 0.0)
        if self._busy and wait == 0:
            wait = _FORGET_EVERY_S  # what is due is under way, and wakes us when it ends
        try:
            async with asyncio.timeout(wait + 0.001):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _forget(self) -> None:
        now = self._kit.clock.time()
        if now - self._forgot >= _FORGET_EVERY_S:
            self._forgot = now
            await self._kit.db.write(lambda tx: store.forget_old(tx, now))

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await targets.invoke(self._kit, delivery)
        except AwsError as error:
            await self._failed(delivery, error.code, error.message or error.code, _is_hopeless(error))
        except Exception as error:
            log.exception("a target could not be called", rule=delivery.rule_arn, target=delivery.target_id)
            await self._failed(delivery, type(error).__name__, str(error), hopeless=False)
        else:
            delivery.state, delivery.due = "done", self._kit.clock.time()
        await self._kit.db.write(lambda tx: store.DELIVERIES.put(tx, delivery))

    async def _failed(self, delivery: Delivery, code: str, message: str, hopeless: bool) -> None:
        now = self._kit.clock.time()
        policy = delivery.target.get("RetryPolicy", {})
        delivery.attempts += 1
        delivery.error = f"{code}: {message}"
        exhausted = delivery.attempts > policy.get("MaximumRetryAttempts", 185)
        pause = min(_FIRST_PAUSE_S * 2 ** min(delivery.attempts - 1, 10), _LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)  # noqa: S311
        too_old = now + pause - delivery.since > policy.get("MaximumEventAgeInSeconds", 86_400)
        if hopeless or exhausted or too_old:
            delivery.state, delivery.due = "failed", now
            log.warning(
                "an event could not be delivered",
                rule=delivery.rule_arn,
                target=delivery.target["Arn"],
                event=delivery.event_id,
                error=delivery.error,
            )
            if "DeadLetterConfig" in delivery.target:
                why = "" if hopeless else "MaximumRetryAttempts" if exhausted else "MaximumEventAgeInSeconds"
                await self._bury(delivery, code, why)
        else:
            delivery.due = now + pause

    async def _bury(self, delivery: Delivery, code: str, why: str) -> None:
        try:
            await targets.dead_letter(self._kit, delivery, code, why)
        except AwsError as error:
            log.warning("a dead letter was lost", rule=delivery.rule_arn, event=delivery.event_id, error=error)


def _is_hopeless(error: AwsError) -> bool:
    """Whether trying again cannot help: the target is gone, the role may not, the request cannot be."""
    if error.code in _PASSING:
        return False
    return error.status is None or error.status in _HOPELESS
