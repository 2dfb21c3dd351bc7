"""ReceiveMessage: what is visible, at once or as soon as it comes."""

import asyncio
from collections import OrderedDict

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.sqs import checksums, store
from trunkline.services.sqs.api.context import Context, Parts, queue_resource
from trunkline.services.sqs.api.sending import sequence_number
from trunkline.services.sqs.model import MAX_IN_FLIGHT, MAX_VISIBILITY_S, Queue, handle, invalid, unknown_queue
from trunkline.services.sqs.store import Taken

_ATTEMPT_S = 300.0
_MOST_ATTEMPTS = 1000
_LIMIT_LOOK_S = 1.0


class ReceiveOperations(Context):
    """What gives messages out."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._attempts: OrderedDict[tuple[str, str], tuple[float, list[Taken]]] = OrderedDict()
        self._looked: dict[str, tuple[float, bool]] = {}

    @operation(queue_resource, mutates=False)
    async def receive_message(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        limit = req.get("MaxNumberOfMessages", 1)
        if not 1 <= limit <= 10:
            raise invalid(
                f"Value {limit} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if "
                "provided."
            )
        visibility_s = req.get("VisibilityTimeout", queue.number("VisibilityTimeout"))
        if not 0 <= visibility_s <= MAX_VISIBILITY_S:
            raise invalid(
                f"Value {visibility_s} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be "
                f"an integer between 0 and {MAX_VISIBILITY_S}."
            )
        wait_s = req.get("WaitTimeSeconds", queue.number("ReceiveMessageWaitTimeSeconds"))
        if not 0 <= wait_s <= 20:
            raise invalid(
                f"Value {wait_s} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
            )
        attempt = req.get("ReceiveRequestAttemptId", "") if queue.fifo else ""
        taken = await self._again(queue, attempt, visibility_s) if attempt else []
        if not taken:
            taken = await self._wait(call, queue, limit, visibility_s, float(wait_s))
            if attempt and taken:
                self._remember(queue, attempt, taken)
        self._metrics.received(queue, len(taken))
        return {"Messages": [_shown(queue, one, req) for one in taken] or None}

    async def _wait(self, call: Call, queue: Queue, limit: int, visibility_s: float, wait_s: float) -> list[Taken]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            # In line first, then a look: a message that comes in between wakes us.
            turn = self._waiters.register(queue.id)
            try:
                now = self._now()
                at = self._messages.next_at(self._db, queue, now)
                if at is not None and at <= now:
                    self._check_in_flight(queue, now)
                    taken = await self._take(queue, limit, visibility_s)
                    if taken:
                        return taken
                    at = self._messages.next_at(self._db, queue, self._now())
                left_s = deadline - loop.time()
                if left_s <= 0:
                    return []
                pause_s = left_s if at is None else min(left_s, max(at - self._now(), 0.0) + 0.001)
                await self._waiters.wait(queue.id, turn, pause_s)
            except asyncio.CancelledError:
                self._waiters.wake(queue.id)  # somebody else may want what we were woken for
                raise
            finally:
                self._waiters.leave(queue.id, turn)
            found = store.QUEUES.get(self._db, queue.account, queue.region, queue.name)
            if found is None or found.id != queue.id:
                raise unknown_queue()
            queue = found

    async def _take(self, queue: Queue, limit: int, visibility_s: float) -> list[Taken]:
        def take(tx: Tx) -> list[Taken]:
            now = self._now()
            redrive = queue.redrive
            dead_letters = store.by_arn(tx, redrive.arn) if redrive else None
            found, dead = self._messages.take(tx, queue, dead_letters, limit, visibility_s, now)
            if dead and dead_letters is not None:
                into = dead_letters.id
                tx.after_commit(lambda: self._waiters.wake(into, dead))
            return found

        return await self._db.write(take)

    def _check_in_flight(self, queue: Queue, now: float) -> None:
        """Counting takes a while where there are many, so it is done once a second."""
        looked, full = self._looked.get(queue.id, (0.0, False))
        if now - looked > _LIMIT_LOOK_S:
            full = store.counts(self._db, queue, now).in_flight >= MAX_IN_FLIGHT
            self._looked[queue.id] = (now, full)
        if full:
            raise AwsError("OverLimit", f"There are {MAX_IN_FLIGHT} messages in flight: delete some first.")

    # -- a reception repeated by its attempt id

    def _remember(self, queue: Queue, attempt: str, taken: list[Taken]) -> None:
        self._attempts[queue.id, attempt] = (self._now(), taken)
        while len(self._attempts) > _MOST_ATTEMPTS:
            self._attempts.popitem(last=False)

    async def _again(self, queue: Queue, attempt: str, visibility_s: float) -> list[Taken]:
        """The messages of an earlier attempt with this id, if all are still in flight; they stay hidden anew."""
        at, taken = self._attempts.get((queue.id, attempt), (0.0, []))
        if not taken or self._now() - at > _ATTEMPT_S:
            return []

        def hide(tx: Tx) -> bool:
            now = self._now()
            done = [self._messages.hide(tx, queue, one.seq, one.count, visibility_s, now) for one in taken]
            return all(one == "changed" for one in done)

        return taken if await self._db.write(hide) else []


def _shown(queue: Queue, one: Taken, req: Doc) -> Doc:
    message = one.message
    wanted = {*req.get("AttributeNames", ()), *req.get("MessageSystemAttributeNames", ())}
    system = {
        "SenderId": message.sender,
        "SentTimestamp": str(int(one.sent * 1000)),
        "ApproximateReceiveCount": str(one.count),
        "ApproximateFirstReceiveTimestamp": str(int(one.first_received * 1000)),
        "MessageGroupId": message.group,
        "DeadLetterQueueSourceArn": message.dead_letter_source,
        **message.system,
    }
    if queue.fifo:
        system |= {"MessageDeduplicationId": message.deduplication, "SequenceNumber": sequence_number(one.seq)}
    shown = {name: value for name, value in system.items() if value and ("All" in wanted or name in wanted)}
    attributes = {
        name: value
        for name, value in message.attributes.items()
        if any(_matches(pattern, name) for pattern in req.get("MessageAttributeNames", ()))
    }
    return {
        "MessageId": message.id,
        "ReceiptHandle": handle(queue, one.seq, one.count),
        "MD5OfBody": message.md5,
        "Body": message.body,
        "Attributes": shown or None,
        "MD5OfMessageAttributes": checksums.of_attributes(attributes) if attributes else None,
        "MessageAttributes": attributes or None,
    }


def _matches(pattern: str, name: str) -> bool:
    if pattern in ("All", ".*"):
        return True
    return name.startswith(pattern[:-2]) if pattern.endswith(".*") else name == pattern
