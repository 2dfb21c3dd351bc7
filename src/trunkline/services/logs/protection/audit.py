"""Tell of sensitive data found in events as they come in: AWS/Logs' metric, and reports to a log group or a bucket.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data-audit-findings.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.log_stream import LogStream
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core import ids
from trunkline.core.log import get
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.protection.identifiers import Identifier
from trunkline.services.logs.protection.masking import identifiers
from trunkline.services.logs.protection.policy import Policy

log = get(__name__)


def findings(policy: Policy, group: LogGroup, messages: Sequence[str], now_ms: int) -> list[Doc]:
    """One report for each event in which something was found."""
    looked_for = identifiers(policy.identifiers, policy.custom)
    at = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {"auditTimestamp": at, "resourceArn": f"{group.arn}:*", "dataIdentifiers": found}
        for message in messages
        if (found := _found(looked_for, message))
    ]


def _found(looked_for: Sequence[Identifier], message: str) -> list[Doc]:
    # Positions are counted from one, and both ends belong to the data.
    by_name = {one.name: [{"start": start + 1, "end": end} for start, end in one.find(message)] for one in looked_for}
    return [
        {"name": name, "count": len(detections), "detections": detections}
        for name, detections in by_name.items()
        if detections
    ]


async def report(kit: Kit, policy: Policy, group: LogGroup, reports: Sequence[Doc], now_ms: int) -> None:
    """Write reports where the policy wants them; an event that is already stored must not fail by it."""
    caller = Caller.service("logs.amazonaws.com", group.account, group.region)
    lines = [orjson.dumps(one) for one in reports]
    try:
        if policy.log_group is not None and policy.log_group != group.name:
            stream = LogStream(kit.call, caller, policy.log_group, group.name)
            await stream.open()
            await stream.put([(now_ms, line) for line in lines], ids.uuid())
        if policy.bucket is not None:
            key = f"AWSLogs/{group.account}/CloudWatchLogs/{group.region}/{group.name.strip('/')}/{ids.uuid()}.json"
            body = b"\n".join(lines)
            await kit.call("s3", "PutObject", {"Bucket": policy.bucket, "Key": key, "Body": body}, as_=caller)
    except AwsError as error:
        log.warning("audit findings could not be written", group=group.name, why=str(error))
