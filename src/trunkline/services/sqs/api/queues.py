"""Queues: create, find, list, set up, purge, delete."""

from dataclasses import replace

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.sqs import settings, store
from trunkline.services.sqs.api.context import Context, queue_resource
from trunkline.services.sqs.model import Queue, check_name, invalid, unknown_queue

_COMPUTED = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_ALL = (
    *_COMPUTED,
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
)
_PURGE_EVERY_S = 60.0
_PAGE = 1000


class QueueOperations(Context):
    """Operations on queues."""

    @operation(queue_resource)
    async def create_queue(self, call: Call, req: Doc) -> Doc:
        name, given = req["QueueName"], req.get("Attributes", {})
        fifo = given.get("FifoQueue", "").lower() == "true"
        check_name(name, fifo=fifo)
        wanted = settings.checked(given, fifo=fifo)
        now = float(int(self._now()))
        tagged = tags.normalise(req.get("tags"), error="InvalidParameterValue")
        made = Queue(call.account, call.region, name, ids.hex_id(16), now, now, settings.applied({}, wanted), tagged)
        settings.check_together(made.effective())

        def create(tx: Tx) -> Queue:
            there = store.QUEUES.get(tx, call.account, call.region, name)
            if there is None:
                _check_redrive(tx, made)
                store.QUEUES.insert(tx, made)
                return made
            effective = there.effective()
            for key, value in wanted.items():
                if not settings.same(key, effective.get(key, ""), value):
                    raise AwsError(
                        "QueueNameExists",
                        f"A queue already exists with the same name and a different value for attribute {key}",
                    )
            return there

        return {"QueueUrl": self._url(call, await self._db.write(create))}

    @operation(queue_resource)
    async def get_queue_url(self, call: Call, req: Doc) -> Doc:
        account = req.get("QueueOwnerAWSAccountId", call.account)
        found = store.QUEUES.get(self._db, account, call.region, req["QueueName"])
        if found is None:
            raise unknown_queue()
        return {"QueueUrl": self._url(call, found)}

    @operation()
    async def list_queues(self, call: Call, req: Doc) -> Doc:
        prefix = req.get("QueueNamePrefix", "")
        found = store.QUEUES.find(self._db, prefix=(call.account, call.region))
        limit = req.get("MaxResults", _PAGE)
        if not 1 <= limit <= _PAGE:
            raise invalid(f"Value {limit} for parameter MaxResults is invalid. Reason: must be between 1 and 1000.")
        shown, token = paging.page(
            [queue for queue in found if queue.name.startswith(prefix)],
            limit,
            req.get("NextToken"),
            key=lambda queue: queue.name,
            error="InvalidParameterValue",
        )
        # Without MaxResults AWS answers the first thousand and no token.
        following = token if "MaxResults" in req else None
        return {"QueueUrls": [self._url(call, queue) for queue in shown], "NextToken": following}

    @operation(queue_resource)
    async def delete_queue(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            store.QUEUES.delete(tx, queue.account, queue.region, queue.name)
            store.forget(tx, queue)

        await self._db.write(delete)
        return {}

    @operation(queue_resource)
    async def purge_queue(self, call: Call, req: Doc) -> Doc:
        now = self._now()

        def purge(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            if now - queue.purged < _PURGE_EVERY_S:
                raise AwsError(
                    "PurgeQueueInProgress",
                    f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.",
                )
            store.QUEUES.put(tx, replace(queue, purged=now))
            store.empty(tx, queue)

        await self._db.write(purge)
        return {}

    @operation(queue_resource)
    async def get_queue_attributes(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        asked = req.get("AttributeNames", [])
        unknown = [name for name in asked if name != "All" and name not in _ALL]
        if unknown:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {unknown[0]}.")
        wanted = _ALL if "All" in asked else asked
        found = {
            **queue.effective(),
            "QueueArn": queue.arn,
            "CreatedTimestamp": str(int(queue.created)),
            "LastModifiedTimestamp": str(int(queue.modified)),
        }
        if any(name in wanted for name in _COMPUTED):
            counted = store.counts(self._db, queue, self._now())
            numbers = (counted.visible, counted.in_flight, counted.delayed)
            found |= {name: str(number) for name, number in zip(_COMPUTED, numbers, strict=True)}
        shown = {name: found[name] for name in wanted if found.get(name)}
        return {"Attributes": shown or None}

    @operation(queue_resource)
    async def set_queue_attributes(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            queue = self._queue(call, req["QueueUrl"], tx)
            if "FifoQueue" in req["Attributes"] and not (queue.fifo and req["Attributes"]["FifoQueue"] == "true"):
                raise AwsError("InvalidAttributeValue", "Invalid value for the parameter FifoQueue.")
            wanted = settings.checked(req["Attributes"], fifo=queue.fifo)
            changed = replace(
                queue, attributes=settings.applied(queue.attributes, wanted), modified=float(int(self._now()))
            )
            settings.check_together(changed.effective())
            if wanted.get("RedrivePolicy"):
                _check_redrive(tx, changed)
            store.QUEUES.put(tx, changed)

        await self._db.write(change)
        return {}

    @operation(queue_resource)
    async def list_dead_letter_source_queues(self, call: Call, req: Doc) -> Doc:
        queue = self._queue(call, req["QueueUrl"])
        found = [
            one
            for one in store.QUEUES.find(self._db, prefix=(queue.account, queue.region))
            if one.redrive is not None and one.redrive.arn == queue.arn
        ]
        shown, token = paging.page(
            found,
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda one: one.name,
            error="InvalidParameterValue",
        )
        following = token if "MaxResults" in req else None
        return {"queueUrls": [self._url(call, one) for one in shown], "NextToken": following}


def _check_redrive(reader: Reader, queue: Queue) -> None:
    """A dead-letter queue must be there, of the same kind and place, and willing."""
    redrive = queue.redrive
    if redrive is None:
        return

    def wrong(why: str) -> AwsError:
        text = queue.attributes["RedrivePolicy"]
        return invalid(f"Value {text} for parameter RedrivePolicy is invalid. Reason: {why}.")

    target = store.by_arn(reader, redrive.arn)
    if target is None or (target.account, target.region) != (queue.account, queue.region):
        raise wrong("Dead letter target does not exist")
    if target.fifo != queue.fifo:
        raise wrong("Dead-letter queue must be same type of queue as the source")
    if not target.takes_from(queue.arn):
        raise wrong("Dead-letter queue does not allow this queue to use it: see its RedriveAllowPolicy")
