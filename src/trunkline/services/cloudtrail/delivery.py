"""Delivering the audit record: to S3 as gzipped JSON under AWS's keys, to CloudWatch Logs, with notices to SNS.

What was delivered is a place in the ledger that is kept with the trail; the object's name comes from that place, so a
delivery repeated after a crash writes the same object again.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

import gzip
import hashlib
from collections import defaultdict
from datetime import UTC, datetime

import orjson

from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.services.cloudtrail import store
from trunkline.services.cloudtrail.model import DETAIL_TYPE, Doc, Trail

log = get(__name__)

PRINCIPAL = "cloudtrail.amazonaws.com"
_EVERY_S = 5.0
_AT_ONCE = 500


class Courier:
    """Delivers what the trails want, a few seconds after it happened."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            for trail in store.TRAILS.find(self._kit.db):
                if not trail.is_logging:
                    continue
                try:
                    current: Trail | None = trail
                    while current is not None and await self.deliver(current):
                        current = store.TRAILS.get(self._kit.db, trail.account, trail.region, trail.name)
                except Exception:
                    log.exception("a trail could not be delivered; it is tried again", trail=trail.arn)

    async def deliver(self, trail: Trail) -> bool:
        """One batch; whether there may be more."""
        events = self._kit.ledger.read(trail.place, detail_types=(DETAIL_TYPE,), limit=_AT_ONCE)
        if not events:
            return False
        by_region: dict[str, list[Doc]] = defaultdict(list)
        for event in events:
            if event.account == trail.account and trail.takes(event.detail, event.region):
                by_region[event.region].append(event.detail)
        last, now = events[-1].seq, self._kit.clock.time()
        outcome: Doc = {"place": last}
        try:
            for region, records in by_region.items():
                await self._to_bucket(trail, region, records, last)
            if by_region:
                outcome |= {"delivered": now, "error": ""}
        except AwsError as error:
            # As on AWS, a bucket that is gone or shut does not hold up the trail: its status says so.
            outcome["error"] = error.code
        if trail.log_group:
            try:
                for region, records in by_region.items():
                    await self._to_logs(trail, region, records)
                if by_region:
                    outcome |= {"logs_delivered": now, "logs_error": ""}
            except AwsError as error:
                outcome["logs_error"] = error.code

        def note(tx: Tx) -> None:
            found = store.TRAILS.get(tx, trail.account, trail.region, trail.name)
            if found is not None and found.place < last:
                for name, value in outcome.items():
                    setattr(found, name, value)
                store.TRAILS.put(tx, found)

        await self._kit.db.write(note)
        return len(events) == _AT_ONCE

    async def _to_bucket(self, trail: Trail, region: str, records: list[Doc], last: int) -> None:
        key = object_key(trail, region, last, datetime.fromisoformat(records[-1]["eventTime"]))
        request: Doc = {
            "Bucket": trail.bucket,
            "Key": key,
            "Body": gzip.compress(orjson.dumps({"Records": records}), 6, mtime=0),
            "ContentType": "application/json",
            "ContentEncoding": "gzip",
            "ACL": "bucket-owner-full-control",
        }
        if trail.key_id:
            request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.key_id}
        caller = Caller.service(PRINCIPAL, trail.account, trail.region)
        with on_behalf_of(trail.arn):
            await self._kit.call("s3", "PutObject", request, as_=caller)
            if trail.topic:
                message = orjson.dumps({"s3Bucket": trail.bucket, "s3ObjectKey": [key]}).decode()
                topic = trail.topic
                await self._kit.call("sns", "Publish", {"TopicArn": topic, "Message": message}, as_=caller)

    async def _to_logs(self, trail: Trail, region: str, records: list[Doc]) -> None:
        as_ = await self._kit.call.assume(trail.role_arn, service=PRINCIPAL, region=trail.region)
        group = trail.log_group.split(":")[6]
        named = {"logGroupName": group, "logStreamName": f"{trail.account}_CloudTrail_{region}"}
        try:
            await self._kit.call("logs", "CreateLogStream", named, as_=as_)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
        events: list[Doc] = [
            {
                "timestamp": int(datetime.fromisoformat(record["eventTime"]).timestamp() * 1000),
                "message": orjson.dumps(record).decode(),
            }
            for record in records
        ]
        events.sort(key=lambda one: one["timestamp"])
        await self._kit.call("logs", "PutLogEvents", {**named, "logEvents": events}, as_=as_)


def object_key(trail: Trail, region: str, last: int, moment: datetime) -> str:
    """AWS's layout: [prefix/]AWSLogs/account/CloudTrail/region/yyyy/mm/dd/account_CloudTrail_region_time_unique."""
    at = moment.astimezone(UTC)
    unique = hashlib.sha256(f"{trail.arn} {region} {last}".encode()).hexdigest()[:16]
    name = f"{trail.account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{unique}.json.gz"
    folder = f"AWSLogs/{trail.account}/CloudTrail/{region}/{at:%Y/%m/%d}/{name}"
    return f"{trail.prefix}/{folder}" if trail.prefix else folder
