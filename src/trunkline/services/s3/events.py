"""What happens to objects, told to EventBridge (through the ledger) and to topics, queues and functions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

A notification is written in the commit that changes the object. All but EventBridge are told from an outbox, at least
once; its column `topic` is the ARN of whoever is told.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import orjson

from trunkline.aws import arn as arns
from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.s3.model import Bucket, ObjectVersion
from trunkline.services.s3.versions import Deleted

log = get(__name__)

MIGRATIONS = [
    """
    CREATE TABLE s3_notifications (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
      message TEXT NOT NULL
    );
    """,
]
_CREATED = {"PutObject": "Put", "CopyObject": "Copy", "CompleteMultipartUpload": "CompleteMultipartUpload"}
_GONE = (
    "AccessDenied",
    "AccessDeniedException",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
)
_TARGETS = {
    "TopicConfigurations": "TopicArn",
    "QueueConfigurations": "QueueArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
_RETRY_S = (0.5, 1, 2, 5, 10, 30)


class Events:
    """Writes notifications inside transactions; `run` delivers those meant for topics, queues and functions."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def created(self, tx: Tx, call: Call, bucket: Bucket, item: ObjectVersion, reason: str) -> None:
        """A version became the current one."""
        notification = bucket.settings.get("notification")
        if notification:
            told = {"size": item.size, "etag": item.etag}
            self._tell(tx, call, bucket, item.key, item.version_id, "Object Created", reason, told)
            self._publish(tx, call, bucket, item.key, item.version_id, f"ObjectCreated:{_CREATED[reason]}", told)

    def deleted(
        self, tx: Tx, call: Call, bucket: Bucket, key: str, gone: Deleted, reason: str = "DeleteObject"
    ) -> None:
        """A version was removed, or hidden by a marker."""
        notification = bucket.settings.get("notification")
        if notification:
            kind = "Delete Marker Created" if gone.marker_made else "Permanently Deleted"
            self._tell(tx, call, bucket, key, gone.version_id, "Object Deleted", reason, {}, deletion=kind)
            name = "DeleteMarkerCreated" if gone.marker_made else "Delete"
            prefix = "LifecycleExpiration" if reason == "Lifecycle Expiration" else "ObjectRemoved"
            self._publish(tx, call, bucket, key, gone.version_id, f"{prefix}:{name}", {})

    def _tell(
        self,
        tx: Tx,
        call: Call,
        bucket: Bucket,
        key: str,
        version_id: str,
        detail_type: str,
        reason: str,
        told: dict[str, Any],
        *,
        deletion: str = "",
    ) -> None:
        if "EventBridgeConfiguration" not in bucket.settings["notification"]:
            return
        now = self._kit.clock.now()
        found: dict[str, Any] = {"key": key, **told, "sequencer": _sequencer(now)}
        if bucket.versioning:
            found["version-id"] = version_id
        detail: dict[str, Any] = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": found,
            "request-id": call.request_id,
            "requester": call.account if call.caller.principal.kind != "service" else call.caller.principal.name,
            "source-ip-address": call.caller.source_ip,
            "reason": reason,
        }
        if deletion:
            detail["deletion-type"] = deletion
        arn = f"arn:aws:s3:::{bucket.name}"
        self._kit.ledger.append(
            tx, Event("aws.s3", detail_type, detail, bucket.account, bucket.region, (arn,), time=now)
        )

    def _publish(
        self, tx: Tx, call: Call, bucket: Bucket, key: str, version_id: str, name: str, told: dict[str, Any]
    ) -> None:
        for target, rule in _rules(bucket):
            if not _wanted(rule, name, key):
                continue
            record = _record(self._kit.clock.now(), call, bucket, key, version_id, name, told, rule.get("Id", ""))
            tx.execute(
                "INSERT INTO s3_notifications (topic, account, region, message) VALUES (?, ?, ?, ?)",
                (target, bucket.account, bucket.region, orjson.dumps({"Records": [record]}).decode()),
            )
            tx.after_commit(self._committed)

    def _committed(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver what is in the outbox, for ever. Who is gone is given up; other failures are tried again."""
        self._loop = asyncio.get_running_loop()
        failures = 0
        while True:
            self._wake.clear()
            row = self._kit.db.one("SELECT * FROM s3_notifications ORDER BY seq LIMIT 1")
            if row is None:
                await self._wake.wait()
                continue
            caller = Caller.service("s3.amazonaws.com", row["account"], row["topic"].split(":")[3])
            try:
                await self._deliver(row["topic"], row["message"], caller)
            except Exception as error:
                gone = isinstance(error, AwsError) and error.code in _GONE
                if not gone and failures < len(_RETRY_S):
                    await self._kit.clock.sleep(_RETRY_S[failures])
                    failures += 1
                    continue
                log.warning("a notification was given up", topic=row["topic"], error=error)
            failures = 0
            await self._kit.db.write(
                lambda tx, seq=row["seq"]: tx.execute("DELETE FROM s3_notifications WHERE seq = ?", (seq,))  # type: ignore[misc]
            )

    async def _deliver(self, target: str, message: str, caller: Caller) -> None:
        call, arn = self._kit.call, arns.parse(target)
        bucket = orjson.loads(message)["Records"][0]["s3"]["bucket"]["arn"]
        if arn.service == "sqs":
            named = {"QueueName": arn.resource, "QueueOwnerAWSAccountId": arn.account}
            url = (await call("sqs", "GetQueueUrl", named, as_=caller))["QueueUrl"]
            with on_behalf_of(bucket, caller.account):
                await call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": message}, as_=caller)
        elif arn.service == "lambda":
            request = {"FunctionName": target, "InvocationType": "Event", "Payload": message.encode()}
            with on_behalf_of(bucket, caller.account):
                await call("lambda", "Invoke", request, as_=caller)
        else:
            request = {"TopicArn": target, "Subject": "Amazon S3 Notification", "Message": message}
            await call("sns", "Publish", request, as_=caller)


def _rules(bucket: Bucket) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every rule that tells somebody, with the ARN of whom."""
    for member, name in _TARGETS.items():
        for rule in bucket.settings["notification"].get(member, ()):
            yield rule[name], rule


def _wanted(rule: dict[str, Any], name: str, key: str) -> bool:
    kinds = [kind.removeprefix("s3:") for kind in rule["Events"]]
    if not any(kind == name or (kind.endswith(":*") and name.startswith(kind[:-1])) for kind in kinds):
        return False
    for one in rule.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        test = key.startswith if one["Name"].lower() == "prefix" else key.endswith
        if not test(one.get("Value", "")):
            return False
    return True


def _record(
    now: datetime, call: Call, bucket: Bucket, key: str, version_id: str, name: str, told: dict[str, Any], rule: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"key": quote_plus(key, safe="/"), "sequencer": _sequencer(now)}
    if told:
        found |= {"size": told["size"], "eTag": told["etag"]}
    if bucket.versioning:
        found["versionId"] = version_id
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "eventName": name,
        "userIdentity": {"principalId": call.caller.principal.id},
        "requestParameters": {"sourceIPAddress": call.caller.source_ip},
        "responseElements": {"x-amz-request-id": call.request_id, "x-amz-id-2": ids.hex_id(32)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": bucket.account},
                "arn": f"arn:aws:s3:::{bucket.name}",
            },
            "object": found,
        },
    }


def _sequencer(now: datetime) -> str:
    return f"{int(now.timestamp() * 1e6):016X}"
