"""What every operation of the service works with: queues by their URLs, and the errors of batches."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trunkline.aws.errors import AwsError
from trunkline.aws.identity import NO_ACCESS, Access
from trunkline.aws.policy import compiled
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.db import Reader, Tx
from trunkline.engines.networks.interface import Networks
from trunkline.services.sqs import store
from trunkline.services.sqs.metrics import Metrics
from trunkline.services.sqs.model import MAX_ENTRIES, Queue, place, unknown_queue
from trunkline.services.sqs.moving import Mover
from trunkline.services.sqs.store import Messages
from trunkline.services.sqs.waiting import Waiters

_ID_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the operations share."""

    kit: Kit
    networks: Networks
    messages: Messages
    waiters: Waiters
    metrics: Metrics
    mover: Mover


class Context:
    """Queues by their URLs."""

    def __init__(self, parts: Parts) -> None:
        self._kit = parts.kit
        self._networks = parts.networks
        self._db = parts.kit.db
        self._messages = parts.messages
        self._waiters = parts.waiters
        self._metrics = parts.metrics
        self._mover = parts.mover

    def access(self, call: Call, req: Doc) -> Access:
        """A queue's policy grants or denies beside IAM."""
        if "QueueUrl" in req:
            account, name = place(req["QueueUrl"])
        elif "QueueName" in req:
            account, name = req.get("QueueOwnerAWSAccountId", call.account), req["QueueName"]
        else:
            return NO_ACCESS
        queue = store.QUEUES.get(self._db, account, call.region, name)
        if queue is None:
            return Access(account=account)
        policy = queue.attributes.get("Policy")
        return Access(policies=(compiled(policy),) if policy else (), account=queue.account)

    def _now(self) -> float:
        return self._kit.clock.time()

    def _queue(self, call: Call, url: str, reader: Reader | None = None) -> Queue:
        account, name = place(url)
        found = store.QUEUES.get(reader or self._db, account, call.region, name)
        if found is None:
            raise unknown_queue()
        return found

    def _same_queue(self, tx: Tx, queue: Queue) -> None:
        """Refuse when the queue was deleted meanwhile: nothing that is acknowledged may vanish with it."""
        found = store.QUEUES.get(tx, queue.account, queue.region, queue.name)
        if found is None or found.id != queue.id:
            raise unknown_queue()

    def _url(self, call: Call, queue: Queue) -> str:
        """On the host that the caller came by; for templates, on one that this machine and its containers reach alike:
        some SDKs send to the URL's host instead of their endpoint."""
        settings, shared = self._kit.settings, self._networks.endpoint
        base = call.host or (f"{shared}:{settings.port}" if shared else f"{settings.host}:{settings.port}")
        return f"http://{base}/{queue.account}/{queue.name}"


def queue_resource(call: Call, req: Doc) -> str:
    """The ARN of the queue that a request is about."""
    if "QueueUrl" in req:
        account, name = place(req["QueueUrl"])
    else:
        account, name = req.get("QueueOwnerAWSAccountId", call.account), req.get("QueueName", "*")
    return f"arn:aws:sqs:{call.region}:{account}:{name}"


def check_batch(entries: list[Doc], kind: str) -> None:
    """Refuse a batch as a whole."""
    if not entries:
        raise AwsError("EmptyBatchRequest", f"There should be at least one {kind} in the request.")
    if len(entries) > MAX_ENTRIES:
        raise AwsError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {MAX_ENTRIES}. You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for entry in entries:
        name = entry["Id"]
        if not 1 <= len(name) <= 80 or not _ID_CHARS.issuperset(name):
            raise AwsError(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long.",
            )
        if name in seen:
            raise AwsError("BatchEntryIdsNotDistinct", f"Id {name} repeated.")
        seen.add(name)


async def each(entries: list[Doc], one: Callable[[Doc], Awaitable[Doc]]) -> Doc:
    """Every entry by itself, all at once so that they share a commit: what fails is told beside what succeeded."""

    async def attempt(entry: Doc) -> Doc | AwsError:
        try:
            return await one(entry)
        except AwsError as error:
            return error

    done = list(zip(entries, await asyncio.gather(*map(attempt, entries)), strict=True))
    return {
        "Successful": [{"Id": entry["Id"], **answer} for entry, answer in done if not isinstance(answer, AwsError)],
        "Failed": [refused(entry, answer) for entry, answer in done if isinstance(answer, AwsError)],
    }


def refused(entry: Doc, error: AwsError) -> Doc:
    """A failed entry of a batch."""
    return {"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": error.message}
