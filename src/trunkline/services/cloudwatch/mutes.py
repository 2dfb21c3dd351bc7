"""Alarm mute rules: while one is active, the actions of the alarms that it targets are kept back.

What was kept back is taken when the last mute of the alarm ends, if it still is in the state that it had gone to.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from trunkline.aws import arn
from trunkline.aws.service import Kit
from trunkline.core.db import Reader, Table, Tx
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.cloudwatch.model import AnyAlarm
from trunkline.services.cloudwatch.mute_schedule import Schedule, parse
from trunkline.services.cloudwatch.store import add_history, any_alarm

log = get(__name__)

SCHEDULED, ACTIVE, EXPIRED = "SCHEDULED", "ACTIVE", "EXPIRED"
_LONGEST_WAIT_S = 60.0


@dataclass
class MuteRule:
    """Times are epoch milliseconds."""

    account: str
    region: str
    name: str
    description: str | None
    expression: str
    duration: str
    timezone: str | None
    alarms: list[str] | None
    start_ms: int | None
    expire_ms: int | None
    updated_ms: int
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return mute_rule_arn(self.account, self.region, self.name)

    @property
    def schedule(self) -> Schedule:
        return parse(self.expression, self.duration, self.timezone or "UTC")

    def muted_until(self, now_ms: int) -> int | None:
        """When the mute that holds now ends."""
        if self.start_ms is not None and now_ms < self.start_ms:
            return None
        if self.expire_ms is not None and now_ms >= self.expire_ms:
            return None
        end = self.schedule.window_end(datetime.fromtimestamp(now_ms / 1000, UTC))
        if end is None:
            return None
        end_ms = int(end.timestamp() * 1000)
        return end_ms if self.expire_ms is None else min(end_ms, self.expire_ms)

    def status(self, now_ms: int) -> str:
        if self.muted_until(now_ms) is not None:
            return ACTIVE
        expired = self.expire_ms is not None and now_ms >= self.expire_ms
        return EXPIRED if expired or self.schedule.over(datetime.fromtimestamp(now_ms / 1000, UTC)) else SCHEDULED


@dataclass
class KeptBack:
    """The change of state whose actions a mute keeps back."""

    account: str
    region: str
    alarm: str
    state: str
    transitioned_ms: int
    event: dict[str, Any]


RULES = Table("cloudwatch_mute_rules", MuteRule, key=("account", "region", "name"))
KEPT_BACK = Table("cloudwatch_muted_actions", KeptBack, key=("account", "region", "alarm"))


def mute_rule_arn(account: str, region: str, name: str) -> str:
    return arn.arn("cloudwatch", region, account, f"alarm-mute-rule:{name}")


def muting(reader: Reader, alarm: AnyAlarm, now_ms: int) -> tuple[MuteRule, int] | None:
    """Of the rules that mute this alarm now, the one that does so longest, and until when."""
    found = [
        (rule, until_ms)
        for rule in RULES.find(reader, prefix=(alarm.account, alarm.region))
        if alarm.name in (rule.alarms or ()) and (until_ms := rule.muted_until(now_ms)) is not None
    ]
    return max(found, key=lambda one: one[1], default=None)


class Mutes:
    """Asked before actions are taken; takes later what it kept back."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        kit.db.migrate("cloudwatch-mutes", [RULES.ddl + KEPT_BACK.ddl])

    async def start(self, act: Callable[[AnyAlarm, Event], Awaitable[None]]) -> None:
        self._task = asyncio.create_task(self._run(act), name="cloudwatch-mutes")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def changed(self) -> None:
        """A rule was put or deleted."""
        self._changed.set()

    async def keep_back(self, alarm: AnyAlarm, event: Event) -> bool:
        """Whether the actions that the event calls for must not be taken now."""
        found = muting(self._kit.db, alarm, self._now_ms())
        state = event.detail["state"]["value"]

        def work(tx: Tx) -> None:
            kept = KEPT_BACK.get(tx, alarm.account, alarm.region, alarm.name)
            if found is None:
                KEPT_BACK.delete(tx, alarm.account, alarm.region, alarm.name)
            elif kept is None or kept.event["id"] != event.id:
                KEPT_BACK.put(tx, _kept_back(alarm, state, event))
                summary = f"Actions muted by alarm mute rule {found[0].name}"
                add_history(tx, alarm, self._now_ms(), "Action", summary, f'{{"mutedBy":"{found[0].arn}"}}')

        if found is not None or KEPT_BACK.get(self._kit.db, alarm.account, alarm.region, alarm.name) is not None:
            await self._kit.db.write(work)
            self._changed.set()
        return found is not None

    async def _run(self, act: Callable[[AnyAlarm, Event], Awaitable[None]]) -> None:
        while True:
            self._changed.clear()
            try:
                wait_s = await self.release(act)
            except Exception:
                log.exception("the actions of an alarm could not be taken after its mute; tried again")
                wait_s = _LONGEST_WAIT_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait_s)

    async def release(self, act: Callable[[AnyAlarm, Event], Awaitable[None]]) -> float | None:
        """Take the actions whose mutes are over; seconds until the next one ends."""
        db, waits_s = self._kit.db, []
        for kept in KEPT_BACK.find(db):
            alarm = any_alarm(db, kept.account, kept.region, kept.alarm)
            if alarm is not None and (alarm.state, alarm.transitioned_ms) == (kept.state, kept.transitioned_ms):
                found = muting(db, alarm, self._now_ms())
                if found is not None:
                    waits_s.append(min(_LONGEST_WAIT_S, max(0.01, (found[1] - self._now_ms()) / 1000)))
                    continue
                await act(alarm, _event(kept.event))
            await db.write(partial(_done, kept))
        return min(waits_s, default=None)

    def _now_ms(self) -> int:
        return int(self._kit.clock.time() * 1000)


def _done(kept: KeptBack, tx: Tx) -> None:
    """Unless the alarm went on meanwhile, and something newer is kept back."""
    now = KEPT_BACK.get(tx, kept.account, kept.region, kept.alarm)
    if now is not None and now.event["id"] == kept.event["id"]:
        KEPT_BACK.delete(tx, kept.account, kept.region, kept.alarm)


def _kept_back(alarm: AnyAlarm, state: str, event: Event) -> KeptBack:
    told = {**asdict(event), "time": event.time.isoformat(), "resources": list(event.resources)}
    return KeptBack(alarm.account, alarm.region, alarm.name, state, alarm.transitioned_ms, told)


def _event(told: dict[str, Any]) -> Event:
    return Event(**{**told, "time": datetime.fromisoformat(told["time"]), "resources": tuple(told["resources"])})
