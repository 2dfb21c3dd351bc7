"""Composite alarms: their rules are looked at again whenever an alarm that they name changes.

A reaction to the alarms' own events, so that no change is missed over a crash. Composite alarms may name one another;
each change makes an event of its own, which is heard here again. Also what ends the periods of suppressors.
"""

from __future__ import annotations

import asyncio
import contextlib

import orjson

from trunkline.aws.alarms import ALARM, INSUFFICIENT_DATA, OK
from trunkline.aws.service import Kit
from trunkline.core.db import Reader
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.cloudwatch.events import CONFIGURATION_CHANGE, SOURCE, STATE_CHANGE, State
from trunkline.services.cloudwatch.model import INITIAL_REASON, CompositeAlarm, MetricAlarm
from trunkline.services.cloudwatch.reasons import spoken, stamp
from trunkline.services.cloudwatch.rule import RuleError, name_of, parse
from trunkline.services.cloudwatch.store import ALARMS, COMPOSITES, Store
from trunkline.services.cloudwatch.suppression import look_again
from trunkline.services.cloudwatch.transitions import set_state

log = get(__name__)

_AGAIN_S = 10.0


class Composites:
    def __init__(self, kit: Kit, store: Store) -> None:
        self._kit = kit
        self._store = store
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        kit.bus.subscribe(
            "cloudwatch-composites", self.heard, sources=(SOURCE,), detail_types=(STATE_CHANGE, CONFIGURATION_CHANGE)
        )

    async def start(self) -> None:
        self._task = asyncio.create_task(self._end_periods(), name="cloudwatch-suppression")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def heard(self, event: Event) -> None:
        """An alarm changed its state, was made, changed or deleted."""
        await self.follow(event.account, event.region, event.detail["alarmName"])

    async def _end_periods(self) -> None:
        """Wait for the next end of a WaitPeriod or ExtensionPeriod, for ever."""
        while True:
            self._changed.clear()
            try:
                timeout_s = await self._end_due()
            except Exception:
                log.exception("the period of a suppressor could not be ended; tried again")
                timeout_s = _AGAIN_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout_s)

    async def _end_due(self) -> float | None:
        """End the periods that are over; seconds until the next one is."""
        now_ms = self._now_ms()
        waits_s = []
        for composite in COMPOSITES.find(self._store.db):
            if composite.suppressed_until_ms is None:
                continue
            if composite.suppressed_until_ms > now_ms:
                waits_s.append((composite.suppressed_until_ms - now_ms) / 1000)
            else:
                await self._look_again(composite)
        return min(waits_s, default=None)

    async def _look_again(self, composite: CompositeAlarm) -> None:
        now_ms = self._now_ms()
        await self._store.change_alarms(lambda tx: look_again(tx, self._kit.ledger, composite, now_ms))

    def _now_ms(self) -> int:
        return int(self._kit.clock.time() * 1000)

    async def follow(self, account: str, region: str, name: str) -> None:
        """Evaluate the composites over an alarm that changed, those over them, and so on."""
        for composite in COMPOSITES.find(self._store.db, prefix=(account, region)):
            if name in dependencies(composite):
                if await self.evaluate(composite):
                    await self.follow(account, region, composite.name)
                if composite.suppressed_by is not None:
                    await self._look_again(composite)
        self._changed.set()

    async def evaluate(self, composite: CompositeAlarm, *, put: bool = False) -> bool:
        """Give the alarm the state that its rule calls for; whether that is another. `put`: it was put just now."""
        try:
            rule = parse(composite.rule)
        except RuleError:
            log.exception("a stored alarm rule cannot be read", alarm=composite.arn)
            return False
        children = {alarm: child(self._store.db, composite, alarm) for alarm in rule.alarms}
        states = {alarm: found.state if found else INSUFFICIENT_DATA for alarm, found in children.items()}
        value = ALARM if rule.holds(lambda alarm: states[alarm]) else OK
        if value == composite.state:
            return False
        known = [found for found in children.values() if found is not None]
        # AWS names the children that changed since the last transition: those that agree with the new state, if any do.
        changed = [one for one in known if put or one.transitioned_ms > composite.transitioned_ms]
        newest = max(changed or known, key=lambda one: one.transitioned_ms, default=None)
        if put or newest is None:
            created = composite.state == INSUFFICIENT_DATA and composite.reason == INITIAL_REASON
            done = "was created and its" if created else "was updated and its new"
            reason = f"{composite.arn} {done} alarm rule evaluates to {value}"
        else:
            reason = f"{newest.arn} transitioned to {newest.state} at {spoken(newest.transitioned_ms)}"
        named = [one for one in changed if one.state == value] or changed or [one for one in (newest,) if one]
        about = [
            {"arn": one.arn, "state": {"value": one.state, "timestamp": stamp(one.transitioned_ms)}} for one in named
        ]
        data = orjson.dumps({"triggeringAlarms": about}).decode()
        now_ms = self._now_ms()
        moved = await set_state(self._store, self._kit.ledger, composite, State(value, reason, data, now_ms))
        if moved:
            log.info("composite alarm", name=composite.name, was=composite.state, now=value)
        return moved


def dependencies(composite: CompositeAlarm) -> set[str]:
    """The names of the alarms without which it cannot be: those of its rule and its suppressor."""
    named = {name_of(alarm) for alarm in parse(composite.rule).alarms}
    return named | ({name_of(composite.suppressor)} if composite.suppressor is not None else set())


def child(reader: Reader, composite: CompositeAlarm, alarm: str) -> MetricAlarm | CompositeAlarm | None:
    """An alarm that a rule names, in the composite's own account and region."""
    place = (composite.account, composite.region, name_of(alarm))
    return ALARMS.get(reader, *place) or COMPOSITES.get(reader, *place)


def loops(reader: Reader, composite: CompositeAlarm) -> bool:
    """Whether a composite alarm would come to depend on itself."""
    waiting, seen = [name_of(alarm) for alarm in parse(composite.rule).alarms], set()
    while waiting:
        name = waiting.pop()
        if name == composite.name:
            return True
        if name in seen:
            continue
        seen.add(name)
        found = COMPOSITES.get(reader, composite.account, composite.region, name)
        if found is not None:
            waiting += [name_of(alarm) for alarm in parse(found.rule).alarms]
    return False
