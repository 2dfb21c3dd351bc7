"""Topics, their attributes, permissions and tags."""

from dataclasses import replace

import orjson

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.sns import policies, retrying, store
from trunkline.services.sns.model import TOPIC_NAME, Topic

PAGE = 100
_FIFO = {
    "ContentBasedDeduplication": ("true", "false"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
}
_PLAIN = ("DisplayName", "Policy", "DeliveryPolicy", "SignatureVersion", "TracingConfig", "KmsMasterKeyId")


class TopicApi:
    """Operations on topics."""

    kit: Kit

    @operation("arn:aws:sns:{region}:{account}:{Name}")
    async def create_topic(self, call: Call, req: Doc) -> Doc:
        name: str = req["Name"]
        attributes = dict(req.get("Attributes", {}))
        fifo = attributes.pop("FifoTopic", "false").lower() == "true"
        if fifo != name.endswith(".fifo"):
            raise invalid("Topic Name: a FIFO topic's name ends with .fifo, and only a FIFO topic's does")
        if not TOPIC_NAME.fullmatch(name):
            raise invalid("Topic Name")
        if req.get("DataProtectionPolicy"):
            raise Refused("Trunkline does not support data protection policies.")
        for key, value in attributes.items():
            _check_attribute(key, value, fifo=fifo)
        given = tags.normalise(req.get("Tags"), error="InvalidParameterException", too_many="TagLimitExceededException")
        topic = Topic(call.account, call.region, name, self.kit.clock.now(), attributes, given)

        def create(tx: Tx) -> None:
            there = store.TOPICS.get(tx, call.account, call.region, name)
            if there is None:
                store.TOPICS.insert(tx, topic)
                return
            if any(there.attributes.get(key) != value for key, value in attributes.items()):
                raise invalid("Attributes Reason: Topic already exists with different attributes")
            if given and there.tags != given:
                raise invalid("Tags Reason: Topic already exists with different tags")

        await self.kit.db.write(create)
        return {"TopicArn": topic.arn}

    @operation("{TopicArn}")
    async def delete_topic(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            topic = store.topic(tx, req["TopicArn"])
            if topic is None:
                return  # deleting what is not there succeeds
            for subscription in store.SUBSCRIPTIONS.find(tx, prefix=(topic.arn,)):
                store.SUBSCRIPTIONS.delete(tx, subscription.topic_arn, subscription.id)
            store.TOPICS.delete(tx, topic.account, topic.region, topic.name)

        await self.kit.db.write(delete)
        return {}

    @operation("{TopicArn}")
    async def get_topic_attributes(self, call: Call, req: Doc) -> Doc:
        topic = known_topic(self.kit.db, req["TopicArn"])
        subscriptions = store.SUBSCRIPTIONS.find(self.kit.db, prefix=(topic.arn,))
        confirmed = sum(subscription.confirmed for subscription in subscriptions)
        effective = {
            "http": {
                "defaultHealthyRetryPolicy": retrying.of_topic(topic.attributes.get("DeliveryPolicy")),
                "disableSubscriptionOverrides": False,
                "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
            }
        }
        attributes = {
            "TopicArn": topic.arn,
            "Owner": topic.account,
            "DisplayName": "",
            "Policy": orjson.dumps(policies.of(topic)).decode(),
            "SubscriptionsConfirmed": str(confirmed),
            "SubscriptionsPending": str(len(subscriptions) - confirmed),
            "SubscriptionsDeleted": str(topic.deleted_subscriptions),
            "EffectiveDeliveryPolicy": orjson.dumps(effective).decode(),
            **({"FifoTopic": "true", "ContentBasedDeduplication": "false"} if topic.fifo else {}),
            **topic.attributes,
        }
        return {"Attributes": attributes}

    @operation("{TopicArn}")
    async def set_topic_attributes(self, call: Call, req: Doc) -> Doc:
        name, value = req["AttributeName"], req.get("AttributeValue", "")

        def change(tx: Tx) -> None:
            topic = known_topic(tx, req["TopicArn"])
            _check_attribute(name, value, fifo=topic.fifo)
            attributes = {key: kept for key, kept in topic.attributes.items() if key != name}
            if value:
                attributes[name] = value
            store.TOPICS.put(tx, replace(topic, attributes=attributes))

        await self.kit.db.write(change)
        return {}

    @operation("*")
    async def list_topics(self, call: Call, req: Doc) -> Doc:
        found = store.TOPICS.find(self.kit.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            found, PAGE, req.get("NextToken"), key=lambda topic: topic.arn, error="InvalidParameterException"
        )
        return {"Topics": [{"TopicArn": topic.arn} for topic in shown], "NextToken": token}

    @operation("{TopicArn}")
    async def add_permission(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            topic = known_topic(tx, req["TopicArn"])
            policy = policies.with_permission(topic, req["Label"], req["AWSAccountId"], req["ActionName"])
            store.TOPICS.put(tx, replace(topic, attributes={**topic.attributes, "Policy": policy}))

        await self.kit.db.write(change)
        return {}

    @operation("{TopicArn}")
    async def remove_permission(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            topic = known_topic(tx, req["TopicArn"])
            policy = policies.without_permission(topic, req["Label"])
            store.TOPICS.put(tx, replace(topic, attributes={**topic.attributes, "Policy": policy}))

        await self.kit.db.write(change)
        return {}

    @operation("{ResourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="InvalidParameterException", too_many="TagLimitExceededException")

        def change(tx: Tx) -> None:
            topic = _tagged(tx, req["ResourceArn"])
            merged = tags.merge(topic.tags, given, too_many="TagLimitExceededException")
            store.TOPICS.put(tx, replace(topic, tags=merged))

        await self.kit.db.write(change)
        return {}

    @operation("{ResourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            topic = _tagged(tx, req["ResourceArn"])
            kept = {key: value for key, value in topic.tags.items() if key not in req["TagKeys"]}
            store.TOPICS.put(tx, replace(topic, tags=kept))

        await self.kit.db.write(change)
        return {}

    @operation("{ResourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(_tagged(self.kit.db, req["ResourceArn"]).tags)}


def known_topic(reader: Reader, arn: str) -> Topic:
    """The topic with this ARN."""
    topic = store.topic(reader, arn)
    if topic is None:
        if arn.count(":") != 5 or not arn.startswith("arn:"):
            raise invalid(f"TopicArn Reason: An ARN must have at least 6 elements, not {arn.count(':') + 1}")
        raise AwsError("NotFoundException", "Topic does not exist")
    return topic


def invalid(what: str) -> AwsError:
    """SNS's usual error for a parameter."""
    return AwsError("InvalidParameterException", f"Invalid parameter: {what}")


def _tagged(reader: Reader, arn: str) -> Topic:
    topic = store.topic(reader, arn)
    if topic is None:
        raise AwsError("ResourceNotFoundException", "Resource does not exist")
    return topic


def _check_attribute(name: str, value: str, *, fifo: bool) -> None:
    if name in _FIFO:
        if not fifo:
            raise invalid(f"{name} is for FIFO topics only")
        if value and value not in _FIFO[name]:
            raise invalid(f"{name} Reason: Invalid value [{value}].")
        return
    if name not in _PLAIN:
        if name == "ArchivePolicy":
            raise Refused(f"Trunkline's topics do not support {name}.")
        if name.endswith(("FeedbackRoleArn", "FeedbackSampleRate")):
            raise Refused(f"Trunkline does not log the status of deliveries ({name}).")
        raise invalid("AttributeName")
    if name == "Policy" and value:
        policies.check(value)
    if name == "SignatureVersion" and value not in ("1", "2"):
        raise invalid(f"SignatureVersion Reason: Invalid SignatureVersion '{value}'")
    if name == "TracingConfig" and value not in ("", "PassThrough", "Active"):
        raise invalid(f"TracingConfig Reason: Invalid value [{value}]. Must be PassThrough or Active.")
    if name == "DisplayName" and len(value) > 100:
        raise invalid("DisplayName Reason: it is longer than 100 characters")
    if name == "DeliveryPolicy":
        try:
            retrying.of_topic(value)
        except retrying.PolicyError as error:
            raise invalid(f"DeliveryPolicy: {error}") from None
