"""Scheduled rules: wakes at the next occurrence of any of them.

An occurrence that fell into a time when Trunkline was down is made up for once; further ones missed are not.
"""

import asyncio
import uuid
from datetime import UTC, datetime

from trunkline.aws import schedules
from trunkline.aws.service import Kit
from trunkline.services.events import store
from trunkline.services.events.delivery import Courier
from trunkline.services.events.model import DEFAULT_BUS, Rule

_LONGEST_SLEEP_S = 60.0


class Scheduler:
    """Fires rules with rate(…) or cron(…)."""

    def __init__(self, kit: Kit, courier: Courier) -> None:
        self._kit = kit
        self._courier = courier
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def changed(self) -> None:
        """A rule was put, enabled or deleted; callable from the writer's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Fire for ever."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            now = self._kit.clock.time()
            nearest = now + _LONGEST_SLEEP_S
            for rule in store.RULES.find(self._kit.db):
                due = self._due(rule)
                if due is None:
                    continue
                if due <= now:
                    latest = self._latest(rule, due, now)
                    await self._courier.fire(rule, _event(rule, latest), latest)
                    due = self._due(rule) or nearest
                nearest = min(nearest, due)
            try:
                async with asyncio.timeout(max(nearest - self._kit.clock.time(), 0.0)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _due(self, rule: Rule) -> float | None:
        """The first occurrence that was not acted on."""
        if not rule.schedule or not rule.enabled or rule.bus != DEFAULT_BUS:
            return None
        last = store.last_occurrence(self._kit.db, rule.arn)
        return schedules.parse(rule.schedule).next_after(max(last, rule.anchor), rule.anchor)

    def _latest(self, rule: Rule, due: float, now: float) -> float:
        """The newest occurrence up to now: those before it are passed over."""
        timing = schedules.parse(rule.schedule)
        while (following := timing.next_after(due, rule.anchor)) is not None and following <= now:
            due = following
        return due


def _event(rule: Rule, at: float) -> dict[str, object]:
    moment = datetime.fromtimestamp(at, UTC)
    return {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{rule.arn} {at:.3f}")),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account,
        "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": rule.region,
        "resources": [rule.arn],
        "detail": {},
    }
