"""CloudFormation's view of SQS: queues and their policies. Ref of a queue is its URL.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html
"""

import json

from trunkline.aws import tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("QueueDoesNotExist",)
_NUMBERS = {
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}
_FLAGS = {"ContentBasedDeduplication": "false", "FifoQueue": "false", "SqsManagedSseEnabled": "true"}
_WORDS = {"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue", "KmsMasterKeyId": ""}
_DOCUMENTS = {"RedriveAllowPolicy": "", "RedrivePolicy": ""}
_DEFAULTS = {**_NUMBERS, **_FLAGS, **_WORDS, **_DOCUMENTS}


class Queue(ResourceType):
    name = "AWS::SQS::Queue"
    honoured = frozenset({*_DEFAULTS, "QueueName", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        fifo = wanted.get("FifoQueue") is True
        name = str(wanted.get("QueueName") or on.name(75) + (".fifo" if fifo else ""))
        attributes = {key: _text(wanted[key]) for key in _DEFAULTS if key in wanted and (key != "FifoQueue" or fifo)}
        answer = await on.call(
            "sqs", "CreateQueue", QueueName=name, Attributes=attributes, tags=on.tags(wanted.get("Tags"))
        )
        return str(answer["QueueUrl"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("sqs", "GetQueueAttributes", *_GONE, QueueUrl=physical_id, AttributeNames=["All"])
        if found is None:
            return None
        attributes = found["Attributes"]
        read: Doc = {
            "Arn": attributes["QueueArn"],
            "QueueName": attributes["QueueArn"].rpartition(":")[2],
            "QueueUrl": physical_id,
            "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
        }
        for key in _DEFAULTS:
            if attributes.get(key):
                value = attributes[key]
                if key in _NUMBERS:
                    read[key] = int(value)
                elif key in _FLAGS:
                    read[key] = value == "true"
                else:
                    read[key] = json.loads(value) if key in _DOCUMENTS else value
        if on.kept.get("FifoQueue") is False:  # standard queues do not have the attribute; a template may still say so
            read.setdefault("FifoQueue", False)
        return read

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        changed = {
            key: _text(new[key]) if key in new else nothing
            for key, nothing in _DEFAULTS.items()
            if old.get(key) != new.get(key) and key != "FifoQueue"
        }
        if changed.get("KmsMasterKeyId") or ("KmsMasterKeyId" not in changed and new.get("KmsMasterKeyId")):
            changed.pop("SqsManagedSseEnabled", None)
        if changed:
            await on.call("sqs", "SetQueueAttributes", QueueUrl=physical_id, Attributes=changed)
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        if put:
            await on.call("sqs", "TagQueue", QueueUrl=physical_id, Tags=put)
        if drop:
            await on.call("sqs", "UntagQueue", QueueUrl=physical_id, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("sqs", "DeleteQueue", *_GONE, QueueUrl=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [str(url) for url in await on.pages("sqs", "ListQueues", "QueueUrls", MaxResults=1000)]


class QueuePolicy(ResourceType):
    """One policy set on several queues."""

    name = "AWS::SQS::QueuePolicy"
    honoured = frozenset({"PolicyDocument", "Queues"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await _set_policies(on, wanted["Queues"], wanted["PolicyDocument"])
        return on.name(128)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = {queue: await _policy(on, queue) for queue in on.kept.get("Queues", ())}
        policies = {queue: policy for queue, policy in found.items() if policy is not None}
        if not policies:
            return None
        wanted = on.kept.get("PolicyDocument")
        changed = [policy for policy in policies.values() if policy != wanted]
        return {"Id": physical_id, "Queues": list(policies), "PolicyDocument": changed[0] if changed else wanted}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await _set_policies(on, new["Queues"], new["PolicyDocument"])
        await _drop_policies(on, [queue for queue in old["Queues"] if queue not in new["Queues"]])

    async def delete(self, on: Provision, physical_id: str) -> None:
        await _drop_policies(on, on.kept.get("Queues", ()))


class QueueInlinePolicy(ResourceType):
    name = "AWS::SQS::QueueInlinePolicy"
    honoured = frozenset({"PolicyDocument", "Queue"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await _set_policies(on, [wanted["Queue"]], wanted["PolicyDocument"])
        return str(wanted["Queue"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        policy = await _policy(on, physical_id)
        return None if policy is None else {"Queue": physical_id, "PolicyDocument": policy}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await _set_policies(on, [physical_id], new["PolicyDocument"])

    async def delete(self, on: Provision, physical_id: str) -> None:
        await _drop_policies(on, [physical_id])

    async def existing(self, on: Provision) -> list[str]:
        urls = [str(url) for url in await on.pages("sqs", "ListQueues", "QueueUrls", MaxResults=1000)]
        return [url for url in urls if await _policy(on, url) is not None]


async def _set_policies(on: Provision, queues: list[str], document: object) -> None:
    for queue in queues:
        await on.call("sqs", "SetQueueAttributes", QueueUrl=queue, Attributes={"Policy": _text(document)})


async def _drop_policies(on: Provision, queues: list[str]) -> None:
    for queue in queues:
        await on.look("sqs", "SetQueueAttributes", *_GONE, QueueUrl=queue, Attributes={"Policy": ""})


async def _policy(on: Provision, queue: str) -> Doc | None:
    found = await on.look("sqs", "GetQueueAttributes", *_GONE, QueueUrl=queue, AttributeNames=["Policy"])
    text = ((found or {}).get("Attributes") or {}).get("Policy")
    return json.loads(text) if text else None


async def _tags(on: Provision, url: str) -> dict[str, str]:
    return (await on.call("sqs", "ListQueueTags", QueueUrl=url)).get("Tags") or {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


TYPES: tuple[ResourceType, ...] = (Queue(), QueuePolicy(), QueueInlinePolicy())
