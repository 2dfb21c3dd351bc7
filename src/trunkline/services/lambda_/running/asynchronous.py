"""Asynchronous invocations: a row each until they succeeded or were given up, so that a crash loses none.

As on AWS: an error of the code is tried again after one and after two minutes (rehearsed time: `--clock` shortens it);
throttling and failures of ours for up to six hours with growing pauses; then, or after success, the event goes to the
function's destination or dead-letter queue.
"""

import json
from typing import Any

from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core.due import DueWork
from trunkline.core.log import get
from trunkline.engines.functions import Outcome
from trunkline.services.lambda_ import store
from trunkline.services.lambda_.model import LATEST, QueuedEvent
from trunkline.services.lambda_.naming import Found, Name, resolve
from trunkline.services.lambda_.running import destinations
from trunkline.services.lambda_.running.runner import Runner, Wanted
from trunkline.services.lambda_.running.tracing import Accepted

log = get(__name__)

_AT_ONCE = 32
_RETRY_PAUSES_S = (60.0, 120.0)
_OLDEST_S = 21_600
_THROTTLED_PAUSE_S = (1.0, 300.0)


class Queue:
    def __init__(self, kit: Kit, runner: Runner) -> None:
        self._kit = kit
        self._runner = runner
        self._queue = DueWork(
            kit.clock,
            due=lambda now, limit: store.due(kit.db, now, limit),
            next_due=lambda: store.next_due(kit.db),
            key=lambda event: event.id,
            work=self._attempt,
            at_once=_AT_ONCE,
            what="asynchronous invocations",
        )
        self.nudge = self._queue.nudge
        self.run = self._queue.run

    async def add(self, name: Name, payload: bytes, event_id: str, trace_id: str) -> None:
        """Take an event in; returns once it is durable."""
        now = self._kit.clock.time()
        event = QueuedEvent(
            event_id, now, name.account, name.region, name.name, name.qualifier, payload, now, trace_id=trace_id
        )

        def write(tx: Any) -> None:
            store.EVENTS.insert(tx, event)
            tx.after_commit(self.nudge)

        await self._kit.db.write(write)

    async def _attempt(self, event: QueuedEvent) -> None:
        name = Name(event.account, event.region, event.name, event.qualifier)
        try:
            found = resolve(self._kit.db, name, routed=True)
        except AwsError:
            await self._drop(event)  # the function is gone
            return
        key = "" if event.qualifier == LATEST else event.qualifier
        settings = found.function.event_invoke.get(key, {})
        oldest_s = settings.get("MaximumEventAgeInSeconds", _OLDEST_S)
        age_s = self._kit.clock.time() - event.accepted
        self._runner.metrics.event_age(found.version, age_s * 1000)
        arn = name.qualified_arn if event.qualifier else f"{name.arn}:$LATEST"
        accepted = Accepted(event.accepted, event.attempts)
        invoked = arn if event.qualifier else name.arn
        wanted = Wanted(event.payload, event.id, invoked, event.trace_id, accepted=accepted)
        try:
            outcome = await self._runner.invoke(found, wanted)
        except AwsError as error:
            await self._not_run(event, found, settings, oldest_s, error)
            return
        event.attempts += 1
        if not outcome.error:
            await self._deliver(event, found, settings, outcome, "Success")
            await self._drop(event)
        elif event.attempts > settings.get("MaximumRetryAttempts", 2):
            await self._give_up(event, found, settings, outcome, "RetriesExhausted")
        else:
            due = self._kit.clock.due(_RETRY_PAUSES_S[min(event.attempts, 2) - 1])
            if due - event.accepted > oldest_s:
                await self._give_up(event, found, settings, outcome, "EventAgeExceeded")
            else:
                await self._again(event, due)

    async def _not_run(self, event: QueuedEvent, found: Found, settings: Any, oldest_s: float, error: AwsError) -> None:
        """Throttled, or nothing could run: as if it had not been tried."""
        if found.function.reserved == 0:
            await self._give_up(event, found, settings, None, "ZeroReservedConcurrency")
            return
        event.throttled += 1
        pause = min(_THROTTLED_PAUSE_S[0] * 2 ** min(event.throttled - 1, 10), _THROTTLED_PAUSE_S[1])
        now = self._kit.clock.time()
        if now + pause - event.accepted > oldest_s:
            await self._give_up(event, found, settings, None, "EventAgeExceeded")
            return
        log.info("an asynchronous invocation waits", function=event.name, error=error)
        await self._again(event, now + pause)

    async def _again(self, event: QueuedEvent, due: float) -> None:
        event.due = due
        await self._kit.db.write(lambda tx: store.EVENTS.put(tx, event))

    async def _drop(self, event: QueuedEvent) -> None:
        await self._kit.db.write(lambda tx: store.EVENTS.delete(tx, event.id))

    async def _give_up(
        self, event: QueuedEvent, found: Found, settings: Any, outcome: Outcome | None, condition: str
    ) -> None:
        self._runner.metrics.dropped(found.version)
        queue_arn = found.version.config.get("DeadLetterConfig", {}).get("TargetArn")
        if queue_arn:
            attributes = {"RequestID": event.id, "ErrorCode": "200", "ErrorMessage": _message(outcome)}
            await self._send(found, queue_arn, event.payload.decode("utf-8", "replace"), attributes, "DeadLetterErrors")
        await self._deliver(event, found, settings, outcome, condition)
        await self._drop(event)

    async def _deliver(
        self, event: QueuedEvent, found: Found, settings: Any, outcome: Outcome | None, condition: str
    ) -> None:
        """To the destination for this end, if there is one."""
        kind = "OnSuccess" if condition == "Success" else "OnFailure"
        target = settings.get("DestinationConfig", {}).get(kind, {}).get("Destination")
        if target:
            record = destinations.record(event, found, outcome, condition, self._kit.clock.now())
            await self._send(found, target, json.dumps(record), {}, "DestinationDeliveryFailures")

    async def _send(self, found: Found, target: str, text: str, attributes: dict[str, str], metric: str) -> None:
        try:
            role = await self._kit.call.assume(
                found.version.config["Role"], service="lambda.amazonaws.com", region=found.version.region
            )
            with on_behalf_of(found.function.arn, found.function.account):
                await destinations.send(self._kit, role, target, text, attributes)
        except AwsError as error:
            log.warning("a destination did not take an event", function=found.function.arn, target=target, error=error)
            self._runner.metrics.dropped(found.version, metric)


def _message(outcome: Outcome | None) -> str:
    if outcome is None:
        return "The event was not processed."
    try:
        return str(json.loads(outcome.payload).get("errorMessage", ""))[:1024]
    except (ValueError, AttributeError):
        return outcome.payload[:1024].decode("utf-8", "replace")
