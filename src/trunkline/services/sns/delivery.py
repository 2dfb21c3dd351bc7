"""Bringing messages to endpoints: each is a row until it arrived or was given up, so a crash loses none.

HTTP endpoints are tried again by the delivery policy, except after an answer of 4xx that says it will never be taken.
Mail goes to the SMTP server of the settings, or into the data directory's `mail` folder as .eml files, one a message.
"""

import asyncio
import os
import smtplib
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp

from trunkline.aws.errors import AwsError
from trunkline.aws.own_metrics import OwnMetrics
from trunkline.aws.service import Kit
from trunkline.core.due import DueWork
from trunkline.core.log import get
from trunkline.services.sns import handing, retrying, store, wording
from trunkline.services.sns.model import OWN, Delivery, topic_parts
from trunkline.services.sns.signing import Signer

log = get(__name__)

_AT_ONCE = 32
_TIMEOUT_S = 15.0
_MAIL_PAUSES_S = (5, 30, 120, 600, 1800, 3600)


class NotDeliveredError(Exception):
    """The endpoint did not take the message. `final`: it never will."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Courier:
    """Delivers what is due, many at once."""

    def __init__(self, kit: Kit, signer: Signer) -> None:
        self._kit = kit
        self._signer = signer
        self._session: aiohttp.ClientSession | None = None
        self._queue = DueWork(
            kit.clock,
            due=lambda now, limit: store.due(kit.db, now, limit),
            next_due=lambda: store.next_due(kit.db),
            key=lambda delivery: delivery.id,
            work=self._deliver,
            at_once=_AT_ONCE,
            what="deliveries of messages",
        )
        self.nudge = self._queue.nudge
        self.metrics = OwnMetrics(kit, "AWS/SNS", "sns.amazonaws.com")

    async def run(self) -> None:
        """Deliver for ever."""
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as self._session:
            await self._queue.run()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            if delivery.protocol in ("http", "https"):
                await self._post(delivery)
            elif delivery.protocol in OWN:
                await self._hand(delivery)
            else:
                await self._mail(delivery)
        except NotDeliveredError as error:
            await self._failed(delivery, error)
        else:
            await self._kit.db.write(lambda tx: store.drop(tx, delivery))
            self.count(delivery.message.topic_arn, "NumberOfNotificationsDelivered")

    def count(self, topic_arn: str, metric: str, value: float = 1.0, unit: str = "Count") -> None:
        """In AWS/SNS, under the topic."""
        parts = topic_arn.split(":")
        self.metrics.add(parts[4], parts[3], metric, value, unit, TopicName=parts[5])

    async def _failed(self, delivery: Delivery, error: NotDeliveredError) -> None:
        delivery.attempts += 1
        pause: float | None
        if delivery.protocol in ("http", "https"):
            pause = retrying.pause_s(delivery.policy or retrying.DEFAULT, delivery.attempts)
        elif delivery.protocol in OWN:
            pause = handing.pause_s(delivery.attempts)
        else:
            pause = _MAIL_PAUSES_S[delivery.attempts - 1] if delivery.attempts <= len(_MAIL_PAUSES_S) else None
        if error.final or pause is None:
            self.count(delivery.message.topic_arn, "NumberOfNotificationsFailed")
            log.warning("a message was given up", subscription=delivery.subscription_arn, error=error)
            if delivery.dead_letters:
                await self._bury(delivery)
            await self._kit.db.write(lambda tx: store.drop(tx, delivery))
            return
        delivery.due = self._kit.clock.time() + pause
        await self._kit.db.write(lambda tx: store.keep(tx, delivery))

    async def _hand(self, delivery: Delivery) -> None:
        give = handing.to_queue if delivery.protocol == "sqs" else handing.to_function
        try:
            await give(self._kit, delivery, await self._document(delivery))
        except AwsError as error:
            raise NotDeliveredError(f"{error.code}: {error.message}", final=handing.is_final(error)) from error

    async def _bury(self, delivery: Delivery) -> None:
        try:
            await handing.to_dead_letters(self._kit, delivery, await self._document(delivery))
        except AwsError as error:
            log.warning("a dead letter was lost", queue=delivery.dead_letters, error=error)

    async def _document(self, delivery: Delivery) -> bytes:
        endpoint = self._kit.settings.endpoint
        text = wording.text_to_sign(delivery.message, endpoint)
        signature = await asyncio.to_thread(self._signer.sign, text, delivery.signature_version)
        return wording.document(delivery, signature, endpoint)

    async def _post(self, delivery: Delivery) -> None:
        assert self._session is not None, "deliveries are made while run() holds it open"
        raw = delivery.raw and delivery.message.kind == wording.NOTIFICATION
        body = delivery.message.text.encode() if raw else await self._document(delivery)
        try:
            async with self._session.post(
                delivery.endpoint, data=body, headers=wording.headers(delivery), allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotDeliveredError(f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:
            raise NotDeliveredError(f"the endpoint answered {status}", final=400 <= status < 500 and status != 429)

    async def _mail(self, delivery: Delivery) -> None:
        parts = topic_parts(delivery.message.topic_arn)
        topic = store.TOPICS.get(self._kit.db, *parts) if parts else None
        name = topic.attributes.get("DisplayName", "") if topic else ""
        body = await self._document(delivery) if delivery.protocol == "email-json" else b""
        mail = wording.mail(delivery, body, self._kit.settings.endpoint, name)
        url = self._kit.settings.smtp_url
        try:
            if url:
                await asyncio.to_thread(_send, url, mail)
            else:
                await asyncio.to_thread(_file, self._kit.settings.data_dir / "mail", delivery, mail)
        except (OSError, smtplib.SMTPException) as error:
            raise NotDeliveredError(f"{type(error).__name__}: {error}") from error


def _send(url: str, mail: EmailMessage) -> None:
    """Hand a mail to smtp://[user:password@]host[:port] (STARTTLS where offered) or smtps://…"""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT_S)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT_S)
    with server:
        if parts.scheme != "smtps":
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)


def _file(folder: Path, delivery: Delivery, mail: EmailMessage) -> None:
    """Put a mail into the folder; the name is the delivery's, so that one repeated after a crash is still one file."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = delivery.message.published.replace(":", "").replace("-", "")[:15]
    path = folder / f"{stamp}-{delivery.id}.eml"
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(mail.as_bytes())
        out.flush()
        os.fsync(out.fileno())
    temporary.rename(path)
