"""LookupEvents: the management events of the last ninety days, the newest first."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.events import Event
from trunkline.services.cloudtrail.model import DETAIL_TYPE, resource_names, username

_MOST = 50
_KEPT_DAYS = 90
_CHUNK = 500

_READ: dict[str, Callable[[Doc], list[str]]] = {
    "EventId": lambda record: [record["eventID"]],
    "EventName": lambda record: [record["eventName"]],
    "EventSource": lambda record: [record["eventSource"]],
    "ReadOnly": lambda record: [str(record.get("readOnly", False)).lower()],
    "Username": lambda record: [username(record)],
    "AccessKeyId": lambda record: [record.get("userIdentity", {}).get("accessKeyId", "")],
    "ResourceName": resource_names,
    "ResourceType": lambda record: [],
}


class LookupOperations:
    """LookupEvents."""

    kit: Kit

    @operation()
    async def lookup_events(self, call: Call, req: Doc) -> Doc:
        limit = req.get("MaxResults", _MOST)
        if not 1 <= limit <= _MOST:
            raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {_MOST}.")
        attributes = req.get("LookupAttributes", [])
        if len(attributes) > 1:
            raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
        oldest = self.kit.clock.now() - timedelta(days=_KEPT_DAYS)
        start, end = max(req.get("StartTime", oldest), oldest), req.get("EndTime")
        if end is not None and end < start:
            raise AwsError("InvalidTimeRangeException", "The end of the time range is before its start.")
        before = _place(req.get("NextToken"))
        await self.kit.db.write(lambda tx: None)  # behind the records of calls that were answered just now
        found: list[Event] = []
        over = req.get("EventCategory") == "insight"
        while not over and len(found) <= limit:
            chunk = self.kit.ledger.read_back(
                before, detail_type=DETAIL_TYPE, account=call.account, region=call.region, limit=_CHUNK
            )
            for event in chunk:
                if event.time < start:
                    over = True
                    break
                if (end is None or event.time <= end) and _matches(event, attributes):
                    found.append(event)
            over = over or len(chunk) < _CHUNK
            before = chunk[-1].seq if chunk else before
        shown = found[:limit]
        token = paging.encode(str(shown[-1].seq)) if len(found) > limit else None
        return {"Events": [_shown(event) for event in shown], "NextToken": token}


def _place(token: str | None) -> int | None:
    if token is None:
        return None
    place = paging.decode(token, error="InvalidNextTokenException")
    if not place.isdigit():
        raise AwsError("InvalidNextTokenException", "The specified nextToken is not valid.")
    return int(place)


def _matches(event: Event, attributes: list[Doc]) -> bool:
    if not event.detail.get("managementEvent", True):
        return False
    return all(one["AttributeValue"] in _READ[one["AttributeKey"]](event.detail) for one in attributes)


def _shown(event: Event) -> Doc:
    record = event.detail
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": str(record.get("readOnly", False)).lower(),
        "AccessKeyId": record.get("userIdentity", {}).get("accessKeyId") or None,
        "EventTime": datetime.fromisoformat(record["eventTime"]).astimezone(UTC),
        "EventSource": record["eventSource"],
        "Username": username(record) or None,
        "Resources": [{"ResourceName": name} for name in resource_names(record)],
        "CloudTrailEvent": orjson.dumps(record).decode(),
    }
