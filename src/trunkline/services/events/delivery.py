"""Carrying events to targets: each delivery is a row until its target took it, so that a crash loses none.

A target that fails is tried again with growing pauses, as often and as long as its RetryPolicy says (AWS's defaults:
185 times within 24 hours). Errors that trying again cannot mend end a delivery at once.
"""

import random
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.own_metrics import OwnMetrics
from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.core.due import DueWork
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
        self._forgot = 0.0
        self.metrics = OwnMetrics(kit, "AWS/Events", "events.amazonaws.com")
        self._queue = DueWork(
            kit.clock,
            due=lambda now, limit: store.due(kit.db, now, limit),
            next_due=lambda: store.next_due(kit.db),
            key=lambda delivery: (delivery.event_id, delivery.rule_arn, delivery.target_id),
            work=self._deliver,
            at_once=_AT_ONCE,
            what="deliveries of events",
            each_round=self._tidy,
        )
        self.nudge = self._queue.nudge
        self.run = self._queue.run

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
            for metric in ("MatchedEvents", "TriggeredRules"):
                self._count(rule.arn, metric)
        tx.after_commit(self.nudge)

    def _count(self, rule_arn: str, metric: str) -> None:
        """In AWS/Events, under the rule and, where that is not the default one, its bus."""
        _, _, _, region, account, resource = rule_arn.split(":", 5)
        *bus, rule = resource.split("/")[1:]
        if bus:
            self.metrics.add(account, region, metric, EventBusName=bus[0], RuleName=rule)
        else:
            self.metrics.add(account, region, metric, RuleName=rule)

    async def _tidy(self) -> None:
        await self._take_custom()
        await self._forget()

    async def _take_custom(self) -> None:
        while waiting := store.custom(self._kit.db, 100):
            for seq, bus_arn, event in waiting:
                _, _, _, region, account, resource = bus_arn.split(":", 5)
                await self.route((account, region, resource.partition("/")[2]), event, also=seq)

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
            self._count(delivery.rule_arn, "Invocations")
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
            self._count(delivery.rule_arn, "FailedInvocations")
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
