"""What endpoints receive: the JSON documents of SNS, the texts that are signed, and the mails. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import orjson

from trunkline.services.sns.model import Delivery, Message

ROUTE = "/_trunkline/sns/"
NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
FAREWELL = "UnsubscribeConfirmation"


def confirm_url(endpoint: str, topic_arn: str, token: str) -> str:
    """Whoever opens this confirms the subscription."""
    return f"{endpoint}{ROUTE}confirm?TopicArn={quote(topic_arn, safe='')}&Token={token}"


def unsubscribe_url(endpoint: str, subscription_arn: str) -> str:
    """Whoever opens this ends the subscription."""
    return f"{endpoint}{ROUTE}unsubscribe?SubscriptionArn={quote(subscription_arn, safe='')}"


def text_to_sign(message: Message, endpoint: str) -> str:
    """The lines that the signature covers, names and values in the documented order."""
    pairs = [("Message", message.text), ("MessageId", message.id)]
    if message.kind == NOTIFICATION:
        pairs += [("Subject", message.subject)] if message.subject else []
        pairs.append(("Timestamp", message.published))
    else:
        pairs += [
            ("SubscribeURL", confirm_url(endpoint, message.topic_arn, message.token)),
            ("Timestamp", message.published),
            ("Token", message.token),
        ]
    pairs += [("TopicArn", message.topic_arn), ("Type", message.kind)]
    return "".join(f"{name}\n{value}\n" for name, value in pairs)


def document(delivery: Delivery, signature: str, endpoint: str) -> bytes:
    """The JSON body of a delivery."""
    message = delivery.message
    body: dict[str, Any] = {"Type": message.kind, "MessageId": message.id}
    if message.kind != NOTIFICATION:
        body["Token"] = message.token
    body["TopicArn"] = message.topic_arn
    if message.sequence:
        body["SequenceNumber"] = message.sequence
    if message.subject:
        body["Subject"] = message.subject
    body["Message"] = message.text
    if message.kind != NOTIFICATION:
        body["SubscribeURL"] = confirm_url(endpoint, message.topic_arn, message.token)
    body |= {
        "Timestamp": message.published,
        "SignatureVersion": delivery.signature_version,
        "Signature": signature,
        "SigningCertURL": f"{endpoint}{ROUTE}cert.pem",
    }
    if message.kind == NOTIFICATION:
        body["UnsubscribeURL"] = unsubscribe_url(endpoint, delivery.subscription_arn)
        if message.attributes:
            body["MessageAttributes"] = message.attributes
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def headers(delivery: Delivery) -> dict[str, str]:
    """The headers of a delivery over HTTP."""
    message = delivery.message
    found = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": message.kind,
        "x-amz-sns-message-id": message.id,
        "x-amz-sns-topic-arn": message.topic_arn,
    }
    if message.kind != CONFIRMATION:
        found["x-amz-sns-subscription-arn"] = delivery.subscription_arn
    if delivery.raw and message.kind == NOTIFICATION:
        found["x-amz-sns-rawdelivery"] = "true"
    if message.trace_header:
        found["X-Amzn-Trace-Id"] = message.trace_header
    return found


def mail(delivery: Delivery, body: bytes, endpoint: str, display_name: str) -> EmailMessage:
    """The mail of a delivery; `body` is the JSON document for email-json."""
    message = delivery.message
    found = EmailMessage()
    found["From"] = f"{display_name or 'AWS Notifications'} <no-reply@sns.amazonaws.com>".replace("\n", " ")
    found["To"] = delivery.endpoint
    found["Message-ID"] = f"<{delivery.id}@sns.amazonaws.com>"
    found["Subject"] = _subject(message)
    if delivery.protocol == "email-json":
        found.set_content(body.decode())
    elif message.kind == NOTIFICATION:
        leave = unsubscribe_url(endpoint, delivery.subscription_arn)
        found.set_content(
            f"{message.text}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit "
            f"the link below to unsubscribe:\n{leave}\n"
        )
    else:
        found.set_content(f"{message.text}\n\n{confirm_url(endpoint, message.topic_arn, message.token)}\n")
    return found


def _subject(message: Message) -> str:
    if message.kind == CONFIRMATION:
        return "AWS Notification - Subscription Confirmation"
    if message.kind == FAREWELL:
        return "AWS Notification - Unsubscribe Confirmation"
    return message.subject or "AWS Notification Message"
