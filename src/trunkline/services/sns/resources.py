"""CloudFormation's view of SNS: topics with their subscriptions, subscriptions by themselves, and policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html
"""

import json

from trunkline.aws import tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("NotFoundException",)
_ATTRIBUTES = {
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
}
_SETTABLE = _ATTRIBUTES - {"FifoTopic"}


class Topic(ResourceType):
    name = "AWS::SNS::Topic"
    honoured = frozenset({*_ATTRIBUTES, "Subscription", "Tags", "TopicName"})
    recorded = frozenset({"DeliveryStatusLogging"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        fifo = wanted.get("FifoTopic") is True
        name = str(wanted.get("TopicName") or on.name(251) + (".fifo" if fifo else ""))
        given = {key: _attribute(wanted[key]) for key in sorted(_ATTRIBUTES) if key in wanted}
        answer = await on.call(
            "sns", "CreateTopic", Name=name, Attributes=given, Tags=tags.pairs(on.tags(wanted.get("Tags")))
        )
        arn = str(answer["TopicArn"])
        for subscription in wanted.get("Subscription", ()):
            await _subscribe(on, {**subscription, "TopicArn": arn})
        return arn

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("sns", "GetTopicAttributes", *_GONE, TopicArn=physical_id)
        if found is None:
            return None
        attributes = found["Attributes"]
        read: Doc = {"TopicArn": physical_id, "TopicName": physical_id.rpartition(":")[2]}
        for key in sorted(_ATTRIBUTES):
            if attributes.get(key):
                value = attributes[key]
                read[key] = value == "true" if value in ("true", "false") else value
        listed = await on.pages("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=physical_id)
        wanted = {(one["Protocol"], one["Endpoint"]) for one in on.kept.get("Subscription", ())}
        # Those that the topic's own property made; subscriptions that are resources of their own are not its matter.
        mine = [one for one in listed if not on.kept or (one["Protocol"], one["Endpoint"]) in wanted]
        read["Subscription"] = [{"Protocol": one["Protocol"], "Endpoint": one["Endpoint"]} for one in mine]
        read["Tags"] = tags.pairs(tags.own(await _tags(on, physical_id)))
        return read

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        for key in sorted(_SETTABLE):
            if old.get(key) != new.get(key):
                value = _attribute(new[key]) if key in new else ""
                await on.call(
                    "sns", "SetTopicAttributes", TopicArn=physical_id, AttributeName=key, AttributeValue=value
                )
        before = {(one["Protocol"], one["Endpoint"]) for one in old.get("Subscription", ())}
        after = {(one["Protocol"], one["Endpoint"]) for one in new.get("Subscription", ())}
        for protocol, endpoint in sorted(after):
            await _subscribe(on, {"TopicArn": physical_id, "Protocol": protocol, "Endpoint": endpoint})
        if before - after:
            listed = await on.pages("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=physical_id)
            for one in listed:
                if (one["Protocol"], one["Endpoint"]) in before - after and one["SubscriptionArn"].startswith("arn:"):
                    await on.look("sns", "Unsubscribe", *_GONE, SubscriptionArn=one["SubscriptionArn"])
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        if put:
            await on.call("sns", "TagResource", ResourceArn=physical_id, Tags=tags.pairs(put))
        if drop:
            await on.call("sns", "UntagResource", ResourceArn=physical_id, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("sns", "DeleteTopic", *_GONE, TopicArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["TopicArn"] for one in await on.pages("sns", "ListTopics", "Topics")]


_OF_SUBSCRIPTION = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
)
_DOCUMENTS = ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy")


class Subscription(ResourceType):
    name = "AWS::SNS::Subscription"
    honoured = frozenset({*_OF_SUBSCRIPTION, "Endpoint", "Protocol", "TopicArn"})
    recorded = frozenset({"Region"})  # where the topic is: its ARN says so

    async def create(self, on: Provision, wanted: Doc) -> str:
        return await _subscribe(on, wanted)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("sns", "GetSubscriptionAttributes", *_GONE, SubscriptionArn=physical_id)
        if found is None:
            return None
        attributes = found["Attributes"]
        read: Doc = {"Arn": physical_id, **{key: attributes[key] for key in ("Endpoint", "Protocol", "TopicArn")}}
        for key in _OF_SUBSCRIPTION:
            if attributes.get(key):
                value = attributes[key]
                read[key] = json.loads(value) if key in _DOCUMENTS else value
        read["RawMessageDelivery"] = attributes.get("RawMessageDelivery") == "true"
        return read

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        # The scope goes first: a policy is checked against it.
        for key in ("FilterPolicyScope", *(one for one in _OF_SUBSCRIPTION if one != "FilterPolicyScope")):
            if old.get(key) != new.get(key):
                nothing = {"FilterPolicyScope": "MessageAttributes", "RawMessageDelivery": "false"}.get(key, "{}")
                value = _attribute(new[key]) if key in new else nothing
                await on.call(
                    "sns",
                    "SetSubscriptionAttributes",
                    SubscriptionArn=physical_id,
                    AttributeName=key,
                    AttributeValue=value,
                )

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("sns", "Unsubscribe", *_GONE, SubscriptionArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("sns", "ListSubscriptions", "Subscriptions")
        return [one["SubscriptionArn"] for one in found if one["SubscriptionArn"].startswith("arn:")]


class TopicPolicy(ResourceType):
    """One policy set on several topics."""

    name = "AWS::SNS::TopicPolicy"
    honoured = frozenset({"PolicyDocument", "Topics"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await _set_policies(on, wanted["Topics"], wanted["PolicyDocument"])
        return on.name(128)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = {topic: await _policy(on, topic) for topic in on.kept.get("Topics", ())}
        policies = {topic: policy for topic, policy in found.items() if policy is not None}
        if not policies:
            return None
        wanted = on.kept.get("PolicyDocument")
        changed = [policy for policy in policies.values() if policy != wanted]
        shown = changed[0] if changed else wanted
        return {"Id": physical_id, "Topics": list(policies), "PolicyDocument": shown}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await _set_policies(on, new["Topics"], new["PolicyDocument"])
        await _drop_policies(on, [topic for topic in old["Topics"] if topic not in new["Topics"]])

    async def delete(self, on: Provision, physical_id: str) -> None:
        await _drop_policies(on, on.kept.get("Topics", ()))


class TopicInlinePolicy(ResourceType):
    name = "AWS::SNS::TopicInlinePolicy"
    honoured = frozenset({"PolicyDocument", "TopicArn"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await _set_policies(on, [wanted["TopicArn"]], wanted["PolicyDocument"])
        return str(wanted["TopicArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        policy = await _policy(on, physical_id)
        return None if policy is None else {"TopicArn": physical_id, "PolicyDocument": policy}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await _set_policies(on, [physical_id], new["PolicyDocument"])

    async def delete(self, on: Provision, physical_id: str) -> None:
        await _drop_policies(on, [physical_id])

    async def existing(self, on: Provision) -> list[str]:
        topics = [one["TopicArn"] for one in await on.pages("sns", "ListTopics", "Topics")]
        return [topic for topic in topics if await _policy(on, topic) is not None]


async def _subscribe(on: Provision, wanted: Doc) -> str:
    attributes = {key: _attribute(wanted[key]) for key in _OF_SUBSCRIPTION if key in wanted}
    answer = await on.call(
        "sns",
        "Subscribe",
        TopicArn=wanted["TopicArn"],
        Protocol=wanted["Protocol"],
        Endpoint=wanted.get("Endpoint"),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(answer["SubscriptionArn"])


async def _set_policies(on: Provision, topics: list[str], document: object) -> None:
    policy = document if isinstance(document, str) else json.dumps(document)
    for topic in topics:
        await on.call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


async def _drop_policies(on: Provision, topics: list[str]) -> None:
    for topic in topics:
        await on.look("sns", "SetTopicAttributes", *_GONE, TopicArn=topic, AttributeName="Policy", AttributeValue="")


async def _policy(on: Provision, topic: str) -> Doc | None:
    """A topic's policy unless it is the one that every topic begins with."""
    found = await on.look("sns", "GetTopicAttributes", *_GONE, TopicArn=topic)
    policy: Doc = json.loads(found["Attributes"]["Policy"]) if found else {}
    return policy if policy and policy.get("Id") != "__default_policy_ID" else None


async def _tags(on: Provision, arn: str) -> dict[str, str]:
    answer = await on.call("sns", "ListTagsForResource", ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def _attribute(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


TYPES: tuple[ResourceType, ...] = (Topic(), Subscription(), TopicPolicy(), TopicInlinePolicy())
