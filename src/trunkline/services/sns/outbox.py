"""Putting messages on their way: rows written in the same commit as what they tell of."""

from datetime import datetime

import orjson

from trunkline.aws.service import Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.sns import filtering, retrying, store, wording
from trunkline.services.sns.delivery import Courier
from trunkline.services.sns.model import Delivery, Message, Subscription, Topic


class Outbox:
    """Makes deliveries for those who want a message."""

    def __init__(self, kit: Kit, courier: Courier) -> None:
        self._kit = kit
        self._courier = courier

    def publish(self, tx: Tx, topic: Topic, message: Message, texts: dict[str, str]) -> int:
        """To every confirmed subscription that wants it; `texts` are the messages of single protocols."""
        count = 0
        self._courier.count(topic.arn, "NumberOfMessagesPublished")
        self._courier.count(topic.arn, "PublishSize", len(message.text.encode()), "Bytes")
        for subscription in store.SUBSCRIPTIONS.find(tx, prefix=(topic.arn,)):
            if not subscription.confirmed:
                continue
            attributes = subscription.attributes
            scope = attributes.get("FilterPolicyScope", "MessageAttributes")
            text = texts.get(subscription.protocol, message.text)
            if not filtering.wants(attributes.get("FilterPolicy"), scope, message.attributes, text):
                self._courier.count(topic.arn, "NumberOfNotificationsFilteredOut")
                continue
            said = Message(
                message.kind,
                message.id,
                message.topic_arn,
                text,
                message.published,
                message.subject,
                attributes=message.attributes,
                group=message.group,
                deduplication=message.deduplication,
                sequence=message.sequence,
                trace_header=message.trace_header,
            )
            self._add(tx, topic, subscription, said)
            count += 1
        return count

    def ask_to_confirm(self, tx: Tx, topic: Topic, subscription: Subscription) -> None:
        """Ask an endpoint whether it wants the topic's messages."""
        text = (
            f"You have chosen to subscribe to the topic {topic.arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
        self._add(tx, topic, subscription, self._administrative(wording.CONFIRMATION, topic, subscription, text))

    def say_farewell(self, tx: Tx, topic: Topic, subscription: Subscription) -> None:
        """Tell an endpoint that it was unsubscribed, and how to come back."""
        text = (
            f"You have chosen to deactivate subscription {subscription.arn}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
        )
        self._add(tx, topic, subscription, self._administrative(wording.FAREWELL, topic, subscription, text))

    def _administrative(self, kind: str, topic: Topic, subscription: Subscription, text: str) -> Message:
        return Message(kind, ids.uuid(), topic.arn, text, stamp(self._kit.clock.now()), token=subscription.token)

    def _add(self, tx: Tx, topic: Topic, subscription: Subscription, message: Message) -> None:
        policy = retrying.of_topic(topic.attributes.get("DeliveryPolicy"))
        delivery = Delivery(
            id=ids.uuid(),
            subscription_arn=subscription.arn,
            due=self._kit.clock.time(),
            message=message,
            protocol=subscription.protocol,
            endpoint=subscription.endpoint,
            raw=subscription.raw,
            signature_version=topic.attributes.get("SignatureVersion", "1"),
            dead_letters=_dead_letters(subscription),
            lane=f"{subscription.arn} {message.group}" if topic.fifo else "",
            policy=retrying.of_subscription(subscription.attributes.get("DeliveryPolicy"), policy),
        )
        store.keep(tx, delivery)
        tx.after_commit(self._courier.nudge)


def _dead_letters(subscription: Subscription) -> str:
    """The ARN of the queue for what cannot be delivered, "" for none."""
    policy = subscription.attributes.get("RedrivePolicy")
    return str(orjson.loads(policy)["deadLetterTargetArn"]) if policy else ""


def stamp(moment: datetime) -> str:
    """An instant as messages carry it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
