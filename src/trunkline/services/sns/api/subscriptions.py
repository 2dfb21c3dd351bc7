"""Subscriptions: ask, confirm, change, list, end."""

import hmac
from dataclasses import replace
from urllib.parse import urlsplit

import orjson

from trunkline.aws import arn as arns
from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.event_patterns import PatternError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.sns import filtering, retrying, store
from trunkline.services.sns.api.topics import PAGE, invalid, known_topic
from trunkline.services.sns.model import OWN, PROTOCOLS, TOKEN_LIFE_S, Subscription, subscription_parts
from trunkline.services.sns.outbox import Outbox

_ATTRIBUTES = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "DeliveryPolicy", "RedrivePolicy")
_PENDING = "pending confirmation"


class SubscriptionApi:
    """Operations on subscriptions."""

    kit: Kit
    outbox: Outbox

    @operation("{TopicArn}")
    async def subscribe(self, call: Call, req: Doc) -> Doc:
        protocol, endpoint = req["Protocol"], req.get("Endpoint", "")
        _check_endpoint(protocol, endpoint, fifo=req["TopicArn"].endswith(".fifo"))
        attributes = dict(req.get("Attributes", {}))
        for name, value in attributes.items():
            _check_attribute(name, value, attributes.get("FilterPolicyScope", "MessageAttributes"))
        made = Subscription(
            req["TopicArn"],
            ids.uuid(),
            call.account,
            protocol,
            endpoint,
            ids.hex_id(128),
            self.kit.clock.time() + TOKEN_LIFE_S,
            call.caller.principal.arn,
            confirmed=protocol in OWN,
            authenticated=protocol in OWN,
            attributes=attributes,
        )

        def subscribe(tx: Tx) -> Subscription:
            topic = known_topic(tx, req["TopicArn"])
            for there in store.SUBSCRIPTIONS.find(tx, prefix=(topic.arn,)):
                if (there.protocol, there.endpoint) != (protocol, endpoint):
                    continue
                if any(there.attributes.get(name) != value for name, value in attributes.items()):
                    raise invalid("Attributes Reason: Subscription already exists with different attributes")
                if there.confirmed:
                    return there
                renewed = replace(there, token=made.token, token_until=made.token_until)
                store.SUBSCRIPTIONS.put(tx, renewed)
                self.outbox.ask_to_confirm(tx, topic, renewed)
                return renewed
            store.SUBSCRIPTIONS.insert(tx, made)
            if not made.confirmed:
                self.outbox.ask_to_confirm(tx, topic, made)
            return made

        found = await self.kit.db.write(subscribe)
        shown = found.confirmed or req.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": found.arn if shown else _PENDING}

    @operation("{TopicArn}", authorize=False)
    async def confirm_subscription(self, call: Call, req: Doc) -> Doc:
        # The token is what entitles: AWS lets anybody confirm who has it.
        signed = call.caller.principal.kind != "anonymous"
        stays = req.get("AuthenticateOnUnsubscribe", "false").lower() == "true" and signed
        arn = await self.confirm(req["TopicArn"], req["Token"], authenticated=signed, needs_authentication=stays)
        return {"SubscriptionArn": arn}

    async def confirm(
        self, topic_arn: str, token: str, *, authenticated: bool = False, needs_authentication: bool = False
    ) -> str:
        """Confirm the subscription that a token was made for; its ARN."""

        def confirm(tx: Tx) -> Subscription:
            known_topic(tx, topic_arn)
            found = next(
                (
                    one
                    for one in store.SUBSCRIPTIONS.find(tx, prefix=(topic_arn,))
                    if hmac.compare_digest(one.token, token)
                ),
                None,
            )
            if found is None or (not found.confirmed and found.token_until < self.kit.clock.time()):
                raise invalid("Token")
            if found.confirmed:
                return found
            confirmed = replace(
                found,
                confirmed=True,
                authenticated=authenticated,
                needs_authentication_to_leave=needs_authentication,
            )
            store.SUBSCRIPTIONS.put(tx, confirmed)
            return confirmed

        if not token.isascii():
            raise invalid("Token")
        return (await self.kit.db.write(confirm)).arn

    @operation("{SubscriptionArn}")
    async def unsubscribe(self, call: Call, req: Doc) -> Doc:
        await self.end(req["SubscriptionArn"])
        return {}

    async def end(self, arn: str, *, unsigned: bool = False) -> None:
        """End a subscription; ending one that is not there succeeds. `unsigned`: by the link in a message."""
        if subscription_parts(arn) is None:
            raise invalid("SubscriptionArn Reason: An ARN must have at least 6 elements")

        def end(tx: Tx) -> None:
            found = store.subscription(tx, arn)
            if found is None:
                return
            if unsigned and found.needs_authentication_to_leave:
                raise AwsError("AuthorizationErrorException", "This subscription is ended by a signed request only")
            store.SUBSCRIPTIONS.delete(tx, found.topic_arn, found.id)
            topic = store.topic(tx, found.topic_arn)
            if topic is not None:
                store.TOPICS.put(tx, replace(topic, deleted_subscriptions=topic.deleted_subscriptions + 1))
                if unsigned and found.confirmed:
                    self.outbox.say_farewell(tx, topic, found)

        await self.kit.db.write(end)

    @operation("{SubscriptionArn}")
    async def get_subscription_attributes(self, call: Call, req: Doc) -> Doc:
        found = known_subscription(self.kit.db, req["SubscriptionArn"])
        topic = known_topic(self.kit.db, found.topic_arn)
        attributes = {
            "SubscriptionArn": found.arn,
            "TopicArn": found.topic_arn,
            "Owner": found.account,
            "SubscriptionPrincipal": found.principal,
            "Protocol": found.protocol,
            "Endpoint": found.endpoint,
            "ConfirmationWasAuthenticated": str(found.authenticated).lower(),
            "PendingConfirmation": str(not found.confirmed).lower(),
            "RawMessageDelivery": "false",
            **found.attributes,
        }
        if "FilterPolicy" in found.attributes:
            attributes.setdefault("FilterPolicyScope", "MessageAttributes")
        if found.protocol in ("http", "https"):
            of_topic = retrying.of_topic(topic.attributes.get("DeliveryPolicy"))
            effective = retrying.of_subscription(found.attributes.get("DeliveryPolicy"), of_topic)
            attributes["EffectiveDeliveryPolicy"] = orjson.dumps({"healthyRetryPolicy": effective}).decode()
        return {"Attributes": attributes}

    @operation("{SubscriptionArn}")
    async def set_subscription_attributes(self, call: Call, req: Doc) -> Doc:
        name, value = req["AttributeName"], req.get("AttributeValue", "")

        def change(tx: Tx) -> None:
            found = known_subscription(tx, req["SubscriptionArn"])
            scope = found.attributes.get("FilterPolicyScope", "MessageAttributes")
            _check_attribute(name, value, scope)
            attributes = {key: kept for key, kept in found.attributes.items() if key != name}
            if value and value != "{}":
                attributes[name] = value
            store.SUBSCRIPTIONS.put(tx, replace(found, attributes=attributes))

        await self.kit.db.write(change)
        return {}

    @operation("*")
    async def list_subscriptions(self, call: Call, req: Doc) -> Doc:
        found = store.SUBSCRIPTIONS.find(self.kit.db, account=call.account)
        here = f"arn:aws:sns:{call.region}:"
        return _listed([one for one in found if one.topic_arn.startswith(here)], req)

    @operation("{TopicArn}")
    async def list_subscriptions_by_topic(self, call: Call, req: Doc) -> Doc:
        topic = known_topic(self.kit.db, req["TopicArn"])
        return _listed(store.SUBSCRIPTIONS.find(self.kit.db, prefix=(topic.arn,)), req)


