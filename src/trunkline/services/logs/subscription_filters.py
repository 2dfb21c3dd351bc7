"""Hand log events that match a subscription filter to its Lambda function, gzipped and in base64 as AWS does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import asyncio
import base64
import gzip

import orjson

from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.core.log import get
from trunkline.services.logs.model import LogGroup, SubscriptionFilter
from trunkline.services.logs.pattern import compile_pattern

log = get(__name__)
_running: set[asyncio.Task[None]] = set()


def deliver(
    kit: Kit, group: LogGroup, stream: str, one: SubscriptionFilter, times_ms: list[int], messages: list[str]
) -> None:
    """Start the delivery of one accepted batch; PutLogEvents does not wait for it."""
    pattern = compile_pattern(one.pattern)
    matching = [
        {"id": f"{time_ms:020d}{ids.hex_id(36)}"[:56], "timestamp": time_ms, "message": message}
        for time_ms, message in zip(times_ms, messages, strict=True)
        if pattern.matches(message)
    ]
    if not matching:
        return
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": group.account,
        "logGroup": group.name,
        "logStream": stream,
        "subscriptionFilters": [one.name],
        "logEvents": matching,
    }
    task = asyncio.get_running_loop().create_task(_invoke(kit, group, one, orjson.dumps(data)))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _invoke(kit: Kit, group: LogGroup, one: SubscriptionFilter, data: bytes) -> None:
    packed = base64.b64encode(gzip.compress(data, 1)).decode()
    payload = orjson.dumps({"awslogs": {"data": packed}})
    caller = Caller.service("logs.amazonaws.com", group.account, group.region)
    request = {"FunctionName": one.destination, "InvocationType": "Event", "Payload": payload}
    try:
        with on_behalf_of(f"{group.arn}:*"):
            await kit.call("lambda", "Invoke", request, as_=caller)
    except AwsError as error:
        log.warning("a subscription filter's function was not called", filter=one.name, why=str(error))
