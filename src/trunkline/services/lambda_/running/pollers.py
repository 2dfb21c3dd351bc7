"""Queues read for functions: one reader per enabled mapping, several batches at work at once.

A message is deleted once the function has taken it; one that failed becomes visible again by the queue's own time-out,
so that a crash of ours loses nothing.
"""

import asyncio
import base64
import json
from typing import Any

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.event_patterns import Pattern, compile_pattern
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core import ids
from trunkline.core.log import get
from trunkline.services.lambda_ import naming, store
from trunkline.services.lambda_.model import Mapping
from trunkline.services.lambda_.running.runner import Runner, Wanted

log = get(__name__)

_AT_ONCE = 5
_LONG_POLL_S = 20
_PAUSE_S = (0.5, 10.0)
_RECEIVED = 10


class Pollers:
    """`look` after every change of the mappings: readers are started and stopped to match."""

    def __init__(self, kit: Kit, runner: Runner) -> None:
        self._kit = kit
        self._runner = runner
        self._readers: dict[str, tuple[Mapping, asyncio.Task[None]]] = {}
        self._is_running = False

    def start(self) -> None:
        self._is_running = True
        self.look()

    def look(self) -> None:
        if not self._is_running:
            return
        wanted = {one.id: one for one in store.MAPPINGS.find(self._kit.db) if one.state == "Enabled"}
        for key, (mapping, task) in list(self._readers.items()):
            if wanted.get(key) != mapping or task.done():
                task.cancel()
                del self._readers[key]
        for key, mapping in wanted.items():
            if key not in self._readers:
                reader = Reader(self._kit, self._runner, mapping)
                self._readers[key] = (mapping, asyncio.create_task(reader.run(), name=f"queue-reader-{key}"))

    async def stop(self) -> None:
        self._is_running = False
        tasks = [task for _, task in self._readers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._readers.clear()


class Reader:
    """One mapping at work."""

    def __init__(self, kit: Kit, runner: Runner, mapping: Mapping) -> None:
        self._kit = kit
        self._runner = runner
        self._mapping = mapping
        self._name = naming.parsed(mapping.function_arn, mapping.account, mapping.region)
        self._queue = arns.parse(mapping.source_arn)
        filters = (mapping.settings.get("FilterCriteria") or {}).get("Filters") or []
        self._filters: list[Pattern] = [compile_pattern(one["Pattern"]) for one in filters]
        scaling = mapping.settings.get("ScalingConfig") or {}
        self._slots = asyncio.Semaphore(scaling.get("MaximumConcurrency") or _AT_ONCE)
        self._working: set[asyncio.Task[None]] = set()
        self._url = ""

    async def run(self) -> None:
        """Read for ever."""
        pause = _PAUSE_S[0]
        try:
            while True:
                await self._slots.acquire()
                try:
                    messages, caller = await self._batch()
                    pause = _PAUSE_S[0]
                except AwsError as error:
                    self._slots.release()
                    log.info("a queue could not be read", mapping=self._mapping.id, error=error)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _PAUSE_S[1])
                    continue
                except BaseException:
                    self._slots.release()
                    raise
                task = asyncio.create_task(self._work(messages, caller))
                self._working.add(task)
                task.add_done_callback(self._done)
        finally:
            for task in self._working:
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._working.discard(task)
        self._slots.release()
        if not task.cancelled() and task.exception() is not None:
            log.error("a batch broke off", mapping=self._mapping.id, error=task.exception())

    async def _batch(self) -> tuple[list[Doc], Caller]:
        """Messages, at least one; as many as the batch's size and window allow."""
        role = naming.resolve(self._kit.db, self._name).version.config["Role"]
        caller = await self._kit.call.assume(role, service="lambda.amazonaws.com", region=self._queue.region)
        if not self._url:
            params = {"QueueName": self._queue.resource, "QueueOwnerAWSAccountId": self._queue.account}
            self._url = (await self._kit.call("sqs", "GetQueueUrl", params, as_=caller))["QueueUrl"]
        size = self._mapping.settings["BatchSize"]
        window_s = self._mapping.settings.get("MaximumBatchingWindowInSeconds", 0)
        found: list[Doc] = []
        until = 0.0
        while True:
            left_s = until - self._kit.clock.monotonic() if found else _LONG_POLL_S
            if found and (left_s <= 0 or len(found) >= size):
                return found, caller
            more = await self._receive(caller, min(size - len(found), _RECEIVED), left_s)
            if more and not found:
                until = self._kit.clock.monotonic() + window_s
            found += more

    async def _receive(self, caller: Caller, count: int, wait_s: float) -> list[Doc]:
        params = {
            "QueueUrl": self._url,
            "MaxNumberOfMessages": count,
            "WaitTimeSeconds": max(0, min(int(wait_s), _LONG_POLL_S)),
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        }
        return (await self._kit.call("sqs", "ReceiveMessage", params, as_=caller)).get("Messages") or []

    async def _work(self, messages: list[Doc], caller: Caller) -> None:
        records = {message["MessageId"]: self._record(message) for message in messages}
        unwanted = [message for message in messages if not self._wants(records[message["MessageId"]])]
        await self._delete(unwanted, caller)
        wanted = [message for message in messages if message not in unwanted]
        if not wanted:
            return
        payload = json.dumps({"Records": [records[message["MessageId"]] for message in wanted]}).encode()
        found = naming.resolve(self._kit.db, self._name, routed=True)
        try:
            outcome = await self._runner.invoke(found, Wanted(payload, ids.uuid(), self._name.qualified_arn))
        except AwsError as error:
            log.info("a batch goes back to its queue", mapping=self._mapping.id, error=error)
            if error.code == "TooManyRequestsException":
                await asyncio.sleep(_PAUSE_S[0])
            return
        if outcome.error:
            return
        if "ReportBatchItemFailures" in (self._mapping.settings.get("FunctionResponseTypes") or []):
            failed = _failures(outcome.payload, {message["MessageId"] for message in wanted})
            wanted = [message for message in wanted if message["MessageId"] not in failed]
        await self._delete(wanted, caller)

    def _wants(self, record: Doc) -> bool:
        if not self._filters:
            return True
        event = {**record, "body": _parsed(record["body"])}
        return any(one.matches(event) for one in self._filters)

    async def _delete(self, messages: list[Doc], caller: Caller) -> None:
        for start in range(0, len(messages), _RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[start : start + _RECEIVED])
            ]
            await self._kit.call("sqs", "DeleteMessageBatch", {"QueueUrl": self._url, "Entries": entries}, as_=caller)

    def _record(self, message: Doc) -> Doc:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {name: str(value) for name, value in (message.get("Attributes") or {}).items()},
            "messageAttributes": {
                name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
            },
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": str(self._queue),
            "awsRegion": self._queue.region,
        }


def _attribute(value: Doc) -> Doc:
    made: Doc = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if value.get("StringValue") is not None:
        made["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        made["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return made


def _failures(payload: bytes, batch: set[str]) -> set[str]:
    """The messages that the function says it has not taken: all of them when its answer makes no sense."""
    answer = _parsed(payload.decode("utf-8", "replace"))
    if answer in (None, {}, ""):
        return set()
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if listed is None:
        return set()
    failed = {str(one.get("itemIdentifier")) for one in listed if isinstance(one, dict)}
    return failed if len(failed) == len(listed) and failed <= batch else batch


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