def known_subscription(reader: Reader, arn: str) -> Subscription:
    """The subscription with this ARN."""
    if subscription_parts(arn) is None:
        raise invalid("SubscriptionArn Reason: An ARN must have at least 6 elements")
    found = store.subscription(reader, arn)
    if found is None:
        raise AwsError("NotFoundException", "Subscription does not exist")
    return found


def _listed(found: list[Subscription], req: Doc) -> Doc:
    shown, token = paging.page(
        found, PAGE, req.get("NextToken"), key=lambda one: one.arn, error="InvalidParameterException"
    )
    subscriptions = [
        {
            "SubscriptionArn": one.arn if one.confirmed else "PendingConfirmation",
            "Owner": one.account,
            "Protocol": one.protocol,
            "Endpoint": one.endpoint,
            "TopicArn": one.topic_arn,
        }
        for one in shown
    ]
    return {"Subscriptions": subscriptions, "NextToken": token}


def _check_endpoint(protocol: str, endpoint: str, *, fifo: bool) -> None:
    if fifo and protocol != "sqs":
        raise invalid(f"Invalid protocol type: {protocol}. FIFO topics deliver to SQS queues")
    if protocol in ("sms", "application", "firehose"):
        raise Refused(f"Trunkline does not deliver to {protocol} yet; subscribe {', '.join(PROTOCOLS)} endpoints.")
    if protocol not in PROTOCOLS:
        raise invalid(f"Does not support this protocol string: {protocol}")
    if protocol in OWN:
        _check_own(protocol, endpoint, fifo=fifo)
    elif protocol in ("http", "https"):
        parts = urlsplit(endpoint)
        if parts.scheme != protocol:
            raise invalid("Endpoint must match the specified protocol")
        if not parts.hostname:
            raise invalid("Endpoint")
    elif "@" not in endpoint.strip("@") or any(char.isspace() for char in endpoint):
        raise invalid("Email address")


