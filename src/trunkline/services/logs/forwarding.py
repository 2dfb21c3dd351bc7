"""Carrying subscribed events to functions: each call is a row until Lambda has taken it, so that a crash loses none.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html

A call that fails is made again with growing pauses for 24 hours, as with AWS. Where the function is gone or must not be
called, trying again would not help: it is dropped and counted.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.core.db import Table, Tx
from trunkline.core.due import DueWork
from trunkline.core.log import get
from trunkline.services.logs.model import LogGroup, SubscriptionFilter
from trunkline.services.logs.own_metrics import OwnMetrics
from trunkline.services.logs.subscription_filters import Selection

log = get(__name__)

_AT_ONCE = 16
_KEPT_S = 86_400.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
_LARGEST = 900_000
_HOPELESS = frozenset({"ResourceNotFoundException", "AccessDeniedException", "InvalidParameterValueException"})


@dataclass
class Forward:
    """One call that is to be made. `due_ms` is when it is to be tried next."""

    id: str
    due_ms: int
    since_ms: int
    account: str
    region: str
    group: str
    filter: str
    destination: str
    payload: bytes
    events: int
    attempts: int = 0


FORWARDS = Table("logs_forwards", Forward, key=("id",), index=("due_ms",))


class Forwarding:
    def __init__(self, kit: Kit, own_metrics: OwnMetrics) -> None:
        self._kit = kit
        self._own = own_metrics
        self._task: asyncio.Task[None] | None = None
        kit.db.migrate("logs-forwarding", [FORWARDS.ddl])
        self._queue: DueWork[Forward] = DueWork(
            kit.clock,
            due=self._due,
            next_due=self._next_due,
            key=lambda forward: forward.id,
            work=self._forward,
            at_once=_AT_ONCE,
            what="subscribed log events",
        )

    async def start(self) -> None:
        self._task = asyncio.create_task(self._queue.run(), name="logs-forwarding")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def add(self, group: LogGroup, one: SubscriptionFilter, selection: Selection) -> None:
        """Take events for one filter's function."""
        now = self._now_ms()
        rows = [
            Forward(
                ids.uuid(), now, now, group.account, group.region, group.name, one.name, one.destination, payload, count
            )
            for payload, count in _payloads(selection)
        ]

        def insert(tx: Tx) -> None:
            for row in rows:
                FORWARDS.insert(tx, row)

        await self._kit.db.write(insert)
        self._queue.nudge()

    def _now_ms(self) -> int:
        return int(self._kit.clock.time() * 1000)

    def _due(self, now: float, limit: int) -> Iterable[Forward]:
        sql = f"SELECT id FROM {FORWARDS.name} WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
        found = [FORWARDS.get(self._kit.db, row[0]) for row in self._kit.db.all(sql, (int(now * 1000), limit))]
        return [one for one in found if one is not None]

    def _next_due(self) -> float | None:
        row = self._kit.db.one(f"SELECT min(due_ms) FROM {FORWARDS.name}")
        return None if row is None or row[0] is None else row[0] / 1000

    async def _forward(self, forward: Forward) -> None:
        group = LogGroup(forward.account, forward.region, forward.group, "", 0)
        where = (("DestinationType", "Lambda"), ("FilterName", forward.filter))
        try:
            await call(self._kit, group, forward.destination, forward.payload)
        except AwsError as error:
            throttled = error.code == "TooManyRequestsException"
            self._own.add(group, "DeliveryThrottling" if throttled else "DeliveryErrors", 1, *where)
            log.warning("a subscription filter's function was not called", filter=forward.filter, why=str(error))
            if await self._try_again(forward, error):
                return
        else:
            self._own.add(group, "ForwardedLogEvents", forward.events, *where)
            self._own.add(group, "ForwardedBytes", len(forward.payload), *where)
        await self._kit.db.write(lambda tx: FORWARDS.delete(tx, forward.id))

    async def _try_again(self, forward: Forward, error: AwsError) -> bool:
        now, pause = self._now_ms(), min(_FIRST_PAUSE_S * 2**forward.attempts, _LONGEST_PAUSE_S)
        if error.code in _HOPELESS or now - forward.since_ms > _KEPT_S * 1000:
            return False
        forward.attempts += 1
        forward.due_ms = now + int(pause * 1000)
        await self._kit.db.write(lambda tx: FORWARDS.put(tx, forward))
        return True


async def call(kit: Kit, group: LogGroup, function: str, payload: bytes, kind: str = "Event") -> None:
    """Call a function in the group's name, or (DryRun) ask whether that is allowed."""
    packed = base64.b64encode(payload).decode()
    body = orjson.dumps({"awslogs": {"data": packed}})
    caller = Caller.service("logs.amazonaws.com", group.account, group.region)
    with on_behalf_of(f"{group.arn}:*"):
        request = {"FunctionName": function, "InvocationType": kind, "Payload": body}
        await kit.call("lambda", "Invoke", request, as_=caller)


def _payloads(selection: Selection) -> list[tuple[bytes, int]]:
    """Gzipped messages that Lambda takes: one, unless what it holds cannot be packed small enough."""
    packed = gzip.compress(orjson.dumps(selection.message()), 1)
    if len(packed) * 4 // 3 <= _LARGEST or len(selection.events) == 1:
        return [(packed, len(selection.events))]
    return [payload for half in selection.halves() for payload in _payloads(half)]