def _check_own(protocol: str, endpoint: str, *, fifo: bool) -> None:
    kind = {"sqs": "SQS", "lambda": "Lambda"}[protocol]
    try:
        arn = arns.parse(endpoint)
    except ValueError:
        raise invalid(f"{kind} endpoint ARN") from None
    if arn.service != protocol:
        raise invalid(f"{kind} endpoint ARN")
    if protocol == "sqs" and endpoint.endswith(".fifo") and not fifo:
        raise invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")


def _check_attribute(name: str, value: str, scope: str) -> None:
    if name in ("SubscriptionRoleArn", "ReplayPolicy"):
        raise Refused(f"Trunkline's subscriptions do not support {name}.")
    if name not in _ATTRIBUTES:
        raise invalid("AttributeName")
    if name == "RedrivePolicy" and value and value != "{}":
        _check_redrive(value)
    if name == "RawMessageDelivery" and value.lower() not in ("true", "false"):
        raise invalid(f"RawMessageDelivery Reason: Invalid value [{value}]. Must be true or false.")
    if name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
        raise invalid(f"FilterPolicyScope Reason: Invalid value [{value}].")
    if name == "FilterPolicy" and value and value != "{}":
        try:
            filtering.check(value, scope)
        except PatternError as error:
            raise invalid(f"FilterPolicy: {error}") from None
    if name == "DeliveryPolicy":
        try:
            retrying.of_subscription(value, retrying.DEFAULT)
        except retrying.PolicyError as error:
            raise invalid(f"DeliveryPolicy: {error}") from None


def _check_redrive(value: str) -> None:
    try:
        target = arns.parse(orjson.loads(value)["deadLetterTargetArn"])
    except (ValueError, TypeError, KeyError):
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn") from None
    if target.service != "sqs":
        raise invalid("RedrivePolicy: deadLetterTargetArn is not the ARN of an SQS queue")
